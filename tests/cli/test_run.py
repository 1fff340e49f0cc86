#!/usr/bin/env python3
# test_run.py - a running program from outside: one person only, colours, two at once, a dead token, signals, health, the
# log altered by hand, a full disk
import http.client
import json
import os
import pty
import re
import resource
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import pathlib

sys.dont_write_bytecode = True
from test_cli import CLEAN, SECONDS, SLUICE, SOURCE, TOKEN, answers, expect, simulator, sluice, terminal, terminal_policy


class Running:
    """sluice run with a pipe on both sides."""

    def __init__(self, words, **more):
        self.process = subprocess.Popen([str(SLUICE), *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, bufsize=1, env=CLEAN, cwd=SOURCE, **more)
        self.heard = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def say(self, line, *until):
        """Says it and reads until all of `until` came."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.wait(line, *until)

    def wait(self, after, *until):
        """Reads until all of `until` came."""
        start = len(self.heard)
        deadline = time.monotonic() + SECONDS
        while not all(part in self.heard[start:] for part in until):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 65536).decode() if ready else ""
            expect(f"after {after!r} comes {until}", chunk != "", self.heard[start:])
            self.heard += chunk
        return self.heard[start:]

    def quiet(self, seconds):
        """Nothing is said for so long."""
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        expect("silence", not ready, os.read(self.process.stdout.fileno(), 65536).decode() if ready else "")

    def stop(self, seconds=2.0):
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=SECONDS)
        expect("SIGTERM ends it with 0", self.process.returncode == 0, errors)
        expect(f"within {seconds} s", time.monotonic() - started < seconds, str(time.monotonic() - started))
        return errors


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def steer(url, path, body):
    connection = http.client.HTTPConnection(url.split("//")[1], timeout=SECONDS)
    connection.request("POST", path, body)
    expect(f"the simulator takes {body!r}", connection.getresponse().status == 200)
    connection.close()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_one_person(folder, url):
    """/as and /in: the demo's words, ordinary text everywhere else."""
    lines = "@sluice whoami\n/as ana\n/in ops\n@sluice whoami\n"
    done = sluice(*terminal(folder, url, "dora", "dev"), text=lines)
    answers(done, 0, "You are dora.", 'do not know "as ana"', 'do not know "in ops"')
    expect("twice dora, never ana", done.stdout.count("You are dora.") == 2 and "You are ana" not in done.stdout,
           done.stdout)
    script = folder / "script"
    script.write_text(lines)
    done = sluice("demo", "--script", script)
    answers(done, 0, "You are bob.", "You are ana.", "#ops ana>")
    expect("there they are no text", "do not know" not in done.stdout, done.stdout)


def test_own_droplet(folder, url):
    """It asks on which droplet it runs, and does not switch that one off; where nobody answers it is on none."""
    with simulator("--self", "440212003") as on_one:
        words = [*terminal(folder, on_one, "bob", "ops"), "--metadata-url", on_one + "/metadata/v1/id"]
        with Running(words) as bot:
            bot.say("stop web-1", "Refused: I run on web-1.", "Nothing ran.")
            bot.say("stop shop-web-1", "Shutting down shop-web-1")
            bot.stop()
    with Running([*terminal(folder, url, "bob", "ops"), "--metadata-url", url + "/metadata/v1/id"]) as bot:
        bot.say("stop web-1", "Shutting down web-1")
        bot.stop()
    # nobody listens there yet, as on a droplet whose network is not up: it waits for the answer, and asks again
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        port.settimeout(SECONDS)
        late = "http://127.0.0.1:%d/metadata/v1/id" % port.getsockname()[1]
        with Running([*terminal(folder, url, "bob", "ops"), "--metadata-url", late]) as bot:
            bot.say("stop web-1", "stop web-1\n")
            bot.quiet(0.5)
            port.listen()
            asking, _ = port.accept()
            with asking:
                asking.recv(4096)
                asking.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n440212003")
            bot.wait("the answer", "Refused: I run on web-1.")
            bot.stop()


def test_team(folder, url):
    """Whose account it is stands in the log at the start; another team's token is told to the keepers, once."""
    words = [*terminal(folder, url, "bob", "ops"), "--log", "info"]

    def start():
        with Running(words) as bot:
            bot.say("whoami", "You are bob.")
            time.sleep(1.5)
            heard = bot.say("whoami", "You are bob.")
            return bot.stop() + heard

    first = start()
    expect("the team is logged", "event=ocean.team account=main team=" in first, first)
    expect("nothing changed", "at the last start" not in first, first)
    with sqlite3.connect(folder / "state.db") as db:
        db.execute("UPDATE cursor SET value = 'Umbrella' WHERE name = 'team/main'")
    expect("another one is told", "now, at the last start it was Umbrella" in start())
    expect("once", "at the last start" not in start())


def test_token_news(folder, url):
    """A token that ends soon, or lacks a scope, is told where the keepers are, with what to do; one that lasts is not."""
    with simulator("--token-days", "9", "--scopes", "droplet:read,droplet:update,account:read") as old, \
            Running([*terminal(folder, old, "bob", "dev"), "--log", "info"]) as bot, \
            simulator("--token-days", "200") as young, \
            Running([*terminal(folder, young, "bob", "ops"), "--state", folder / "young.db"]) as other:
        heard = " ".join(bot.wait("the first look", "ends in 8 days", "Make a new one", "lacks scopes:", "tag:read").split())
        expect("whose it is", 'token of account "main" ends in 8 days.' in heard, heard)
        expect("it has that one", "lacks scopes: droplet:read" not in heard, heard)
        expect("not where others read", "#ops" in heard and "#dev" not in heard, heard)
        other.quiet(3)
        errors = bot.stop()
        expect("and in the log", 'level=warn event=ocean.token account=main' in errors and "days=8" in errors, errors)
        other.stop()


def test_colours(folder, url):
    master, slave = pty.openpty()
    words = [str(SLUICE), *map(str, terminal(folder, url, "bob", "ops"))]
    shown = b""
    with subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=CLEAN, start_new_session=True) as process:
        os.close(slave)
        os.write(master, b"power off shop-db-99\nlist tag:staging\n\x04")
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            if not chunk:
                break
            shown += chunk
        expect("Ctrl-D ends it with 0", process.wait(SECONDS) == 0, shown.decode(errors="replace"))
    os.close(master)
    text = shown.decode(errors="replace")
    expect("colours on a terminal", "\x1b[0m" in text or "\x1b[m" in text, repr(text))
    expect("and the answer", "s-web-1" in text, text)


