#!/usr/bin/env bash
# Installs what the tests need besides Go and Node: staticcheck into bin/, the npm packages of js/, and, on Debian as root, a
# C compiler for the race detector and Chromium. What is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

staticcheck_version=0.8.2

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
if [ "${#packages[@]}" -gt 0 ]; then
	{ have apt-get && [ "$(id -u)" -eq 0 ]; } ||
		fail "please install: ${packages[*]} (as root on Debian this script does it: apt-get install ${packages[*]})"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}"
fi

if ! bin/staticcheck -version 2>/dev/null | grep -qF "($staticcheck_version)"; then
	mkdir -p bin
	GOBIN="$PWD/bin" go install "honnef.co/go/tools/cmd/staticcheck@v$staticcheck_version"
fi

# npm keeps a copy of the lock file that node_modules was made from.
if ! [ js/node_modules/.package-lock.json -nt js/package-lock.json ]; then
	npm ci --prefix js --no-audit --no-fund
fi
