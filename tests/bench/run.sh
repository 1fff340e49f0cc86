#!/bin/sh
# run.sh - Sluice beside the floor program: start, memory, wake-ups, CPU and latency of a list, in one run
#
# The floor is the same libraries doing the same requests with no policy, no log, no store and no JSON tree. Its source is
# not ours: FLOOR_SOURCE names it (default: ../shared/bench/src/floor.c); without it Sluice is measured alone. Ratios
# of one run hold; single figures move with the machine.
set -eu
cd "$(dirname "$0")/../.."
out=build/bench
seconds=${BENCH_SECONDS:-3}
shared=${SLUICE_SHARED:-../shared}
floor_source=${FLOOR_SOURCE:-$shared/bench/src/floor.c}
page=${BENCH_PAGE:-$shared/bench/json/d20.json}
mkdir -p "$out"

# ./dev bench policy: decisions a second and the rest, on the conformance policy
if [ "${1:-}" = policy ]; then
	set -- $(pkg-config --cflags --libs yaml-0.1 libcrypto)
	cc -O2 -std=c11 -D_GNU_SOURCE -Ibot -o "$out/policy" tests/bench/bench_policy.c bot/policy/*.c bot/base/*.c bot/cli/question.c "$@" -ljansson -lunistring
	exec "$out/policy" "$shared/policy"
fi

cc -O2 -D_GNU_SOURCE -o "$out/drive" tests/bench/drive.c -lgsasl -ljansson -lcrypto
if [ ! -f "$page" ]; then
	echo "no page of droplets at $page; BENCH_PAGE names one (a reply of GET /v2/droplets)" >&2
	exit 2
fi

rm -f "$out"/bench.db*
SLUICE_BENCH_TOKEN=bench SLUICE_BENCH_PASSWORD=bench "$out/drive" --page "$page" --xmpp --seconds "$seconds" -- \
	build/release/sluice run --policy tests/bench/policy.yaml --state "$out/bench.db" --log warn \
	--ocean-url http://127.0.0.1:@PORT@ --xmpp-url ws://127.0.0.1:@PORT@/ws --xmpp-jid sluice@bench.example \
	--xmpp-password env:SLUICE_BENCH_PASSWORD >"$out/sluice.txt"
if [ -f "$floor_source" ]; then
	cc -O2 -w -D_GNU_SOURCE -o "$out/floor" "$floor_source" -lwebsockets -lcurl -ljansson -luv
	FLOOR_JSON=scan "$out/drive" --page "$page" --slack --seconds "$seconds" -- "$out/floor" >"$out/floor.txt"
else
	echo "no floor program at $floor_source: figures without ratios" >&2
	: >"$out/floor.txt"
fi

awk '
	{
		for (i = 2; i <= NF; i++) {
			split($i, kv, "=")
			value[FILENAME == ARGV[1] ? "s" : "f", $1, kv[1]] = kv[2]
		}
	}
	function row(name, phase, key, goal,    s, f) {
		s = value["s", phase, key]
		f = value["f", phase, key]
		printf "%-44s %10s %10s %8s  %s\n", name, s, f, (f > 0 ? sprintf("%.2f", s / f) : "-"), goal
	}
	END {
		printf "%-44s %10s %10s %8s  %s\n", "", "sluice", "floor", "ratio", "goal"
		row("start to WebSocket up, ms", "start", "up_ms", "ratio 1.5")
		row("start to ready (login, room), ms", "start", "ready_ms", "")
		row("idle resident, KiB", "idle", "rss_kib", "ratio 1.3")
		row("idle proportional, KiB", "idle", "pss_kib", "")
		row("idle wake-ups a second", "idle", "wakeups_per_s", "at most 0.33")
		row("list, one at a time: CPU us", "list-1", "cpu_us", "ratio 1.5")
		row("list, 64 at once: CPU us", "list-64", "cpu_us", "ratio 1.5")
		row("list, one at a time: reply p50 us", "list-1", "reply_p50_us", "")
		row("list, one at a time: reply p99 us", "list-1", "reply_p99_us", "")
		row("list, 64 at once: a second", "list-64", "per_s", "")
		row("message to request, p50 us (fresh list)", "fetch", "request_p50_us", "")
		row("message to request, p99 us (fresh list)", "fetch", "request_p99_us", "1000")
		row("fresh list each time: CPU us", "fetch", "cpu_us", "")
		row("resident 3 s after the load, KiB", "after", "rss_kib", "")
	}' "$out/sluice.txt" "$out/floor.txt"