def test_two_at_once(folder, url):
    with Running(terminal(folder, url, "bob", "ops")) as first:
        first.say("whoami", "You are bob")
        answers(sluice(*terminal(folder, url, "bob", "ops"), text="whoami\n"), 1, "state.db", error=True)
        answers(sluice("audit", "--state", folder / "state.db", "verify"), 0, "ok, ")  # a reader may
        first.stop()
    answers(sluice(*terminal(folder, url, "bob", "ops"), text="whoami\n"), 0, "You are bob")


def test_port_taken(folder, url):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        answers(sluice(*terminal(folder, url, "bob", "ops"), "--listen", address, text="whoami\n"), 1, address, error=True)


def test_health(folder, url):
    port = free_port()
    with Running([*terminal(folder, url, "bob", "ops"), "--listen", f"127.0.0.1:{port}"]) as running:
        running.say("list", "shop-web-1")
        expect("health", get(port, "/healthz") == (200, "ok\n"))
        expect("no other page", get(port, "/secret")[0] == 404)
        status, body = get(port, "/metrics")
        expect("metrics", status == 200, body)
        # three pages of droplets; the projects, which the policy names, and what is in each
        for name in ("sluice_events_total 1", "sluice_loop_stall", "sluice_digitalocean_requests_total 7", "sluice_chat_up 1",
                     "sluice_chat_reconnects_total 0", "sluice_command"):
            expect(f"a metric {name}", name in body, body)
        expect("no token among them", TOKEN not in body)
        running.stop()


