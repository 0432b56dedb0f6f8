#!/usr/bin/env bash
# What takes too long, or too much from the network, for `make test`: the tests over connections that break and of several
# processes, at full length, a short round of the comparison in docs/benchmarks, the tests of the load beside it, the
# commands of wsgen at full length and on a disk that fills up, and then every fuzz target in turn. SECONDS_EACH says how long, by default a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/bin:$PATH:/usr/sbin" # Debian keeps nginx from the paths of those who are not root

printf '\n== golden, streams over connections that break, and several processes\n'
CI=true go test -timeout 60m -v -run '^(TestCuts|TestFleet|TestUpdat)' ./golden -long

printf '\n== docs/benchmarks/resume\n'
(cd docs/benchmarks/resume && go vet ./... && go test -race ./... && go run . -smoke)

printf '\n== docs/benchmarks/load\n'
(cd docs/benchmarks/load && go vet ./... && go vet -tags bare ./servers/... && go test -race ./...)

printf '\n== docs/benchmarks/layers\n'
(cd docs/benchmarks/layers && go vet ./... && go test -race ./... && go run . -short)

printf '\n== cmd, projects led through random commands, and every command ended at every step\n'
go test -timeout 60m -run '^(TestLives|TestEveryCommandAtEveryStep|TestKill.*)$' ./cmd -long

printf '\n== wsgen on a disk that fills up\n'
go test -c -tags smalldisk -o bin/ ./cmd
disk=$(mktemp -d)
unshare --map-root-user --mount bash -euc '
	mount -t tmpfs -o size=8m none "$0"
	cd cmd && WSGEN_SMALL_DISK="$0" ../bin/cmd.test -test.run "^TestSmallDisk$" -test.v' "$disk"
rmdir "$disk"

for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		printf '\n== %s %s\n' "$package" "$target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${SECONDS_EACH:-60}s" "$package"
	done
done
