#!/usr/bin/env python3
# test_code.py - `sluice code` from outside: enrolment in a real terminal, its QR code against the library's, check, unlock
import base64
import contextlib
import ctypes
import ctypes.util
import hashlib
import hmac
import os
import pathlib
import pty
import re
import select
import signal
import sqlite3
import stat
import struct
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or SOURCE / "build/dev")
SLUICE = BUILD / "sluice"
SECONDS = 60
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
ASKED = "The code that the app shows now: "
checks = 0


def expect(what, condition, shown=""):
    global checks
    checks += 1
    if not condition:
        print(f"not so: {what}\n{shown}")
        sys.exit(1)


def sluice(*words, text="", env=None, folder=None):
    return subprocess.run([str(SLUICE), *map(str, words)], input=text, text=True, capture_output=True, check=False,
                          timeout=SECONDS, cwd=folder or SOURCE, env={**CLEAN, **(env or {})})


def answers(done, code, *parts, error=False):
    said = done.stderr if error else done.stdout
    shown = f"{done.args}\nexit {done.returncode}\n--- out\n{done.stdout}\n--- err\n{done.stderr}"
    expect(f"exit code {code}", done.returncode == code, shown)
    for part in parts:
        expect(f"says {part!r}", part in said, shown)
    expect("no sanitizer report", "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, shown)


def code_of(secret, at=None):
    """RFC 6238 once more, by nobody's library."""
    step = int((time.time() if at is None else at) // 30)
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7fffffff) % 1000000:06d}"


def wrong_code(secret):
    near = {code_of(secret, time.time() + 30 * i) for i in range(-3, 4)}
    return next(f"{n:06d}" for n in range(10) if f"{n:06d}" not in near)


class Terminal:
    """The program in a terminal of its own."""

    def __init__(self, *words, folder=None, user=None):
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen([str(SLUICE), *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs,
                                        cwd=folder or SOURCE, env={**CLEAN, "TERM": "xterm"}, start_new_session=True,
                                        user=user)
        os.close(theirs)
        self.said = ""

    def until(self, words):
        """Reads on until the words come (or the end, when they are None)."""
        end = time.monotonic() + SECONDS
        data = self.said.encode()
        while words is None or words not in self.said:
            expect(f"{words!r} comes in time", time.monotonic() < end, self.said)
            if not select.select([self.ours], [], [], 1)[0]:
                continue
            try:
                piece = os.read(self.ours, 65536)
            except OSError:  # the other end of a terminal is gone
                piece = b""
            if not piece:
                expect(f"{words!r} comes before the end", words is None, self.said)
                break
            data += piece
            self.said = data.decode("utf-8", "replace").replace("\r\n", "\n")
        return self.said

    def forget(self):
        self.said = ""

    def type(self, line):
        os.write(self.ours, (line + "\n").encode())

    def end(self):
        self.until(None)
        code = self.process.wait(SECONDS)
        os.close(self.ours)
        return code


class Picture(ctypes.Structure):
    _fields_ = [("version", ctypes.c_int), ("width", ctypes.c_int), ("data", ctypes.POINTER(ctypes.c_ubyte))]


def picture_of(text):
    """The matrix that libqrencode gives for a text: smallest size, lowest redundancy."""
    library = ctypes.CDLL(ctypes.util.find_library("qrencode"))
    library.QRcode_encodeString8bit.restype = ctypes.POINTER(Picture)
    library.QRcode_encodeString8bit.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int]
    code = library.QRcode_encodeString8bit(text.encode(), 0, 0).contents
    return [[code.data[y * code.width + x] & 1 for x in range(code.width)] for y in range(code.width)]


def picture_in(said):
    """The matrix that stands in the terminal, without its margin of four."""
    halves = {" ": (0, 0), "▄": (0, 1), "▀": (1, 0), "█": (1, 1)}
    rows = []
    for line in re.findall(r"^\x1b\[30;47m([ ▄▀█]+)\x1b\[0m$", said, re.M):
        rows.append([halves[c][0] for c in line])
        rows.append([halves[c][1] for c in line])
    width = len(rows[0])
    expect("a picture that is square", len(rows) in (width, width + 1), said)
    rows = rows[:width]
    margin = [row for i, row in enumerate(rows) if i < 4 or i >= width - 4]
    expect("a margin all around", not any(map(any, margin)) and not any(any(row[:4] + row[-4:]) for row in rows), said)
    return [row[4:-4] for row in rows[4:-4]]


