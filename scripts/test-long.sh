#!/usr/bin/env bash
# Fuzzes every target in turn. SECONDS_EACH says how long, by default a minute.
set -euo pipefail
cd "$(dirname "$0")/.."

for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		printf '\n== %s %s\n' "$package" "$target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${SECONDS_EACH:-60}s" "$package"
	done
done
