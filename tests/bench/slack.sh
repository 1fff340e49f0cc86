#!/bin/sh
# slack.sh - Sluice in Slack beside a bot of today, in turns, in one run: [--quick] [--tls] [--rounds N] [--peer bolt]
#
# The harness is not ours: a program that plays Slack and DigitalOcean, drives the same commands through each bot and measures it from
# outside. It is taken from ../shared/bench (or SLUICE_SHARED), copied to build/, and extended for both sides alike by what
# tests/bench/slack_extend.py says. Each figure is printed as `name sluice=... peer=... ratio=...`.
set -eu
cd "$(dirname "$0")/../.."
shared=${SLUICE_SHARED:-../shared}
room=$PWD/build/bench-slack
peer=bolt
rounds=3
quick=
tls=
while [ $# -gt 0 ]; do
	case "$1" in
	--quick) quick=--quick ;;
	--tls) tls=--tls ;;
	--rounds)
		rounds=$2
		shift
		;;
	--peer)
		peer=$2
		shift
		;;
	*)
		echo "slack takes --quick, --tls, --rounds N and --peer NAME, not \"$1\"" >&2
		exit 2
		;;
	esac
	shift
done
case "$peer" in
bolt | bolt-tuned) ;;
*)
	echo "the peer is bolt or bolt-tuned, not \"$peer\"" >&2
	exit 2
	;;
esac
if [ ! -f "$shared/bench/src/sim.c" ]; then
	echo "no harness at $shared/bench; SLUICE_SHARED names the folder that holds it" >&2
	exit 2
fi
command -v npm >/dev/null || {
	echo "npm is not here: ./dev setup test installs it" >&2
	exit 2
}

mkdir -p "$room"
cp -R "$shared/bench/." "$room/"
chmod -R u+w "$room"
python3 tests/bench/slack_extend.py "$room/src/sim.c"
rm -f "$room/bin/sim"
if [ ! -d "$room/peers/bolt/node_modules" ]; then
	(cd "$room/peers/bolt" && npm install --no-audit --no-fund >"$room/npm.txt" 2>&1) || {
		echo "npm could not install the peer, see $room/npm.txt" >&2
		exit 1
	}
fi

[ -z "$tls" ] || [ -f "$room/tls/cert.pem" ] || (cd "$room" && sh tls/mk.sh >"$room/tls.txt" 2>&1)

# one command, one channel: as many as the harness has commands under way at once
{
	cat <<-'END'
		version: 1
		accounts:
		  main: {token: "env:DO_TOKEN"}
		workspaces:
		  bench: {slack: T0BENCH01}
		people:
		  bob: {bench: U0ALICE01}
		allow:
		  - {name: all, who: bob, may: everything, droplets: any}
		channels:
	END
	awk 'BEGIN { for (i = 0; i < 256; i++) printf "  c%d: {at: bench/C0BENCH%04d, may: everything, droplets: any}\n", i, i }'
} >"$room/policy.yaml"
cat >"$room/sluice.sh" <<-END
	#!/bin/sh
	rm -f "$room"/bench.db*
	exec ${SLUICE_BENCH_PROGRAM:-$PWD/build/release/sluice} run --policy "$room/policy.yaml" --state "$room/bench.db" --log warn \\
		--slack-pace 1 --slack-app-token env:SLACK_APP_TOKEN --slack-bot-token env:SLACK_BOT_TOKEN --slack-api-url "\$SLACK_API_URL" \\
		--ocean-url "\$DO_API_URL" \${BENCH_CA_FILE:+--ca-file "\$BENCH_CA_FILE"}
END
chmod +x "$room/sluice.sh"

# shellcheck disable=SC2086 # each nothing or one word
(cd "$room" && ./run.sh --bot "$room/sluice.sh" --name sluice --against "$peer" --rounds "$rounds" $quick $tls --out "$room/out") \
	>"$room/run.txt" 2>&1 || {
	tail -n 20 "$room/run.txt" >&2
	exit 1
}
exec python3 tests/bench/slack_report.py "$room/out/results.jsonl" "$peer"
