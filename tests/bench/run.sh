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
rounds=${BENCH_ROUNDS:-5}
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

sluice()
{
	SLUICE_BENCH_TOKEN=bench SLUICE_BENCH_PASSWORD=bench "$out/drive" --page "$page" --xmpp --seconds "$seconds" "$@" -- \
		build/release/sluice run --policy tests/bench/policy.yaml --state "$out/bench.db" --log warn \
		--ocean-url http://127.0.0.1:@PORT@ --xmpp-url ws://127.0.0.1:@PORT@/ws --xmpp-jid sluice@bench.example \
		--xmpp-password env:SLUICE_BENCH_PASSWORD >>"$out/sluice.txt"
}

floor()
{
	if [ -f "$floor_source" ]; then
		FLOOR_JSON=scan "$out/drive" --page "$page" --slack --seconds "$seconds" "$@" -- "$out/floor" >>"$out/floor.txt"
	fi
}

rm -f "$out"/bench.db*
: >"$out/sluice.txt"
: >"$out/floor.txt"
if [ -f "$floor_source" ]; then
	cc -O2 -w -D_GNU_SOURCE -o "$out/floor" "$floor_source" -lwebsockets -lcurl -ljansson -luv
else
	echo "no floor program at $floor_source: figures without ratios" >&2
fi

# The two take turns, so that what else the machine does meets both. A new process each round: each may send 250 requests.
round=0
while [ "$round" -lt "$rounds" ]; do
	sluice --starts 4 --fetches 200
	floor --starts 4 --fetches 200
	round=$((round + 1))
done
sluice --loads
floor --loads

awk '
	{
		who = FILENAME == ARGV[1] ? "s" : "f"
		for (i = 2; i <= NF; i++) {
			split($i, kv, "=")
			n = ++count[who, $1, kv[1]]
			value[who, $1, kv[1], n] = kv[2] + 0
		}
	}
	# the value below which that part of them all lies
	function part(who, phase, key, p,    n, i, j, t, at) {
		n = count[who, phase, key]
		if (n == 0) {
			return ""
		}
		for (i = 1; i <= n; i++) {
			sorted[i] = value[who, phase, key, i]
		}
		sort(n)
		at = int(p * n) + 1
		return sorted[at > n ? n : at]
	}
	function sort(n,    gap, i, j, t) {
		for (gap = int(n / 2); gap > 0; gap = int(gap / 2)) {
			for (i = gap + 1; i <= n; i++) {
				t = sorted[i]
				for (j = i; j > gap && sorted[j - gap] > t; j -= gap) {
					sorted[j] = sorted[j - gap]
				}
				sorted[j] = t
			}
		}
	}
	function row(name, phase, key, goal, p,    s, f) {
		s = part("s", phase, key, p == "" ? 0.5 : p)
		f = part("f", phase, key, p == "" ? 0.5 : p)
		printf "%-46s %9s %9s %7s  %s\n", name, s, f, (f > 0 ? sprintf("%.2f", s / f) : "-"), goal
	}
	END {
		printf "%-46s %9s %9s %7s  %s\n", "", "sluice", "floor", "ratio", "goal"
		row("start to WebSocket up, ms", "start", "up_ms", "ratio 1.5")
		row("start to ready, ms (the floor logs in nowhere)", "start", "ready_ms", "ratio 1.5")
		row("  of it in the chat server, logging in, ms", "start", "peer_ms", "")
		row("  a quarter of the starts is quicker than, ms", "start", "ready_ms", "", 0.25)
		row("  CPU until 50 ms after ready, ms", "start", "cpu_ms", "")
		row("idle resident, KiB", "idle", "rss_kib", "ratio 1.3")
		row("idle proportional, KiB", "idle", "pss_kib", "")
		row("idle wake-ups a second", "idle", "wakeups_per_s", "at most 0.33")
		row("list, one at a time: CPU us", "list-1", "cpu_us", "ratio 1.5")
		row("list, 64 at once: CPU us", "list-64", "cpu_us", "ratio 1.5")
		row("list, one at a time: reply p50 us", "list-1", "reply_p50_us", "")
		row("list, one at a time: reply p99 us", "list-1", "reply_p99_us", "")
		row("list, 64 at once: a second", "list-64", "per_s", "")
		row("message to request, p50 us (fresh list)", "sample", "request_us", "")
		row("message to request, p99 us (fresh list)", "sample", "request_us", "1000", 0.99)
		row("message to request, longest us", "sample", "request_us", "", 1)
		row("fresh list each time: CPU us", "fetch", "cpu_us", "")
		row("resident 3 s after the load, KiB", "after", "rss_kib", "")
		printf "\n%d starts and %d fresh lists each, in turns\n", count["s", "start", "up_ms"], count["s", "sample", "request_us"]
	}' "$out/sluice.txt" "$out/floor.txt"
