#!/usr/bin/env bash
# Everything that has to hold before a commit: `make test` and .ci/run call it. It installs what is missing (tools.sh), and
# nothing may be left out: a test that skips fails the run.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step tools
scripts/tools.sh
export PATH="$PWD/bin:$PATH:/usr/sbin" CI=true # Debian keeps nginx from the paths of those who are not root

# The sources: ours and those of the golden projects, which `go list ./...` does not see.
step formatting
unformatted=$(gofmt -l cmd docs generator golden scripts templates ./*.go)
[ -z "$unformatted" ] || {
	printf 'gofmt would change:\n%s\n' "$unformatted" >&2
	exit 1
}

step go mod tidy
go mod tidy -diff

step go vet
go vet ./...
GOOS=linux go vet -tags smalldisk ./cmd # which only the long tests run

step staticcheck
staticcheck -checks=all,-ST1000 ./...

step JavaScript
npm test --prefix js

for target in windows/amd64 darwin/amd64 darwin/arm64; do
	step "go vet for $target"
	GOOS=${target%/*} GOARCH=${target#*/} CGO_ENABLED=0 go vet ./...
done

# The tests write and remove files by the hundred thousand: in memory, where there is room for them and programs may run there.
if [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)" -gt 2000000 ] 2>/dev/null; then
	memory=$(mktemp -d /dev/shm/wsgen-test.XXXXXX)
	chmod 755 "$memory" # some tests are another user
	trap 'chmod -R u+rwx "$memory" && rm -rf "$memory"' EXIT
	if cp "$(type -P true)" "$memory/runs" && "$memory/runs"; then
		export TMPDIR=$memory
	fi
fi

step "go test -race, with temporary files in ${TMPDIR:-/tmp}"
# The two that take longest come first, so that the others run beside them.
go test -race -timeout 12m -json ./golden ./cmd ./... | go run ./scripts/testreport

# Neither of these is for other systems: the tools that rewrite sources are GNU's, and the load reads /proc.
if [ "$(uname)" = Linux ]; then
	step the order in which the runtime takes its locks
	scripts/lockorder.sh

	# The ratios are for reading: a figure fails nothing, and a machine that is busy with something else has others.
	step what a service costs under load, beside the last figures
	(cd docs/benchmarks/load && go vet . && go test . && go run . -short)
fi
