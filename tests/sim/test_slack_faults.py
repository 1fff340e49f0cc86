#!/usr/bin/env python3
# test_slack_faults.py - every misbehaviour of the measured table has a word of the simulator, and a row that measures both sides
#
# ../shared/reference/chat-protocols.md, 7.4, says what Slack was seen to do wrong. The list below names what makes the simulator do
# it. Held: the list has every row of that table; each word is one that the simulator documents; tests/real/slack/table.mjs uses each.
import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
REFERENCE = pathlib.Path(os.environ.get("SLUICE_SHARED", SOURCE.parent / "shared")) / "reference/chat-protocols.md"

# the row, as it begins; the words of tests/sim/slack_control.c and slack_faults.c; what table.mjs holds of it
LIST = [
    ("never sends hello", "no_hello", "no_hello: true"),
    ("`refresh_requested`/`warning`", "disconnect", "'refresh_requested', 'warning'"),
    ("`too_many_websockets` always", "too_many", "too_many: true, times: -1"),
    ("never completes close", "no_close", "no_close: true, never_fin: true"),
    ("swallows pings", "no_pong", "no_pong: true"),
    ("408 on upgrade", "status", "status: 408"),
    ("429 `Retry-After: 2` on open", "retry_after_s", "retry_after_s: 2"),
    ("503 on open", "http", "status: 503"),
    ("`internal_error`", "error", "error: 'internal_error'"),
    ("`invalid_auth`", "state", "state: 'invalid_auth'"),
    ("same envelope twice", "same_envelope", "same_envelope: true"),
    ("`app_rate_limited`", "payload", "type: 'app_rate_limited'"),
    ("200 kB message in 4 KiB fragments + interleaved ping", "ping_between", "fragment: 4096, ping_between: true"),
]


def main():
    wrong = []
    documented = "".join(re.match(r"/\*.*?\*/", (SOURCE / "tests/sim" / name).read_text(), re.S).group(0)
                         for name in ("slack_control.c", "slack_faults.c"))
    measured = (SOURCE / "tests/real/slack/table.mjs").read_text()
    for row, word, use in LIST:
        if not re.search(rf"\b{re.escape(word)}\b", documented):
            wrong.append(f"{row}: the simulator documents no word {word}")
        if use not in measured:
            wrong.append(f"{row}: table.mjs has no {use!r}")
    if REFERENCE.exists():
        table = re.search(r"^### 7\.4 .*?\n(.*?)^### ", REFERENCE.read_text(), re.S | re.M).group(1)
        rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("|")][2:]
        listed = [row for row, _, _ in LIST]
        wrong += [f"the reference has {row!r}, the list has not" for row in rows if row not in listed]
        wrong += [f"the list has {row!r}, the reference has not" for row in listed if row not in rows]
    else:
        print(f"no {REFERENCE.name} beside the tree: the list is held against the simulator alone")
    for line in wrong:
        print(f"WRONG: {line}")
    print(f"{len(LIST)} rows")
    return 1 if wrong else 0


sys.exit(main())
