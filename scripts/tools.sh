#!/usr/bin/env bash
# Installs what the tests need besides Go and Node: staticcheck and nats-server into bin/, the npm packages of js/, and, on
# Debian as root, a C compiler for the race detector, Chromium, Redis and nginx. What is there already is left alone. Debian
# starts the last two as services; the tests start their own, on ports of their own.
set -euo pipefail
cd "$(dirname "$0")/.."

staticcheck_version=0.8.2
nats_version=2.12.4

fail() {
	printf 'tools.sh: %s\n' "$*" >&2
	exit 1
}

# have NAME...: is one of these programs there?
have() {
	local name
	for name in "$@"; do
		command -v "$name" >/dev/null && return
	done
	return 1
}

have go || fail "Go is not installed: see https://go.dev/dl/"
have node && have npm || fail "Node.js with npm is not installed: see https://nodejs.org/ (version 20 or later)"
[ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 20')" = true ] ||
	fail "Node.js $(node --version) is too old: version 20 or later is needed, see https://nodejs.org/"

packages=()
have cc gcc clang || packages+=(gcc libc6-dev)
have git || packages+=(git)
have chromium chromium-browser google-chrome google-chrome-stable || packages+=(chromium)
have redis-server || packages+=(redis-server)
have nginx /usr/sbin/nginx || packages+=(nginx-light)
if [ "${#packages[@]}" -gt 0 ]; then
	{ have apt-get && [ "$(id -u)" -eq 0 ]; } ||
		fail "please install: ${packages[*]} (as root on Debian this script does it: apt-get install ${packages[*]})"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}"
fi
redis_version=$(redis-server --version | sed -E 's/.* v=([0-9]+)\..*/\1/')
[ "$redis_version" -ge 7 ] ||
	fail "redis-server $(redis-server --version | cut -d' ' -f3) is too old: version 7 or later is needed, see https://redis.io/download/"

if ! bin/staticcheck -version 2>/dev/null | grep -qF "($staticcheck_version)"; then
	mkdir -p bin
	GOBIN="$PWD/bin" go install "honnef.co/go/tools/cmd/staticcheck@v$staticcheck_version"
fi

if ! bin/nats-server --version 2>/dev/null | grep -qF "v$nats_version"; then
	mkdir -p bin
	GOBIN="$PWD/bin" go install "github.com/nats-io/nats-server/v2@v$nats_version"
fi

# npm keeps a copy of the lock file that node_modules was made from.
if ! [ js/node_modules/.package-lock.json -nt js/package-lock.json ]; then
	npm ci --prefix js --no-audit --no-fund
fi
