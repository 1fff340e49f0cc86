#!/usr/bin/env python3
# test_tour.py - `sluice demo --script tests/demo/tour.txt` prints tests/demo/tour.expected, and nothing of it stays behind
#
# What differs from run to run is made equal first: the id of a decision, seconds, how far a bar has come.
# After a change of words: tests/demo/test_tour.py --renew, and read the difference.
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or SOURCE / "build/dev")
EXPECTED = SOURCE / "tests/demo/tour.expected"
MARK = f"TOUR_MARK={os.getpid()}"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
SECONDS = 120


def same(text):
    text = re.sub(r"Decision [0-9a-z]{8}\b", "Decision xxxxxxxx", text)
    text = re.sub(r"^  [0-9a-z]{8} (.*, by )", r"  xxxxxxxx \1", text, flags=re.M)
    text = re.sub(r"\b(Approve|Confirm) [0-9a-z]{4}\]", r"\1 xxxx]", text)
    text = re.sub(r"[█░]+ +\d+ %.*", "(bar)", text)
    text = re.sub(r"\b(queued|sent|running), \d+ s", "(under way)", text)
    return re.sub(r"\b\d+ s\b", "N s", text)


def fail(what, shown=""):
    print(f"not so: {what}\n{shown}")
    sys.exit(1)


def ours():
    """Every process that carries our mark: the demo and its simulator."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and MARK.encode() in (entry / "environ").read_bytes().split(b"\0"):
                if (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                    found.append((entry / "cmdline").read_bytes().split(b"\0")[0].decode())
        except OSError:
            continue
    return found


def folder_of(pid):
    """The temporary folder, from the database that the demo holds open."""
    for _ in range(int(SECONDS / 0.05)):
        for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = os.readlink(link)
            except OSError:
                continue
            if "sluice-demo-" in target:
                return pathlib.Path(target).parent
        time.sleep(0.05)
    return fail("the demo opens a database in a temporary folder")


def start(*words, **more):
    name, value = MARK.split("=")
    return subprocess.Popen([str(BUILD / "sluice"), "demo", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, cwd=SOURCE, env={**CLEAN, name: value}, **more)


def nothing_stays(folder):
    deadline = time.monotonic() + 5
    while ours() and time.monotonic() < deadline:
        time.sleep(0.05)
    if ours():
        fail("no process stays", "\n".join(ours()))
    if folder is not None and folder.exists():
        fail("the temporary folder is gone", "\n".join(map(str, folder.iterdir())))


def tour():
    with start("--script", "tests/demo/tour.txt", stdin=subprocess.DEVNULL) as process:
        folder = folder_of(process.pid)
        if not any(name.endswith("sluice-sim") for name in ours()):
            fail("the simulator runs beside it", "\n".join(ours()))
        out, errors = process.communicate(timeout=SECONDS)
    if process.returncode != 0 or errors:
        fail("it ends with 0 and no error", f"exit {process.returncode}\n{errors}")
    if "\x1b" in out:
        fail("no escape without a terminal", out)
    nothing_stays(folder)
    return same(out)


def stopped(number):
    with start(stdin=subprocess.PIPE) as process:
        folder = folder_of(process.pid)
        process.send_signal(number)
        process.communicate(timeout=SECONDS)
    # killed, it cannot tidy up; the simulator notices all the same
    nothing_stays(folder if number != signal.SIGKILL else None)
    if number == signal.SIGKILL:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    elif process.returncode != 0:
        fail(f"signal {number} ends it with 0", str(process.returncode))


def main():
    shown = tour()
    if "--renew" in sys.argv:
        EXPECTED.write_text(shown, encoding="utf-8")
        return
    expected = EXPECTED.read_text(encoding="utf-8")
    if shown != expected:
        got = pathlib.Path(BUILD) / "tour.got"
        got.write_text(shown, encoding="utf-8")
        difference = subprocess.run(["diff", "-u", str(EXPECTED), str(got)], capture_output=True, text=True, check=False)
        fail("the tour is as expected", difference.stdout)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        stopped(number)
    print(f"{len(shown.splitlines())} lines as expected")


if __name__ == "__main__":
    main()
