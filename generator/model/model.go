// Package model holds the project that a spec describes: sorted, validated, and with every derived name final. What comes
// after it only writes these names down; nothing downstream changes the case of a word.
package model

// Project is everything that the emitted files are made from.
type Project struct {
	Service        string // names the binary and the page: "updater"
	Module         string // Go module path of the emitted service: "example.com/updater"
	Consumers      []*Consumer
	Routes         []*Route // sorted by path
	Streams        []Stream // sorted by family
	AllowedOrigins []string // in the order of the spec
	Layer          string   // "memory", "redis" or "nats"
	Auth           string   // "none", "session" or "jwt"
}

// Stream is a family of groups that keep their history: those named like the family, and those whose name begins with it and
// a colon.
type Stream struct {
	Family  string // "job", for the groups job and job:42
	History int    // how many messages are kept
	TTL     int    // for how many seconds
	Latest  bool   // whether a message replaces an earlier one of its key
}

// Mode says how a consumer's handlers are run.
type Mode string

// The modes.
const (
	Sync  Mode = "sync"
	Async Mode = "async"
)

// Consumer is one consumer and every name derived from it. Consumers are sorted by Name.
type Consumer struct {
	Name         string // in the spec: "ver_update"
	Mode         Mode
	Outbound     string // "disconnect" (the default), "latest", "drop" or "block"
	AuthRequired bool   // whether nobody but a user is let in
	Concurrency  int    // handlers at once on one socket; 0 is the runtime's default

	Type        string // Go: "VerUpdateConsumer"
	ParamsType  string // Go: "VerUpdateParams"
	Constructor string // Go: "NewVerUpdateConsumer"
	TestName    string // Go: "TestVerUpdateConsumer", the stem of the stub's tests
	File        string // "consumers/ver_update_consumer.go"
	TestFile    string // "consumers/ver_update_consumer_test.go"
	JSClass     string // "VerUpdateSocket"

	Params []Param  // the union over its routes, in the order in which they first stand in the sorted routes
	Routes []*Route // sorted by path; empty when no route leads here
}

// Route is one path and the consumer behind it.
type Route struct {
	Path     string // as in the spec: "/ws/chat/{room:slug}"
	Consumer *Consumer
	Segments []Segment
}

// Params returns the parameters of the path, in its order.
func (r *Route) Params() []Param {
	var ps []Param
	for _, s := range r.Segments {
		if s.Param != nil {
			ps = append(ps, *s.Param)
		}
	}
	return ps
}

// Segment is what stands between two slashes of a path: a literal, or a parameter.
type Segment struct {
	Literal string // decoded; meaningful when Param is nil
	Param   *Param
}

// Param is one parameter of a path and every name derived from it.
type Param struct {
	Name      string // in the spec, and in JavaScript: "room"
	Converter string // "str", "int", "slug", "uuid", "path" or "word"
	Field     string // Go field: "Room"
	GoType    string // "string" or "int64"
	Getter    string // the method of ws.Params that reads it: "String" or "Int64"
	JSType    string // "string", or "number | bigint | string" for int
	Example   string // a value that the converter accepts: "lobby"; the emitted test connects with it
}