def test_reload(folder, url):
    policy = folder / "policy.yaml"
    good = policy.read_text(encoding="utf-8")
    less = good.replace("[leads, bob]", "[leads]")
    port = free_port()
    with Running([*terminal(folder, url, "bob", "ops"), "--listen", f"127.0.0.1:{port}"]) as running:
        running.say("@sluice list tag:staging", "s-web-1")
        # by a signal: a good one swaps, bob loses everything
        policy.write_text(less, encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.wait("the signal", "The policy was read again", "by a signal", "0 gains", "- bob may no longer")
        running.say("@sluice reboot s-web-1", "Nothing ran.")
        # a wrong one changes nothing, and is told once whatever tells of it
        policy.write_text(good.replace("version: 1", "version: 9"), encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.wait("the signal", "Nothing changed. The old policy stays.", "version")
        running.process.send_signal(signal.SIGHUP)
        running.quiet(1.2)
        body = get(port, "/metrics")[1]
        for line in ("sluice_policy_file_refused 1", 'sluice_policy_reloads_total{result="refused"} 1',
                     'sluice_policy_reloads_total{result="loaded"} 1', 'sluice_policy_info{id="'):
            expect(f"a metric {line}", line in body, body)
        expect("when it was loaded", "sluice_policy_loaded_timestamp_seconds 1" in body, body)
        running.say("@sluice reboot s-web-1", "Nothing ran.")
        # by its change: replaced as editors do it
        (folder / "new.yaml").write_text(good, encoding="utf-8")
        os.rename(folder / "new.yaml", policy)
        running.wait("the change", "The policy was read again", "because the file changed", "+ bob may")
        expect("right again", "sluice_policy_file_refused 0" in get(port, "/metrics")[1])
        running.say("@sluice reboot s-web-1", "Rebooted s-web-1")
        # not safe: anybody could write it
        policy.chmod(0o666)
        running.wait("the change", "Nothing changed. The old policy stays.", "everybody")
        policy.chmod(0o600)
        running.wait("the change", "The policy file is right again.")
        # whoever has no right to it
        running.say("@sluice policy reload", "Nothing ran.")
        # a stop while it is being read
        running.process.send_signal(signal.SIGHUP)
        errors = running.stop()
        expect("the wrong one is in the log", "policy.refused" in errors and "E009" in errors and "E021" in errors, errors)
    rows = [json.loads(line) for line in sluice("audit", "--state", folder / "state.db").stdout.splitlines()]
    told = [row["outcome"] for row in rows if row["kind"] == "reload"]
    expect("the audit log has all of them", [word for text in told for word in ("signal: from", "signal: refused",
           "file change: from", "file change: refused") if word in text] ==
           ["signal: from", "signal: refused", "signal: refused", "file change: from", "file change: refused"], str(told))
    answers(sluice(*terminal(folder, url, "ana", "ops"), text="policy reload\n"), 0, "The policy file is what it was.")
    policy.chmod(0o666)
    answers(sluice(*terminal(folder, url, "ana", "ops"), text="whoami\n"), 2, "E021", error=True)
    policy.chmod(0o600)
    policy.write_text(good, encoding="utf-8")


def test_dead_token(folder, url):
    with Running(terminal(folder, url, "bob", "ops")) as running:
        running.say("list", "shop-web-1")
        steer(url, "/_sim/token", TOKEN)
        said = running.say("reboot shop-web-1", "Nothing ran.", "token")
        expect("the token itself is not said", TOKEN not in said, said)
        steer(url, "/_sim/token", TOKEN + " destroy")
        running.say("reboot shop-web-1", "Rebooted shop-web-1")
        errors = running.stop()
        expect("nor logged", TOKEN not in errors, errors)


def test_audit(folder, url):
    answers(sluice(*terminal(folder, url, "bob", "ops"), text="reboot shop-web-1\n"), 0, "Rebooted")
    state = folder / "state.db"
    answers(sluice("audit", "--state", state, "verify"), 0, "ok, ")
    rows = [json.loads(line) for line in sluice("audit", "--state", state).stdout.splitlines()]
    expect("rows", len(rows) >= 4 and rows[0]["seq"] == 1, str(rows))
    expect("from the start to the stop", (rows[0]["kind"], rows[-1]["kind"]) == ("start", "stop"), str(rows))
    altered = rows[2]["seq"]
    copy = folder / "altered.db"
    source, target = sqlite3.connect(state), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    (table,) = [name for (name,) in target.execute("select name from sqlite_master where type = 'table'")
                if {"body", "hash"} <= {row[1] for row in target.execute(f"pragma table_info({name})")}]
    target.execute(f"update {table} set body = replace(body, 'bob', 'eve') where seq = ?", (altered,))
    target.commit()
    target.close()
    answers(sluice("audit", "--state", copy, "verify"), 1, str(altered), error=True)
    target = sqlite3.connect(copy)
    target.execute(f"delete from {table} where seq = ?", (altered,))
    target.commit()
    target.close()
    answers(sluice("audit", "--state", copy, "verify"), 1, str(altered), error=True)


def test_mirror(folder, url):
    policy = folder / "policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("  ops: ops ", "  audit_mirror: ops\n  ops: ops "),
                      encoding="utf-8")
    state = folder / "state.db"
    done = sluice(*terminal(folder, url, "bob", "ops"), text="list\n")
    answers(done, 0, "Audit log:")
    told = done.stdout.split("Audit log:")[-1].split()[-1]
    seq, _, digest = told.partition(":")
    with sqlite3.connect(state) as database:
        rows = database.execute("select seq, hash from log order by seq desc limit 1").fetchall()
        expect("the newest row is told at the stop", rows == [(int(seq), digest)], told)
        database.execute("update log set hash = ? where seq = ?", ("0" * 64, int(seq)))
    with Running(terminal(folder, url, "bob", "ops")) as running:
        running.wait("the first look", "The audit log was rewritten.", f"Row {seq} is not the one that I told", digest)
        errors = running.stop(4.0)
        expect("and in the log", "audit.rewritten" in errors, errors)


def test_audit_questions(folder, url):
    answers(sluice(*terminal(folder, url, "bob", "ops"), text="reboot shop-web-1\nlist\n"), 0, "Rebooted")
    state = folder / "state.db"

    def audit(*words):
        done = sluice("audit", "--state", state, *words)
        expect("exit 0", done.returncode == 0, done.stderr)
        return done.stdout

    def rows(*words):
        return [json.loads(line) for line in audit(*words).splitlines()]

    everything = rows()
    expect("bob's", rows("--person", "bob") == [row for row in everything if row.get("person") == "bob"])
    expect("the verb's", {row["verb"] for row in rows("--verb", "droplet.power")} == {"droplet.power.reboot"})
    expect("the newest", rows("--most", "2") == everything[-2:])
    last = rows("--person", "bob", "--most", "1")[0]
    expect("by id", last in rows(f"--id={last['id']}"))
    expect("an hour", rows("--since", "1h") == everything and rows("--until", "1h") == [])
    expect("nobody's", audit("--person", "eve") == "")
    short = audit("--table", "--verb", "droplet.power.reboot").splitlines()
    expect("short lines", short and all(len(line) <= 40 for line in short), str(short))
    head = audit("head").strip()
    expect("the head", head == f"{everything[-1]['seq']}:{everything[-1]['hash']}", head)
    answers(sluice("audit", "--state", state, "verify", "--head", head), 0, "ok, ")
    answers(sluice("audit", "--state", state, "verify", "--head", head[:-1] + ("0" if head[-1] != "0" else "1")), 1,
            "rewritten", error=True)
    database = sqlite3.connect(state)
    database.execute("delete from log where seq = (select max(seq) from log)")
    database.commit()
    database.close()
    answers(sluice("audit", "--state", state, "verify"), 0, "ok, ")
    answers(sluice("audit", "--state", state, "verify", "--head", head), 1, "cut off", error=True)
    expect("the policy's text", "sre" in audit("policy", everything[0]["policy"]))
    answers(sluice("audit", "--state", state, "policy", "0000"), 1, "no text", error=True)
    for wrong in (["--since", "soon"], ["--most", "0"], ["--droplet", "web-1"], ["--nothing", "x"], ["--person"],
                  ["verify", "--person", "bob"], ["--head", head], ["head", "x"], ["verify", "--head", "x"]):
        expect(f"wrong use: {wrong}", sluice("audit", "--state", state, *wrong).returncode == 2)


def test_audit_rolls(folder, url):
    """The log leaves the database by itself while the program runs, and all of it is one chain."""
    state = folder / "state.db"
    with Running((*terminal(folder, url, "bob", "ops"), "--audit-rows", "10")) as running:
        for _ in range(12):
            running.say("list", "shop-web-1")
        until = time.monotonic() + SECONDS
        while not list(folder.glob("state.db-audit/*.jsonl")) and time.monotonic() < until:
            time.sleep(0.1)
        files = list(folder.glob("state.db-audit/*.jsonl"))
        expect("a closed file", files != [] and files[0].stat().st_mode & 0o777 == 0o600)
        answers(sluice("audit", "--state", state, "verify"), 0, "ok, ")
        running.say("list", "shop-web-1")
        running.stop()
    seqs = [json.loads(line)["seq"] for line in sluice("audit", "--state", state).stdout.splitlines()]
    expect("each row once", seqs == list(range(1, len(seqs) + 1)), str(seqs))
    file = sorted(folder.glob("state.db-audit/*.jsonl"))[0]
    file.write_text(file.read_text().replace("bob", "eve", 1))
    answers(sluice("audit", "--state", state, "verify"), 1, file.name, error=True)


def log_of(folder):
    return [json.loads(line) for line in sluice("audit", "--state", folder / "state.db").stdout.splitlines()]


def test_consent(folder, url):
    """A yes is on disk, bound to what was shown and with the policy's hash beside it: killed in between, it counts all the same."""
    with Running(terminal(folder, url, "bob", "ops")) as running:
        running.say("power off shop-web-1", "Power off shop-web-1?", "Confirm")
        running.say("confirm", "It needs an approval")
        running.process.kill()
        running.process.communicate()
    with Running(terminal(folder, url, "ana", "ops")) as running:
        until = time.monotonic() + SECONDS  # whom it asks is looked at anew first; until then nobody claims that nothing waits
        while "waits for you" not in running.say("pending", "waits") and time.monotonic() < until:
            pass
        expect("never a lie", "Nothing waits" not in running.heard and "power off shop-web-1, by bob" in running.heard, running.heard)
        running.say("approve", "Powered off shop-web-1")
        running.stop()
    rows = log_of(folder)
    with sqlite3.connect(folder / "state.db") as database:
        given = database.execute("select person, digest, policy_id from consent order by at_ms").fetchall()
        asked = database.execute("select digest from request").fetchall()
    expect("both of them", [person for person, _, _ in given] == ["bob", "ana"], str(given))
    expect("bound to the same thing", len(asked) == 1 and {digest for _, digest, _ in given} == {asked[0][0]}, str(given))
    expect("SHA-256", re.fullmatch("[0-9a-f]{64}", asked[0][0]), str(asked))
    expect("with the policy's hash", {one for _, _, one in given} == {rows[0]["policy"]}, str(given))
    done = next(row for row in rows if row.get("state") == "done")
    expect("approved by", done["person"] == "bob" and done["approvers"] == ["ana"], str(done))


def test_denied_again(folder, url):
    """The same no again within the minute is counted: one row at once, and one for all that followed."""
    with Running(terminal(folder, url, "bob", "ops")) as running:
        for _ in range(6):
            running.say("@sluice policy reload", "Nothing ran. You may not")
        running.say("@sluice destroy shop-web-1", "Nothing ran.")  # another verb is another matter
        running.stop()
    denied = [(row["verb"], row.get("count", 0)) for row in log_of(folder) if row.get("verdict") == "deny"]
    expect("folded", sorted(denied) == [("droplet.destroy", 0), ("policy.reload", 0), ("policy.reload", 5)], str(denied))
    answers(sluice("audit", "--state", folder / "state.db", "verify"), 0, "ok, ")


def test_old_policies(folder, url):
    """What a row refers to by file and line can be read after the file is another one, also when the row has left the database."""
    policy = folder / "policy.yaml"
    texts = [policy.read_text(encoding="utf-8")]
    texts += ["#\n" + texts[0], "#\n#\n" + texts[0]]  # every line is another one
    for text in texts:
        policy.write_text(text, encoding="utf-8")
        with Running((*terminal(folder, url, "bob", "ops"), "--audit-rows", "1")) as running:
            running.say("list", "shop-web-1")
            running.say("@sluice destroy shop-web-1", "Nothing ran.")
            until = time.monotonic() + SECONDS
            before = len(list(folder.glob("state.db-audit/*.jsonl")))
            while len(list(folder.glob("state.db-audit/*.jsonl"))) == before and time.monotonic() < until:
                time.sleep(0.1)
            running.stop()
    rows = log_of(folder)
    ids = list(dict.fromkeys(row["policy"] for row in rows if "policy" in row))
    expect("three policies", len(ids) == 3, str(ids))
    with sqlite3.connect(folder / "state.db") as database:
        kept = [one for (one,) in database.execute("select id from policy")]
    expect("the first has left the database", ids[0] not in kept and ids[2] in kept, str(kept))
    for one, text in zip(ids, texts):
        expect("its text", sluice("audit", "--state", folder / "state.db", "policy", one).stdout == text)
        ruled = next(row for row in rows if row.get("policy") == one and row.get("rules"))
        name, line = ruled["rules"][0].rsplit(":", 1)
        expect("its line", name in text.splitlines()[int(line) - 1], str(ruled))


def test_space(folder, url):
    """A database, or a folder of closed files, that is nearly full is told while there is still room."""
    answers(sluice(*terminal(folder, url, "bob", "ops"), text="whoami\n"), 0, "You are bob")
    with sqlite3.connect(folder / "state.db") as database:
        database.execute("create table filler as select zeroblob(850000)")
    with Running((*terminal(folder, url, "bob", "dev"), "--state-mib", "1")) as running:
        heard = running.wait("the first look", "My database has", "When it is full I refuse changes.")
        expect("how much", re.search(r"My database has (8|9)\d % of its 1 MiB", " ".join(heard.split())), heard)
        running.stop()
    with sqlite3.connect(folder / "state.db") as database:
        database.execute("drop table filler")
    with Running((*terminal(folder, url, "bob", "dev"), "--audit-mib", "1", "--audit-rows", "10")) as running:
        for i in range(0, 3000, 50):
            running.say("@sluice xyzzy\n" * 49 + "@sluice whoami", "You are bob")
        heard = running.wait("the first look", "The folder of closed audit files has", "Move the oldest files away.")
        expect("how much", re.search(r"has (8|9)\d % of its 1 MiB", " ".join(heard.split())), heard)
        running.stop()
    answers(sluice("audit", "--state", folder / "state.db", "verify"), 0, "ok, ")


def test_garbage(folder, url):
    noise = bytes((i * 197 + i // 7) % 256 for i in range(200_000)) + b"\nwhoami\n"
    done = subprocess.run([str(SLUICE), *map(str, terminal(folder, url, "bob", "ops"))], input=noise, timeout=SECONDS,
                          capture_output=True, check=False, env=CLEAN, cwd=SOURCE)
    out = done.stdout.decode()
    expect("exit 0", done.returncode == 0, done.stderr.decode(errors="replace"))
    expect("a sentence", "Nothing was done." in out, out)
    expect("and it goes on", "You are bob." in out, out)


def test_full_disk(folder, url):
    """The database cannot grow: a change is refused with a sentence, reads go on, and later all is well."""
    state = folder / "state.db"
    answers(sluice(*terminal(folder, url, "bob", "ops"), text="whoami\n"), 0, "You are bob")
    with Running(terminal(folder, url, "bob", "ops")) as running:
        running.say("whoami", "You are bob")
        used = max(path.stat().st_size for path in folder.glob("state.db*"))
        signal_free = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (min(used, 4096), signal_free[1]))
        said = running.say("reboot shop-web-1", "Nothing")
        expect("it did not begin", "Rebooted" not in said, said)
        running.say("list", "shop-web-1")
        expect("it lives", running.process.poll() is None)
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, signal_free)
        running.say("reboot shop-web-1", "Rebooted shop-web-1")
        running.stop()
    answers(sluice("audit", "--state", state, "verify"), 0, "ok, ")


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_") and callable(value)]
    for test in tests:
        with tempfile.TemporaryDirectory(prefix="sluice-run-") as name, simulator() as url:
            folder = pathlib.Path(name)
            terminal_policy(folder)
            test(folder, url)
            print(f"{test.__name__}: fine", flush=True)
    expect("all of them ran", len(tests) >= 10)


if __name__ == "__main__":
    main()
