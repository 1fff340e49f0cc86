#!/bin/sh
# test_slack_clients.sh - Slack's own clients (npm) against sluice-sim slack, by ws and by wss: what holds the simulator
#
# The clients are fetched into the build folder, in the versions of tests/real/slack/package.json. They want Node 20; where the
# system has an older one, the npm package "node" brings it. Exit 77 only when there is no npm or its registry is out of reach.
set -eu
source=${SOURCE_DIR:-$PWD}
build=${BUILD_DIR:-build/dev}
room=$build/slack-clients
SLUICE_SIM=$(cd "$build" && pwd)/sluice-sim
SLUICE=$(cd "$build" && pwd)/sluice
export SLUICE_SIM SLUICE

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
	echo "npm and node are not here: ./dev setup test installs them"
	exit 77
fi
mkdir -p "$room"
room=$(cd "$room" && pwd)
cp "$source"/tests/real/slack/*.mjs "$source/tests/real/slack/package.json" "$room/"
cd "$room"

# fetch what this package.json names, once; a mirror's address never leaves the build folder
fetch() # stamp, arguments of npm install
{
	stamp=$1
	shift
	if [ -e "$stamp" ] && cmp -s "$stamp" package.json; then
		return 0
	fi
	if ! timeout 240 npm install --no-audit --no-fund --no-package-lock "$@" >npm.txt 2>&1; then
		if grep -Eq 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|network' npm.txt; then
			echo "npm cannot reach its registry: $(grep -m 1 -E 'npm (ERR|error)' npm.txt)"
			exit 77
		fi
		cat npm.txt
		exit 1
	fi
	cp package.json "$stamp"
}

fetch .installed
node=node
if [ "$(node -p 'parseInt(process.versions.node)')" -lt 20 ]; then
	fetch .node-installed --no-save node@22.23.3
	node=$room/node_modules/node/bin/node
fi

sh "$source/tests/wire/certs.sh" "$room/certs"
$node main.mjs
SIM_TLS=$room/certs/good NODE_EXTRA_CA_CERTS=$room/certs/ca.crt $node main.mjs bolt webapi links
SIM_TLS=$room/certs/good $node stranger.mjs
