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
rounds=${BENCH_ROUNDS:-8}
shared=${SLUICE_SHARED:-../shared}
floor_source=${FLOOR_SOURCE:-$shared/bench/src/floor.c}
page=${BENCH_PAGE:-$shared/bench/json/d20.json}
mkdir -p "$out"

# ./dev bench slack: beside a bot of today in Slack
if [ "${1:-}" = slack ]; then
	shift
	exec tests/bench/slack.sh "$@"
fi

# casbin and Cedar from npm decide the same questions; the ratio is ours to theirs. Without npm or a network the ratio is the
# word "skipped", and why stands on a line before.
ratio() # engine, our decisions a second
{
	name=$1
	ours=$2
	if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
		echo "$name: node and npm are not here (apt-get install npm)" >&2
		echo skipped
		return
	fi
	node=build/bench-node
	mkdir -p "$node"
	cp tests/bench/package.json tests/bench/*.mjs "$node/"
	if [ ! -e "$node/.installed" ] || ! cmp -s "$node/.installed" "$node/package.json"; then
		if ! (cd "$node" && npm install --no-audit --no-fund) >"$out/npm.txt" 2>&1; then
			echo "$name: npm could not install it, see $out/npm.txt" >&2
			echo skipped
			return
		fi
		cp "$node/package.json" "$node/.installed"
	fi
	# shellcheck disable=SC2020 # one character for each
	build/release/sluice schema | tr ',[]' '\n\n\n' | grep -E '^ *"[a-z]+(\.[a-z0-9]+)+"$' | sort -u |
		awk 'BEGIN { printf "[" } { printf("%s%s", (NR > 1 ? "," : ""), $0) } END { print "]" }' >"$node/verbs.json"
	if ! node "$node/engines.mjs" "$name" "$shared/policy" "$node/verbs.json" >"$out/$name.txt"; then
		echo disagrees
		return
	fi
	cat "$out/$name.txt" >&2
	sed -n "s/.*${name}_per_s=\([0-9]*\).*/\1/p" "$out/$name.txt" | awk -v ours="$ours" '{ printf "%.0f\n", ours / $1 }'
}

# A program of this folder with the objects of the release build.
against_rooms() # program, sources ...
{
	program=$1
	shift
	# shellcheck disable=SC2046 # flags, to be split
	cc -O2 -g -flto -std=c11 -D_GNU_SOURCE -I. -Ibot -o "$program" "$@" build/release/librooms.a \
		$(pkg-config --libs yaml-0.1 libcrypto jansson libuv libcurl libwebsockets yajl sqlite3 libgsasl expat libidn libssl \
			liboath libqrencode nettle) -lunistring -lm
}

# ./dev bench policy: decisions a second and the rest, on the conformance policy, from the objects of the release build
if [ "${1:-}" = policy ]; then
	against_rooms "$out/policy" tests/bench/bench_policy.c
	"$out/policy" "$shared/policy" >"$out/policy.txt"
	main=$(sed -n 1p "$out/policy.txt")
	rest=$(sed -n 2p "$out/policy.txt")
	ours=${main#decisions_per_s=}
	ours=${ours%% *}
	casbin=$(ratio casbin "$ours")
	cedar=$(ratio cedar "$ours")
	echo "$main casbin_ratio=$casbin cedar_ratio=$cedar $rest"
	case "$casbin $cedar" in
	*disagrees*) exit 1 ;;
	esac
	exit 0
fi

# ./dev bench ocean [DROPLETS]: a big account behind a socket of this machine: its list, its names, its weight
if [ "${1:-}" = ocean ]; then
	n=${2:-2000}
	more=${BENCH_MORE:-10000}
	against_rooms "$out/ocean" tests/bench/bench_ocean.c
	for count in "$n" "$more"; do # each ends with this shell: it holds their standard input
		mkfifo -m 600 "$out/sim.$count.in.$$"
		build/release/sluice-sim --listen 127.0.0.1:0 --droplets "$count" --rate-hour 0 --exit-with-stdin \
			<"$out/sim.$count.in.$$" >"$out/sim.$count.out" &
		if [ "$count" = "$n" ]; then
			exec 8>"$out/sim.$count.in.$$"
		else
			exec 9>"$out/sim.$count.in.$$"
		fi
		rm -f "$out/sim.$count.in.$$"
		tries=0
		while ! grep -q '^listening on ' "$out/sim.$count.out" && [ $tries -lt 100 ]; do
			sleep 0.1
			tries=$((tries + 1))
		done
	done
	url() { sed -n 's/^listening on \([^ ]*\).*/\1/p' "$out/sim.$1.out"; }
	"$out/ocean" "$(url "$n")" "$n" "${BENCH_ROUNDS:-21}" "$(url "$more")" "$more"
	exit 0
fi

# ./dev bench jobs [CHANGES]: durable changes a second, on a real file. BENCH_FSYNC_MS delays each sync, as a bad disk does.
if [ "${1:-}" = jobs ]; then
	against_rooms "$out/jobs" tests/bench/bench_jobs.c tests/bench/flow.c
	rm -rf "$out/jobs.db"*
	"$out/jobs" "$out" "${2:-100000}" "${BENCH_FSYNC_MS:-0}" 2>"$out/jobs.log" || {
		tail -5 "$out/jobs.log" >&2
		exit 1
	}
	exit 0
fi

cc -O2 -D_GNU_SOURCE -o "$out/drive" tests/bench/drive*.c -lgsasl -ljansson -lcrypto
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

# The two take turns, so that what else the machine does meets both. A new process each round: each may send 250 requests
# a minute, two a fresh list.
round=0
while [ "$round" -lt "$rounds" ]; do
	sluice --starts 4 --fetches 100
	floor --starts 4 --fetches 100
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
		row("resident 18 s after the load, KiB", "after", "rss_kib", "")
		printf "\n%d starts and %d fresh lists each, in turns\n", count["s", "start", "up_ms"], count["s", "sample", "request_us"]
	}' "$out/sluice.txt" "$out/floor.txt"
