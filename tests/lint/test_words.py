#!/usr/bin/env python3
# test_words.py - words that say "not finished" stand nowhere in the tree, and no file is a wall
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import house

# written in halves, so that this file may be looked at too
WORDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|(?i:not (yet )?imple" r"mented)|<<<<" r"<<<|>>>>" r">>>")
# HTTP's own words for 501, as a string of their own
HARMLESS = re.compile(r'return "Not Imple' r'mented";')
LINES_MAX = 800


def tracked(root):
    if root == house.ROOT and (root / ".git").exists():
        out = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                             capture_output=True, check=True).stdout
        names = [name.decode() for name in out.split(b"\0") if name]
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
    # seeds are bytes for the fuzzers
    return [name for name in names if not name.startswith(("tests/fuzz/seeds/", "build/")) and (root / name).is_file()]


def check(root):
    complaints = []
    names = tracked(root)
    for name in names:
        data = (root / name).read_bytes()
        if b"\0" in data:
            continue
        lines = data.decode("utf-8", "replace").splitlines()
        for number, line in enumerate(lines, 1):
            match = WORDS.search(line)
            if match and not HARMLESS.search(line):
                complaints.append(f'{name}:{number}: "{match.group(0)}"')
            if line != line.rstrip() and name.endswith((".c", ".h", ".py", ".sh")):
                complaints.append(f"{name}:{number}: white space at the end of the line")
        if name.startswith(("bot/", "adapters/")) and name.endswith((".c", ".h")) and len(lines) > LINES_MAX:
            complaints.append(f"{name}: {len(lines)} lines; {LINES_MAX} is the most, 400 the aim")
    return len(names), complaints


def plants():
    for word in ("TO" "DO", "FIX" "ME", "XX" "X", "not imple" "mented", "not yet imple" "mented", "<<<<" "<<< HEAD"):
        house.plant(check, ("bot/base",),
                    lambda copy: house.append(copy / "bot/base/err.c", f"\n/* {word}: later */\n"),
                    ("bot/base/err.c", word.split(" HEAD")[0]))
    house.plant(check, ("bot/base",), lambda copy: house.append(copy / "bot/base/err.c", "\n" * 801),
                ("bot/base/err.c", "lines"))
    with house.copy_of("bot/base") as copy:
        before = check(copy)[1]
        house.append(copy / "bot/base/err.c", '\n/* "/tmp/sluice-XX' 'XXXX" */\n')
        assert check(copy)[1] == before, "the template of mkdtemp is no such word"


if __name__ == "__main__":
    seen, found = check(house.ROOT)
    plants()
    house.finish(seen, 100, found)
