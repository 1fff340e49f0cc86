#!/usr/bin/env python3
# test_headers.py - every header compiles alone and twice; the first line of every file says what the file is for
import concurrent.futures
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import house

FLAGS = ["-std=c11", "-D_GNU_SOURCE", '-DSOURCE_DIR="."', '-DBINARY_DIR="."', "-Wall", "-Wextra", "-Wno-unused-function", "-Werror",
         "-fsyntax-only", "-x", "c", "-"]


def compile_alone(root, path):
    folders = [f"-I{root}/bot", f"-I{root}", f"-I{root}/tests", f"-I{root}/tests/scenario"]
    # twice: the second time an include guard must hold
    text = f'#include "{root / path}"\n' * 2 + "extern int nothing;\n"
    done = subprocess.run(["gcc", *folders, *FLAGS], input=text, text=True, capture_output=True, check=False)
    if done.returncode == 0:
        return None
    return f"{path}: does not compile alone\n{done.stderr.strip()[:1500]}"


def check_first_line(root, path):
    lines = (root / path).read_text(encoding="utf-8").splitlines()
    first = lines[0] if lines else ""
    if first.startswith("#!") and len(lines) > 1:
        first = lines[1]
    name = re.escape(path.name)
    if path.suffix == ".py" and re.match(r'"""\S.*', first):
        return None
    if not re.match(rf"(/\*|#|//) {name}( [A-Z .\[\]]+)? - \S.*", first):
        return f'{path}: the first line does not say what the file is for ("/* {path.name} - ...")'
    return None


def described_files(root):
    files = house.c_files(root, "bot", "adapters", "tests")
    files += house.c_files(root, "tests", endings=(".py", ".sh"))
    return files


def check(root, only=None):
    complaints = []
    files = described_files(root)
    for path in files:
        complaint = check_first_line(root, path)
        if complaint:
            complaints.append(complaint)
    headers = [path for path in files if path.suffix == ".h" and (only is None or path in only)]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for complaint in pool.map(lambda path: compile_alone(root, path), headers):
            if complaint:
                complaints.append(complaint)
    return len(headers), complaints


def plants():
    planted = pathlib.Path("bot/base/planted.h")

    def check_planted(root):
        return check(root, only=(planted,))

    def incomplete(copy):
        house.append(copy / planted, "/* planted.h - uses what it does not include */\nint f(struct strbuf *s, size_t n);\n")

    def no_guard(copy):
        house.append(copy / planted, "/* planted.h - has no guard */\nstruct planted { int x; };\n")

    def no_comment(copy):
        house.append(copy / planted, "extern int x;\n")

    def other_name(copy):
        house.append(copy / planted, "/* strbuf.h - copied from elsewhere */\nextern int x;\n")

    for mistake in (incomplete, no_guard):
        house.plant(check_planted, ("bot/base",), mistake, ("planted.h", "does not compile alone"))
    for mistake in (no_comment, other_name):
        house.plant(check_planted, ("bot/base",), mistake, ("planted.h", "first line"))


if __name__ == "__main__":
    seen, found = check(house.ROOT)
    plants()
    house.finish(seen, 30, found, "headers")
