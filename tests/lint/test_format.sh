#!/bin/sh
# test_format.sh - every C file stands as clang-format 14 (Debian 12's) would write it
set -eu
cd "${SOURCE_DIR:-$(dirname "$0")/../..}"

# other versions break lines elsewhere, so only this one decides
tool=
for name in clang-format-14 clang-format; do
	if command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.'; then
		tool=$name
		break
	fi
done
if [ -z "$tool" ]; then
	echo "skipped: clang-format 14 is not installed, and other versions break lines elsewhere"
	exit 77
fi

n=$(find bot adapters tests -name '*.[ch]' | wc -l)
if [ "$n" -lt 80 ]; then
	echo "only $n files were looked at, at least 80 are there"
	exit 1
fi

planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
cp .clang-format "$planted"
printf '/* planted.c - badly written */\nint f( void ){\n  return 1; }\n' >"$planted/planted.c"
if "$tool" --dry-run -Werror "$planted/planted.c" 2>/dev/null; then
	echo "a planted mistake was not seen"
	exit 1
fi

if ! find bot adapters tests -name '*.[ch]' -print0 | xargs -0 "$tool" --dry-run -Werror; then
	echo "run ./dev format"
	exit 1
fi
echo "$n files, nothing to complain about"
