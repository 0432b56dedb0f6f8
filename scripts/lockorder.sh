#!/usr/bin/env bash
# Runs the tests of the emitted runtime with mutexes that note in which order each goroutine takes them (go-deadlock). Two that take a
# pair in opposite orders wait for each other for ever, but only once in thousands of runs; this shows it in any. The sources are copied,
# and sync.Mutex and sync.RWMutex replaced in the copy.
set -euo pipefail
cd "$(dirname "$0")/.."

deadlock_version=0.3.9

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$copy"
ln -s "$PWD/bin" "$copy/bin"
cd "$copy"
go get "github.com/sasha-s/go-deadlock@v$deadlock_version"

mkdir lock
cat >lock/lock.go <<'END'
package lock

import "github.com/sasha-s/go-deadlock"

type (
	Mutex   = deadlock.Mutex
	RWMutex = deadlock.RWMutex
)

func init() { deadlock.Opts.DeadlockTimeout = 0 } // a test has its own bounds, and often a clock of its own
END
grep -rlE --include='*.go' '\bsync\.(RW)?Mutex\b' templates/project/internal/ws | while read -r file; do
	sed -i -E -e 's/\bsync\.((RW)?Mutex)\b/lock.\1/g' \
		-e 's|^\t"sync"$|\t"sync"\n\t"wsgen/lock"|' \
		-e 's|^import "sync"$|import (\n\t"sync"\n\t"wsgen/lock"\n)|' "$file"
	printf '\nvar _ sync.Locker\n' >>"$file"
done
CI=true go test -count=1 -timeout 10m ./templates/project/internal/ws/...
