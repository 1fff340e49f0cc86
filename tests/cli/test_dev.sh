#!/bin/sh
# test_dev.sh - ./dev from outside: what it installs, what it prints elsewhere; nothing is really installed here
# shellcheck disable=SC2016 # the stubs expand their own words
set -eu
cd "${SOURCE_DIR:-$(dirname "$0")/../..}"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/bin"
checks=0

stub() # name, body
{
	printf '#!/bin/sh\n%s\n' "$2" >"$tmp/bin/$1"
	chmod +x "$tmp/bin/$1"
}

# runs ./dev as on another system, with our stubs first in the PATH
dev_on() # os-release line, words of ./dev
{
	printf '%s\n' "$1" >"$tmp/os-release"
	shift
	rc=0
	PATH="$tmp/bin:$PATH" SLUICE_OS_RELEASE="$tmp/os-release" ./dev "$@" >"$tmp/out" 2>&1 || rc=$?
}

want() # exit code, part of the output
{
	checks=$((checks + 1))
	if [ "$rc" -ne "$1" ] || ! grep -qF -- "$2" "$tmp/out"; then
		echo "wanted exit code $1 and \"$2\"; got exit code $rc and:"
		cat "$tmp/out"
		exit 1
	fi
}

want_not()
{
	checks=$((checks + 1))
	if grep -qF -- "$1" "$tmp/out" "$tmp/apt" 2>/dev/null; then
		echo "not wanted: \"$1\""
		cat "$tmp/out" "$tmp/apt"
		exit 1
	fi
}

# elsewhere: one line, exit code 2
stub pkg-config 'exit 1'
for row in "ID=fedora|sudo dnf install -y gcc" "ID=arch|sudo pacman -S" "ID=alpine|sudo apk add" \
	"ID=manjaro ID_LIKE=arch|sudo pacman -S"; do
	dev_on "$(printf '%s' "${row%%|*}" | tr ' ' '\n')" setup test
	want 2 "${row#*|}"
	want 2 prosody
	if [ "$(grep -c sudo "$tmp/out")" -ne 1 ] || [ "$(wc -l <"$tmp/out")" -ne 2 ]; then
		echo "not one line to run:"
		cat "$tmp/out"
		exit 1
	fi
	dev_on "$(printf '%s' "${row%%|*}" | tr ' ' '\n')" setup build
	want 2 "${row#*|}"
	want_not prosody
done
dev_on "ID=plan9" setup
want 2 "not known"
rm "$tmp/bin/pkg-config"
stub uname 'echo Darwin'
dev_on "ID=none" demo
want 2 "docker run"
rm "$tmp/bin/uname"

# Debian: only what is missing, without a question, and Prosody's service is not started
stub sudo 'exec "$@"'
stub id 'echo 0'
stub tee 'cat >/dev/null; echo "tee $*" >>"'"$tmp"'/apt"'
stub chmod 'exit 0'
stub rm 'case "$*" in *policy-rc.d*) echo "rm $*" >>"'"$tmp"'/apt" ;; *) exec /bin/rm "$@" ;; esac'
stub systemctl 'echo "systemctl $*" >>"'"$tmp"'/apt"'
stub dpkg-query 'case "$*" in *prosody*|*libuv1-dev*) exit 1 ;; *) echo "installed " ;; esac'
stub apt-cache 'case "$1" in depends) echo "  Depends: clang-14" ;; policy) echo "  Candidate: 1.0" ;; esac'
stub apt-get 'echo "apt-get $DEBIAN_FRONTEND $*" >>"'"$tmp"'/apt"'
: >"$tmp/apt"
dev_on "ID=ubuntu" setup build
want 0 "installing: libuv1-dev"
want_not prosody
grep -q '^apt-get noninteractive install -y --no-install-recommends libuv1-dev$' "$tmp/apt"
want_not "apt-get update"
: >"$tmp/apt"
dev_on "ID=debian" setup test
want 0 "installing: libuv1-dev prosody"
grep -q ' install .*libuv1-dev prosody$' "$tmp/apt"
if [ ! -e /usr/sbin/policy-rc.d ]; then
	grep -q '^tee /usr/sbin/policy-rc.d$' "$tmp/apt"
	grep -q '^rm -f /usr/sbin/policy-rc.d$' "$tmp/apt"
fi

# a fresh image has no list of packages: it is fetched first
stub apt-cache 'case "$1" in depends) echo "  Depends: clang-14" ;; esac'
: >"$tmp/apt"
dev_on "ID=debian" setup test
want 0 installing
head -n 1 "$tmp/apt" | grep -q update

# an install that fails is tried once more with a fresh list, then it is an error
stub apt-cache 'case "$1" in depends) echo "  Depends: clang-14" ;; policy) echo "  Candidate: 1.0" ;; esac'
stub apt-get 'echo "apt-get $*" >>"'"$tmp"'/apt"; [ "$1" = update ]'
: >"$tmp/apt"
dev_on "ID=debian" setup test
want 2 "could not install"
[ "$(grep -c '^apt-get install' "$tmp/apt")" -eq 2 ]

# nothing missing: nothing is run at all
stub dpkg-query 'echo "installed "'
: >"$tmp/apt"
dev_on "ID=debian" setup test
[ "$rc" -eq 0 ] && [ ! -s "$tmp/apt" ] && [ ! -s "$tmp/out" ]

dev_on "ID=debian" dance
want 2 'no command "dance"'
dev_on "ID=debian" setup everything
want 2 "build or test"
dev_on "ID=debian" fuzz nowhere
want 2 'no fuzz target "nowhere"; there are:'
dev_on "ID=debian" help
want 0 "./dev test quick"

echo "$checks checks"
