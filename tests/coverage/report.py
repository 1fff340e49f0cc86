#!/usr/bin/env python3
"""What the tests that ran in build/coverage went through: each room's lines, then the files that were gone through least.

    report.py [BUILD]        prints it, and leaves BUILD/coverage.txt with every line that never ran
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else SOURCE / "build/coverage").resolve()
FEWEST_SHOWN = 20


def runs_of(data):
    """How often each line of our own files ran, by one object's counters."""
    out = subprocess.run(["gcov", "--json-format", "--stdout", str(data)], cwd=BUILD, capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        report = json.loads(line)
        for file in report["files"]:
            path = pathlib.Path(os.path.normpath(pathlib.Path(report["current_working_directory"]) / file["file"]))
            if path.is_relative_to(SOURCE / "bot") or path.is_relative_to(SOURCE / "adapters"):
                yield str(path.relative_to(SOURCE)), [(at["line_number"], at["count"]) for at in file["lines"]]


def main():
    counters = sorted(BUILD.rglob("*.gcda"))
    if not counters:
        sys.exit(f"no counters below {BUILD}: nothing was built with them, or nothing ran")
    lines = collections.defaultdict(collections.Counter)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda data: list(runs_of(data)), counters):
            for path, runs in found:
                for number, count in runs:
                    lines[path][number] += count
    rooms = collections.defaultdict(lambda: [0, 0])
    for path, runs in lines.items():
        parts = path.split("/")
        room = rooms["/".join(parts[:2])]
        room[0] += sum(count > 0 for count in runs.values())
        room[1] += len(runs)
    for name, (ran, there) in sorted(rooms.items()):
        print(f"{100 * ran / there:5.1f} %  {ran:6} of {there:6} lines  {name}")
    ran, there = (sum(room[i] for room in rooms.values()) for i in (0, 1))
    print(f"{100 * ran / there:5.1f} %  {ran:6} of {there:6} lines  all\n")
    share = {path: sum(count > 0 for count in runs.values()) / len(runs) for path, runs in lines.items()}
    for path in sorted(share, key=share.get)[:FEWEST_SHOWN]:
        print(f"{100 * share[path]:5.1f} %  {path}")
    with open(BUILD / "coverage.txt", "w", encoding="utf-8") as file:
        for path in sorted(lines):
            text = (SOURCE / path).read_text(encoding="utf-8").splitlines()
            for number in sorted(number for number, count in lines[path].items() if count == 0):
                file.write(f"{path}:{number}: {text[number - 1].strip()}\n")
    print(f"\nevery line that never ran: {BUILD / 'coverage.txt'}")


if __name__ == "__main__":
    main()
