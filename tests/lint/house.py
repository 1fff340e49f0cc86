# house.py - what the lints share: the files of the tree, C without its comments, a copy to plant a mistake in
import contextlib
import functools
import os
import pathlib
import re
import shutil
import sys
import tempfile

ROOT = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def c_files(root, *folders, endings=(".c", ".h")):
    """Every C file below these folders of a tree, as paths relative to it."""
    found = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in endings and path.is_file():
                found.append(path.relative_to(root))
    return found


@functools.cache  # a tree with one mistake planted in it is the tree but for one file
def code_only(text):
    """C with comments and the insides of strings blanked, line for line. Includes keep their names."""

    def blank(match):
        kept = match.group(0)
        line_start = text.rfind("\n", 0, match.start()) + 1
        if kept[0] == '"' and text[line_start:match.start()].lstrip().startswith("#"):
            return kept
        return re.sub(r"[^\n]", " ", kept)

    return TOKEN.sub(blank, text)


@functools.cache
def includes(text):
    """(line number, name, True for <...>) of every include."""
    found = []
    for number, line in enumerate(code_only(text).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            found.append((number, match.group(2), match.group(1) == "<"))
    return found


@contextlib.contextmanager
def copy_of(*names):
    """A copy of these files and folders of the tree, to plant something in."""
    with tempfile.TemporaryDirectory(prefix="sluice-lint-") as folder:
        copy = pathlib.Path(folder)
        for name in names:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name)
            elif (ROOT / name).exists():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, copy / name)
        yield copy


def append(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def plant(check, copied, planted, expect):
    """Plants a mistake in a copy of the tree and wants `check` to complain with all of `expect` in one line."""
    with copy_of(*copied) as copy:
        planted(copy)
        complaints = check(copy)[1]
    if not any(all(word in line for word in expect) for line in complaints):
        print("a planted mistake was not seen:", *expect)
        print("seen instead:", *complaints, sep="\n  ")
        sys.exit(1)


def finish(seen, least, complaints, what="files"):
    """A lint that saw nothing proves nothing."""
    for line in complaints:
        print(line)
    if seen < least:
        print(f"only {seen} {what} were looked at, at least {least} are there")
        sys.exit(1)
    if complaints:
        print(f"{len(complaints)} complaints in {seen} {what}")
        sys.exit(1)
    print(f"{seen} {what}, nothing to complain about")
