// Package golden holds complete emitted projects, each a Go module of its own: minimal is what `wsgen new project minimal`
// makes, mixed has a spec that says what there is to say of routes and consumers, updater is an example one can start from. session_redis and jwt_nats
// have users, and groups that go from process to process. They are golden files and living examples at once.
//
// The tests of this package compare them whole with what wsgen emits today, then build, vet, race and run them: over HTTP,
// with clients that are not ours, with the emitted client in Node and in a real Chromium. `go test ./golden -update` writes
// them again; the difference is then to be read, line by line, before it is committed.
//
// That nothing of a stream is lost is tested over connections that break: a service emitted for testdata/cut, the proxy of
// package cutproxy, the foreign client of package wireclient, and the judge of package witness, which is itself tested with
// faults that are put into the service. `go test ./golden -run TestCuts -long` does it at length.
//
// Several processes of that service run behind an nginx, and over a real Redis or NATS, which package backends starts: TestFleet
// kills each of them, stops them, and has the server come back with nothing.
package golden
