#!/bin/sh
# test_fuzz_short.sh - every fuzz target for a short while from its seeds; ./dev fuzz NAME runs one for long
set -eu

seconds=${SLUICE_FUZZ_SECONDS:-10}
cd "${SOURCE_DIR:-$(dirname "$0")/../..}"

if ! command -v clang >/dev/null; then
	echo "skipped: libFuzzer needs clang, which is not installed"
	exit 77
fi
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target fuzzers -- -j 2 >/dev/null

found=build/fuzz-found
mkdir -p "$found"
n=0
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	name=${name#fuzz_}
	seeds=tests/fuzz/seeds/$name
	if [ -z "$(ls -A "$seeds" 2>/dev/null)" ]; then
		echo "fuzz target \"$name\" has no seeds in $seeds"
		exit 1
	fi
	corpus=build/fuzz-corpus/$name
	mkdir -p "$corpus"
	log=build/fuzz-$name.log
	if ! "build/fuzz/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$found/$name-" "$corpus" "$seeds" >"$log" 2>&1; then
		tail -n 60 "$log"
		echo "fuzz target \"$name\" found something; the input is in $found"
		exit 1
	fi
	# libFuzzer says how often it called the target; a target that was never called proves nothing
	runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log")
	if [ "${runs:-0}" -lt 100 ]; then
		tail -n 20 "$log"
		echo "fuzz target \"$name\" ran only ${runs:-0} times"
		exit 1
	fi
	echo "$name: $runs runs in $seconds s"
	n=$((n + 1))
done
if [ "$n" -eq 0 ]; then
	echo "no fuzz target was found"
	exit 1
fi
echo "$n targets"
