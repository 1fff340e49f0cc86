#!/usr/bin/env python3
# test_readme.py - plays the conversation in the README on the demo, in a terminal of 40 columns, and compares
import fcntl
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or SOURCE / "build/dev")
SAID = re.compile(r"#(\S+) (\S+)> (.+)")


def conversation():
    for block in re.findall(r"^```\n(.*?)^```$", (SOURCE / "README.md").read_text(encoding="utf-8"), re.M | re.S):
        if SAID.match(block):
            return block.splitlines()
    print("README.md shows no conversation")
    sys.exit(1)


def script_of(lines):
    for channel, person, words in (match.groups() for match in map(SAID.match, lines) if match):
        yield f"/as {person}\n/in {channel}\n{words}\n"


def play(script):
    """What a terminal of 40 columns shows, without its colours."""
    with tempfile.NamedTemporaryFile("w", prefix="sluice-readme-", suffix=".txt") as file:
        file.write(script)
        file.flush()
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 40, 0, 0))
        env = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
        with subprocess.Popen([str(BUILD / "sluice"), "demo", "--script", file.name], stdin=subprocess.DEVNULL,
                              stdout=theirs, env=env | {"TERM": "xterm"}) as process:
            os.close(theirs)
            out = b""
            try:
                while piece := os.read(ours, 65536):
                    out += piece
            except OSError:  # the other end of a terminal is gone
                pass
            if process.wait(60) != 0:
                print(out.decode(), f"\nexit code {process.returncode}")
                sys.exit(1)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.decode().replace("\r", "")).splitlines()


def even(lines):
    """Without what may differ from run to run: seconds, decision ids, how often a message was edited on its way."""
    kept = []
    for line in lines:
        if re.search(r"[█░]", line) or not line.strip():
            continue
        line = re.sub(r"\b\d+ s\b", "N s", line)
        line = re.sub(r"Decision \w+", "Decision ID", line)
        if line.startswith("~ "):
            # only the last form of a message counts, and the first
            while kept and not SAID.match(kept[-1]) and any(one.startswith("~ ") for one in kept[-8:]):
                if kept.pop().startswith("~ "):
                    break
        kept.append(line)
    return kept


def main():
    shown = conversation()
    if sum(1 for line in shown if SAID.match(line)) < 4:
        print("the conversation in README.md is too short to show anything")
        sys.exit(1)
    wide = [line for line in shown if len(line) > 40]
    if wide:
        print("wider than a phone:", *wide, sep="\n")
        sys.exit(1)
    wanted = even(shown)
    got = even(play("".join(script_of(shown))))
    if wanted != got:
        print("README.md shows:", *wanted, "", "the program says:", *got, sep="\n")
        sys.exit(1)
    print(f"{len(got)} lines, as README.md shows them")


main()
