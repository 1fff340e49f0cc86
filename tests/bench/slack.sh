#!/bin/sh
# slack.sh - Sluice in Slack beside a bot of today, in turns, in one run: [--part P] [--tls] [--rounds N] [--peer bolt]
#
# Parts, each a minute or two a round: idle (start, memory, refresh, drop), tls (start, over TLS with a bundle of the usual size), list,
# reboot, load (memory under and after both and a burst of 200), big (2,000 droplets); all of them without --part. --tls: all over TLS.
#
# Sluice runs with its defaults but for: --list-age 0 (the peer reads the list anew for each command too), --ocean-per-minute and the
# simulator's rate headers (as of an account whose limits were raised: the peer heeds none), --slack-pace 0 (the peer keeps no pace).
# What stays, and the peer does none of it: every change is on the disk before it is acknowledged, before it is sent and when it has
# ended; the list of droplets is read before it is decided and again before it is sent, the droplet after its action (in a list
# that begins then, or alone); the answer is an edit of the message that said it had begun. A list that is under way serves all who asked before it began.
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
parts="idle tls list reboot load big"
tls=
while [ $# -gt 0 ]; do
	case "$1" in
	--part)
		parts=$2
		shift
		;;
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
		echo "slack takes --part P, --tls, --rounds N and --peer NAME, not \"$1\"" >&2
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
make -s -C "$room" bin/sim >"$room/make.txt" 2>&1 || {
	cat "$room/make.txt" >&2
	exit 1
}
if [ ! -d "$room/peers/bolt/node_modules" ]; then
	(cd "$room/peers/bolt" && npm install --no-audit --no-fund >"$room/npm.txt" 2>&1) || {
		echo "npm could not install the peer, see $room/npm.txt" >&2
		exit 1
	}
fi

[ -f "$room/tls/cert.pem" ] || (cd "$room" && sh tls/mk.sh >"$room/tls.txt" 2>&1)

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
	exec ${SLUICE_BENCH_PROGRAM:-$PWD/build/release/sluice} run --policy "$room/policy.yaml" --state "$room/bench.db" --log warn \\
		--slack-pace 0 --list-age 0 --ocean-per-minute 100000000 --slack-app-token env:SLACK_APP_TOKEN --slack-bot-token env:SLACK_BOT_TOKEN --slack-api-url "\$SLACK_API_URL" \\
		--ocean-url "\$DO_API_URL" \${BENCH_CA_FILE:+--ca-file "\$BENCH_CA_FILE"}
END
chmod +x "$room/sluice.sh"

# the harness's phases (its run.sh), by part; words apart
phases()
{
	case "$1" in
	idle) echo "--starts 2 --phase type=sleep,secs=3 --phase type=idle,name=idle,secs=4" \
		"--phase type=refresh,name=refresh,rounds=1 --phase type=drop,name=drop,rounds=1" ;;
	tls) echo "--tls --starts 4" ;;
	list) echo "--phase type=open,name=rate20,rate=20,cmd=list,secs=3,warm=1 --phase name=lat-list,cmd=list,c=1,secs=3,warm=1" \
		"--phase name=thr-list,cmd=list,c=64,secs=4,warm=2" ;;
	reboot) echo "--phase name=lat-reboot,cmd=reboot,c=1,secs=4,warm=1" \
		"--phase name=thr-reboot,cmd=reboot,c=64,account=64,secs=6,warm=2" ;;
	load) echo "--phase name=load-list,cmd=list,c=64,secs=4 --phase name=load-reboot,cmd=reboot,c=64,account=64,secs=5" \
		"--phase type=burst,name=burst200,cmd=list,c=200,do_ms=100,rounds=4" \
		"--phase type=sleep,secs=2 --phase type=idle,name=after,secs=2" ;;
	big) echo "--phase type=burst,name=big,cmd=list,c=1,account=2000,rounds=4" ;;
	*)
		echo "a part is idle, tls, list, reboot, load or big, not \"$1\"" >&2
		exit 2
		;;
	esac
}

for part in $parts; do
	phases "$part" >/dev/null
done
mkdir -p "$room/out"
results=$room/out/results.jsonl
: >"$results"
case "$peer" in
bolt) theirs="node $room/peers/bolt/app.mjs" ;;
*) theirs="env DO_CLIENT=undici node $room/peers/bolt/app.mjs" ;;
esac

measure() # label, command, part
{
	rm -rf "$room"/bench.db* # the harness counts its events anew
	[ "$3" != tls ] || set -- "$1-tls" "$2" "$3" # a start of another kind
	# shellcheck disable=SC2046,SC2086 # words apart
	(cd "$room" && BENCH=$room timeout 120 bin/sim --bot "$2" --label "$1" --kind slash --out "$results" --log "$room/out/$1.log" \
		--quiet-wait 2 $tls $(phases "$3")) >>"$room/run.txt" 2>&1
}

: >"$room/run.txt"
round=0
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	for part in $parts; do
		measure sluice "$room/sluice.sh" "$part" && measure "$peer" "$theirs" "$part" || {
			tail -n 20 "$room/run.txt" >&2
			exit 1
		}
	done
done
exec python3 tests/bench/slack_report.py "$results" "$peer"