def policy_in(folder, code):
    token = folder / "token"
    token.write_text("dop_v1_" + "5" * 64)
    token.chmod(0o600)
    text = (SOURCE / "policy.solo.yaml.example").read_text(encoding="utf-8")
    for was, becomes in (("file:/etc/sluice/codes/ana", code), ("file:/etc/sluice/token", f"file:{token}")):
        expect(f"the example has {was!r}", text.count(was) == 1)
        text = text.replace(was, becomes)
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path, "ana"


def test_words(folder):
    answers(sluice("code"), 2, "usage: sluice code", error=True)
    answers(sluice("code", "--help"), 0, "usage: sluice code", "enroll", "check", "unlock")
    answers(sluice("code", "enroll", "--help"), 0, "usage: sluice code")
    answers(sluice("code", "enroll"), 2, "a person is missing", error=True)
    answers(sluice("code", "explode", "ana"), 2, "usage: sluice code", error=True)
    answers(sluice("code", "check", "ana", "bob"), 2, '"bob" is one word too many', error=True)
    answers(sluice("code", "check", "ana", "--policy"), 2, "--policy", error=True)
    answers(sluice("code", "check", "ana", "--policy", folder / "absent.yaml"), 2, "absent.yaml", error=True)
    answers(sluice("code", "check", "ana", "--file", folder / "absent"), 2, "absent", error=True)


def test_enroll(folder):
    place = folder / "codes"
    place.mkdir()
    policy, person = policy_in(folder, f"file:{place}/secret")
    file = place / "secret"

    # no terminal: nothing is shown, nothing is written
    done = sluice("code", "enroll", person, "--policy", policy)
    answers(done, 2, "no terminal", "Nothing was written", error=True)
    expect("nothing was written", not any(place.iterdir()) and done.stdout == "")

    terminal = Terminal("code", "enroll", person, "--policy", policy)
    said = terminal.until(ASKED)
    uri = re.search(r"^otpauth://\S+$", said, re.M)
    expect("a line for the app", uri is not None, said)
    secret = re.fullmatch(rf"otpauth://totp/Sluice:{person}\?secret=([A-Z2-7]{{32}})&issuer=Sluice", uri.group(0))
    expect("the line's form", secret is not None, said)
    secret = secret.group(1)
    expect("the picture is the library's", picture_in(said) == picture_of(uri.group(0)), said)
    expect("the file holds it", file.read_text() == secret + "\n")
    expect("the file is private", stat.S_IMODE(file.stat().st_mode) == 0o600)
    expect("the folder holds nothing else", [path.name for path in place.iterdir()] == ["secret"])
    expect("said twice: in the line, and nowhere else", said.count(secret) == 1)
    terminal.forget()
    terminal.type(wrong_code(secret))
    terminal.until("It does not fit. Is the clock right?")
    terminal.type(code_of(secret))
    expect("exit code 0", terminal.end() == 0, terminal.said)
    expect("it fits", f"It fits. {person} can confirm with codes now." in terminal.said, terminal.said)
    expect("not said again", secret not in terminal.said)

    # a second time only when it is wanted
    terminal = Terminal("code", "enroll", person, "--policy", policy)
    expect("exit code 2", terminal.end() == 2, terminal.said)
    expect("is there already", "is there already; --replace" in terminal.said, terminal.said)
    expect("untouched", file.read_text() == secret + "\n")

    (place / "secret.new").write_text("of one that was broken off")
    terminal = Terminal("code", "enroll", person, "--policy", policy, "--replace")
    terminal.until(ASKED)
    expect("another secret", file.read_text() != secret + "\n" and file.read_text().strip() in terminal.said)
    expect("private again", stat.S_IMODE(file.stat().st_mode) == 0o600)
    expect("nothing beside it", [path.name for path in place.iterdir()] == ["secret"])
    for _ in range(3):
        terminal.type("000 00")
    expect("exit code 1", terminal.end() == 1, terminal.said)
    expect("not proved", "Not proved" in terminal.said, terminal.said)
    return policy, person, file


def test_no_core(folder):
    """A process that may be dumped or looked into belongs to its user in /proc; one that may not, to root."""
    place = folder / "private"
    place.mkdir()
    user = None
    if os.geteuid() == 0:
        user = 65534
        os.chown(place, user, user)
        folder.chmod(0o755)
    terminal = Terminal("code", "enroll", "ana", "--file", place / "secret", folder=place, user=user)
    terminal.until(ASKED)
    expect("nobody looks into it", os.stat(f"/proc/{terminal.process.pid}/environ").st_uid != (user or os.geteuid()))
    terminal.process.send_signal(signal.SIGKILL)
    terminal.process.wait(SECONDS)
    os.close(terminal.ours)
    if user is not None:
        # root enrols for the bot: the file is the folder owner's, and stays so
        for words in ((), ("--replace",)):
            with contextlib.suppress(FileNotFoundError):
                (place / "for-bot").chmod(0o600)
            answers(sluice("code", "enroll", "ana", "--file", place / "for-bot", "--force", *words), 1, "otpauth://")
            expect("it is the bot's", (place / "for-bot").stat().st_uid == user)
    else:
        print("skipped: only root can give a file to another user")


