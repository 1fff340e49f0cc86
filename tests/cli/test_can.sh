#!/bin/sh
# test_can.sh - `sluice check` and `sluice can` as a person or a script meets them: words, exit codes, bad input
set -u
sluice=$BUILD_DIR/sluice
policy=$SOURCE_DIR/policy.yaml.example
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

if [ ! -x "$sluice" ]; then
	echo "skipped: $sluice is not built"
	exit 77
fi

# expect NAME CODE "text on stdout or stderr" command...
expect() {
	name=$1 code=$2 text=$3
	shift 3
	"$@" >"$tmp/out" 2>&1 </dev/null
	got=$?
	if [ $got -ne "$code" ] || ! grep -qF -- "$text" "$tmp/out"; then
		echo "FAILED $name: exit $got, expected $code and \"$text\":"
		cat "$tmp/out"
		failed=1
	fi
}

can() {
	"$sluice" can --policy "$policy" "$@"
}

expect "the example is clean" 0 "ok" "$sluice" check --strict "$policy"
expect "check without a file" 2 "which file?" "$sluice" check
expect "check of no file" 2 "is not there" "$sluice" check "$tmp/none.yaml"
expect "check --help" 0 "usage: sluice check" "$sluice" check --help
printf 'version: 1\ngroups: {g: []}\n' >"$tmp/warn.yaml"
expect "warnings alone" 0 "3 warnings" "$sluice" check "$tmp/warn.yaml"
expect "warnings, strict" 1 "warning W118" "$sluice" check --strict "$tmp/warn.yaml"
printf 'version: 1\nallow: [{name: a, who: x, may: y, droplets: any}]\n' >"$tmp/bad.yaml"
expect "errors" 2 "bad.yaml:2:24: error E031" "$sluice" check "$tmp/bad.yaml"
chmod 666 "$tmp/warn.yaml"
expect "a file that others may write" 1 "warning E021" "$sluice" check --strict "$tmp/warn.yaml"

expect "allow" 0 "sre-runs-everything" can --as bob --in ops droplet.power.reboot --droplet name=web-1,tags=prod+web
expect "the line is named" 0 "policy.yaml.example:" can --as bob --in ops droplet.power.reboot --droplet name=web-1
expect "deny" 1 "no-rule" can --as dora --in ops droplet.power.reboot --droplet name=web-1,tags=prod
expect "a ceiling" 1 "ceiling.zenith" can --as ana --in zenith droplet.power.reboot --droplet tags=client:zenith
expect "ids" 0 "zenith-sees-its-own" can --as slack/T09OTHER0/U0 --in console/terminal/zenith droplet.show --droplet tags=client:zenith
expect "direct" 0 "allow" can --as console/terminal/bob --in xmpp/acme.example/direct droplet.power.off --droplet name=x
expect "not listed" 1 "unknown.channel" can --as bob --in console/terminal/nowhere droplet.show
expect "no such action" 2 "no action \"droplet.explode\"" can --as bob --in ops droplet.explode
expect "tags not known" 1 "deny" can --as ana --in ops droplet.destroy --droplet name=x,project=shop
expect "tags known to be none" 0 "allow" can --as ana --in ops droplet.destroy --droplet name=x,project=shop,tags=
expect "no such person" 2 'no person "eve"' can --as eve --in ops droplet.show
expect "no such channel" 2 'no channel "opps"' can --as bob --in opps droplet.show
expect "half an id" 2 "NETWORK/WORKSPACE/ID" can --as slack/U1 --in ops droplet.show
expect "an unknown attribute" 2 'not by "tag"' can --as bob --in ops droplet.show --droplet tag=prod
expect "no action" 2 "usage:" can --as bob --in ops
expect "a bad time" 2 "--at is a time" can --as bob --in ops droplet.show --at noon
expect "a bad policy" 2 "error E031" "$sluice" can --policy "$tmp/bad.yaml" --as bob --in ops droplet.show

# a batch: an answer a line, ids as they came, unknown stays unknown
cat >"$tmp/q.jsonl" <<'Q'
{"id":1,"as":"bob","in":"ops","action":"droplet.show","droplet":{"name":"a","tags":["prod"]}}
{"id":"two","as":"console/terminal/dora","in":"console/terminal/dev","action":"droplet.power.off","droplet":{"name":"a"}}

{"id":3,"as":"stranger","in":"zenith","action":"droplet.show","droplet":{"tags":["CLIENT:ZENITH"]},"at":"2026-01-13T03:00:00Z"}
Q
cat >"$tmp/expected" <<'A'
{"id":1,"decision":"allow","rules":["sre-runs-everything"],"needs":[]}
{"id":"two","decision":"deny","rules":["ceiling.dev"],"needs":[]}
{"id":3,"decision":"allow","rules":["zenith-sees-its-own"],"needs":[]}
A
can --batch "$tmp/q.jsonl" >"$tmp/answers"
if [ $? -ne 0 ] || ! cmp "$tmp/answers" "$tmp/expected"; then
	echo "FAILED batch"
	cat "$tmp/answers"
	failed=1
fi
can --batch - <"$tmp/q.jsonl" | cmp - "$tmp/expected" || failed=1

# a bad line: its number, a sentence, exit 2, and what came before it stays answered
bad() {
	{ head -n 1 "$tmp/q.jsonl" && printf '%s\n' "$2"; } >"$tmp/bad.jsonl"
	expect "$1" 2 "line 2: $3" can --batch "$tmp/bad.jsonl"
	grep -q '^{"id":1,' "$tmp/out" || { echo "FAILED $1: line 1 is not answered"; failed=1; }
}
bad "no JSON" 'hello' ""
bad "no object" '[1]' "a question is an object"
bad "no id" '{"as":"bob","in":"ops","action":"x"}' ""
bad "no action" '{"id":1,"as":"bob","in":"ops"}' ""
bad "a half id" '{"id":1,"as":"slack/x","in":"ops","action":"x"}' '"slack/x" is not NETWORK'
bad "tags as a word" '{"id":1,"as":"bob","in":"ops","action":"x","droplet":{"tags":"prod"}}' '"tags" must be a list'
bad "a name as null" '{"id":1,"as":"bob","in":"ops","action":"x","droplet":{"name":null}}' '"name" must be a word'
bad "a droplet as a word" '{"id":1,"as":"bob","in":"ops","action":"x","droplet":"web-1"}' '"droplet" must be an object'
bad "a bad time" '{"id":1,"as":"bob","in":"ops","action":"x","at":"noon"}' '"at" must be a time'
head -c 70000 /dev/zero | tr '\0' x >"$tmp/long"
bad "a long line" "$(cat "$tmp/long")" "longer than"
expect "no questions file" 2 "cannot be read" can --batch "$tmp/none.jsonl"
can --batch "$tmp/q.jsonl" >/dev/full 2>"$tmp/full"
if [ $? -ne 2 ] || ! grep -q "could not be written" "$tmp/full"; then
	echo "FAILED: a full disk is not noticed"
	failed=1
fi

[ $failed -eq 0 ] && echo "ok"
exit $failed
