#!/usr/bin/env python3
"""test_symbols.py - no two files of the rooms define a function or variable of the same name

The rooms are one static library: of two that share a name the linker takes whichever comes first, and says nothing.
"""
import os
import pathlib
import subprocess
import sys
import tempfile


def doubles(archive):
    """Names that are defined by more than one object, and how many definitions were seen."""
    where = {}
    member = "?"
    listing = subprocess.run(["nm", "--defined-only", "--extern-only", archive], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        words = line.split()
        if line.endswith(":"):
            member = line[:-1]
        elif len(words) == 3 and words[1] in "TDBRC" and not words[2].startswith("__"):
            where.setdefault(words[2], set()).add(member)
    return {name: sorted(files) for name, files in where.items() if len(files) > 1}, len(where)


def planted():
    """Two objects with one name are noticed."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for part, text in (("a", "int answer(void) { return 1; }"), ("b", "int answer(void) { return 2; }\nint other;")):
            (folder / f"{part}.c").write_text(text)
            subprocess.run(["cc", "-c", f"{part}.c"], check=True, cwd=folder)
        subprocess.run(["ar", "rc", "both.a", "a.o", "b.o"], check=True, cwd=folder)
        return doubles(folder / "both.a")[0] == {"answer": ["a.o", "b.o"]}


def main():
    archive = pathlib.Path(os.environ["BUILD_DIR"]) / "librooms.a"
    found, n = doubles(archive)
    if n < 500:
        sys.exit(f"only {n} names in {archive}: is it the library of the rooms?")
    if not planted():
        sys.exit("a planted double was not noticed")
    for name, files in sorted(found.items()):
        print(f"{name} is defined in {', '.join(files)}")
    print(f"{n} names, {len(found)} of them twice")
    sys.exit(1 if found else 0)


main()