def test_check(policy, person, file):
    secret = file.read_text().strip()
    for code in (code_of(secret), code_of(secret)[:3] + " " + code_of(secret)[3:]):
        answers(sluice("code", "check", person, "--policy", policy, text=code + "\n"), 0, "Right.")
    answers(sluice("code", "check", person, "--file", file.name, folder=file.parent, text=code_of(secret) + "\n"), 0)
    answers(sluice("code", "check", person, f"--policy={policy}", text=wrong_code(secret) + "\n"), 1, "Wrong")
    answers(sluice("code", "check", person, "--policy", policy, text="hello\n"), 1, "Wrong")
    answers(sluice("code", "check", person, "--policy", policy), 2, "no code was typed", error=True)
    answers(sluice("code", "check", "nobody", "--policy", policy), 2, 'no place for the code of "nobody"', error=True)
    file.chmod(0o604)
    done = sluice("code", "check", person, "--policy", policy)
    answers(done, 2, "can be read by every user", error=True)
    file.chmod(0o600)
    file.write_text(secret[:-1] + "1\n")
    spoilt = sluice("code", "check", person, "--policy", policy)
    answers(spoilt, 2, "is not base32", error=True)
    for one in (done, spoilt):
        expect("the secret is not said", secret[:8] not in one.stdout + one.stderr)


def test_other_places(folder):
    secret = base64.b32encode(b"12345678901234567890").decode()
    policy, person = policy_in(folder, "env:ANAS_CODE")
    env = {"ANAS_CODE": secret}
    done = sluice("code", "enroll", person, "--policy", policy, "--force", env=env)
    answers(done, 2, "env:ANAS_CODE", "--file", error=True)
    expect("the secret is not said", secret not in done.stdout + done.stderr)
    answers(sluice("code", "check", person, "--policy", policy, env=env, text=code_of(secret) + "\n"), 0, "Right.")
    answers(sluice("code", "check", person, "--policy", policy), 2, "ANAS_CODE", error=True)


def test_unlock(folder):
    policy, person = policy_in(folder, "env:ANAS_CODE")
    state = folder / "state.db"
    answers(sluice("code", "unlock", person, "--state", state), 2, "state.db", error=True)
    run = sluice("run", "--policy", policy, "--state", state, "--console", "--ocean-url", "http://127.0.0.1:9", "--listen", "")
    expect("a state file", state.exists(), run.stdout + run.stderr)
    marker = folder / f"state.db.unlock-{person}"

    answers(sluice("code", "unlock", person, "--state", state), 0, "is not locked")
    expect("no marker", not marker.exists())
    with contextlib.closing(sqlite3.connect(state)) as base:
        base.execute("INSERT INTO cursor VALUES (?, ?)", (f"code/{person}", f"1 0 0 1 {int(time.time() + 200) * 1000}"))
        base.commit()
    answers(sluice("code", "unlock", "other", "--state", state), 0, "is not locked")
    answers(sluice("code", "unlock", person, "--state", state), 0, "is let in again at the next code")
    expect("a private marker", stat.S_IMODE(marker.stat().st_mode) == 0o600)
    marker.unlink()
    # where the policy says where the state is
    with policy.open("a", encoding="utf-8") as more:
        more.write(f'settings: {{state: "{state}"}}\n')
    answers(sluice("code", "unlock", person, "--policy", policy), 0, "is let in again")
    expect("the marker is there", marker.exists())


with tempfile.TemporaryDirectory(prefix="sluice-code-") as name:
    root = pathlib.Path(name)
    parts = {}
    for part in ("words", "enroll", "core", "other", "unlock"):
        parts[part] = root / part
        parts[part].mkdir()
    root.chmod(0o755)
    test_words(parts["words"])
    enrolled = test_enroll(parts["enroll"])
    test_check(*enrolled)
    test_no_core(parts["core"])
    test_other_places(parts["other"])
    test_unlock(parts["unlock"])
print(f"ok, {checks} checks")
