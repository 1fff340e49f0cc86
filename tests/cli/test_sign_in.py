#!/usr/bin/env python3
# test_sign_in.py - OAuth from outside: sign in by callback and by paste, run the bot with it, refresh, crash, sign out
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
from test_cli import SLUICE, CLEAN, SOURCE, answers, expect, simulator, sluice, terminal_policy

SECRETS = re.compile(r"do[or]_v1_|sim-client-secret|simcode")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def get(url, body=None):
    """The status, where it leads, and what it says; redirects are not followed."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
    try:
        with opener.open(urllib.request.Request(url, data=body), timeout=20) as reply:
            return reply.status, "", reply.read().decode()
    except urllib.error.HTTPError as reply:
        with reply:
            return reply.code, reply.headers.get("location", ""), reply.read().decode()


def refreshes(url):
    """How often /token was posted to."""
    return get(url + "/_sim/log")[2].count('"path":"/v1/oauth/token"')


def words(folder, url, *more):
    return ("sign-in", folder / "main.json", "--client-id", "sim-client", "--client-secret", f"file:{folder / 'client'}",
            "--ocean-url", url, *more)


@contextlib.contextmanager
def signing(folder, url, *more):
    """A running sign-in, and the address that it printed."""
    with subprocess.Popen([str(SLUICE), *map(str, words(folder, url, *more))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=CLEAN, cwd=SOURCE) as process:
        address = ""
        while not address.startswith("http"):
            address = process.stdout.readline().strip()
            expect("an address", process.poll() is None, address)
        yield process, address


def ended(process, code, *parts, error=False, text=None):
    out, err = process.communicate(text, timeout=60)
    answers(subprocess.CompletedProcess(process.args, process.returncode, out, err), code, *parts, error=error)
    expect("no secret is said", not SECRETS.search(out + err), out + err)
    return out


def by_callback(folder, url):
    with signing(folder, url, "--scope", "destroy", "--listen", "127.0.0.1:0") as (process, address):
        expect("no secret in the address", "client-secret" not in address, address)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)
        expect("128 bits of state", re.fullmatch("[0-9a-f]{32}", query["state"][0]), address)
        status, back, _ = get(address)
        expect("the browser is sent back", status == 302 and back.startswith(query["redirect_uri"][0]), back)
        wrong = back.replace(query["state"][0], "0" * 32)
        expect("another state is refused", get(wrong)[0] == 400)
        expect("a state that is cut is refused", get(back[:-1])[0] == 400)
        expect("no state is refused", get(re.sub("&state=.*", "", back))[0] == 400)
        expect("another path", get(back.replace("/callback", "/x"))[0] == 404)
        expect("it still waits", process.poll() is None)
        expect("ours is taken", get(back)[0] == 200)
        ended(process, 0, 'Signed in to team "Acme", until 20', f'token: "oauth:{folder}/main.json"')
    file = folder / "main.json"
    held = json.loads(file.read_text())
    expect("mode 0600", file.stat().st_mode & 0o777 == 0o600)
    expect("the place, not the secret", held["client_secret"] == f"file:{folder / 'client'}" and held["team"] == "Acme")
    expect("both tokens", held["access_token"].startswith("doo_v1_") and held["refresh_token"].startswith("dor_v1_"))
    expect("nothing is left beside it", not (folder / "main.json.new").exists())


def by_paste(folder, url):
    for form in (lambda back: back, lambda back: urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)["code"][0]):
        with signing(folder, url, "--paste", "--scope", "destroy") as (process, address):
            back = get(address)[1]
            other = "http://127.0.0.1:8477/callback?code=x&state=" + "0" * 32
            ended(process, 0, "is of another sign-in", "neither a code nor", "Signed in to team",
                  text=f"{other}\nno code!\n{form(back)}\n")
    # a code works once
    with signing(folder, url, "--paste") as (process, _):
        ended(process, 1, "used up, too old, or for another app", error=True, text=back + "\n" + form(back) + "\n")


def refused(folder, url):
    with signing(folder, url, "--listen", "127.0.0.1:0") as (process, address):
        get(get(address + "&refuse=1")[1])
        ended(process, 1, "was refused at DigitalOcean (access_denied)", error=True)
    with signing(folder, url, "--paste") as (process, _):
        ended(process, 1, "ended without a code; nothing was signed in", error=True, text="")
    (folder / "client").write_text("wrong\n")
    with signing(folder, url, "--paste") as (process, address):
        ended(process, 1, "does not know that client id", error=True, text=get(address)[1] + "\n")
    (folder / "client").write_text("sim-client-secret\n")
    answers(sluice(*words(folder, url), "--listen", "0.0.0.0:80"), 2, "an address of this machine itself", error=True)
    answers(sluice("sign-in", "main.json"), 2, "by its whole path", error=True)
    answers(sluice("sign-in", folder / "x"), 2, "--client-id is missing", error=True)
    answers(sluice("sign-in", folder / "x", "--client-id", "a", "--client-secret", "sim-client-secret"), 2, "file:/PATH", error=True)
    answers(sluice("sign-in", "--help"), 0, "usage: sluice sign-in FILE")
    answers(sluice("sign-out", "--help"), 0, "usage: sluice sign-out FILE")
    answers(sluice("sign-in", folder / "nowhere/x", "--client-id", "a", "--client-secret", f"file:{folder / 'client'}", "--ocean-url",
                   url), 1, "cannot write", error=True)
    answers(sluice(*words(folder, "http://api.example")), 1, "is not https", error=True)


class Bot:
    """The real program in a terminal, on a policy whose every token is the sign-in."""

    def __init__(self, folder, url, name="state.db"):
        policy = folder / (name + ".yaml")  # of its own: another bot may be reading the other one
        if not policy.exists():
            policy.write_text(re.sub(r'"file:[^"]*/token"', f'"oauth:{folder}/main.json"', terminal_policy(folder).read_text()))
            policy.chmod(0o600)
        self.errors = open(folder / (name + ".log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [str(SLUICE), "run", "--policy", str(policy), "--state", str(folder / name), "--ocean-url", url, "--console",
             "--console-as", "bob", "--console-in", "ops", "--metadata-url", url + "/metadata/v1/id"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors, text=True, env=CLEAN, cwd=SOURCE)
        self.said = []
        self.reader = threading.Thread(target=lambda: self.said.extend(iter(self.process.stdout.readline, "")), daemon=True)
        self.reader.start()

    def ask(self, line, *any_of):
        seen = len(self.said)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            said = " ".join("".join(self.said[seen:]).split())
            if any(part in said for part in any_of):
                return said
            expect("the bot runs", self.process.poll() is None, self.log())
            time.sleep(0.05)
        expect(f"{line!r} is answered with one of {any_of}", False, "".join(self.said[seen:]) + self.log())
        return ""

    def works(self):
        said = self.ask("list tag:staging", "s-web-1", "failed", "over", "ran out", "refused")
        expect("the list comes", "s-web-1" in said, said + self.log())

    def log(self):
        self.errors.seek(0)
        return self.errors.read()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.reader.join(10)
        log = self.log()
        expect("no token is said", not SECRETS.search("".join(self.said) + log), log)
        expect("no sanitizer report", "Sanitizer" not in log and "runtime error" not in log, log)
        self.errors.close()
        return log

    def kill(self):
        self.process.kill()
        self.process.wait(60)
        self.reader.join(10)
        self.process.stdin.close()
        self.errors.close()


def sign_in(folder, url):
    with signing(folder, url, "--paste", "--scope", "destroy") as (process, address):
        ended(process, 0, "Signed in", text=get(address)[1] + "\n")


def until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        expect(what, time.monotonic() < end)
        time.sleep(0.05)


def lives_on(folder):
    """Two bots on one file over several lives of a token: each is refreshed once, by either of them."""
    with simulator("--oauth-life", "6") as url:
        sign_in(folder, url)
        first = json.loads((folder / "main.json").read_text())["access_token"]
        bots = [Bot(folder, url, "a.db"), Bot(folder, url, "b.db")]
        for bot in bots:
            bot.works()
        until("three refreshes", lambda: refreshes(url) >= 4)
        for bot in bots:
            bot.works()
        held = json.loads((folder / "main.json").read_text())
        logs = [bot.stop() for bot in bots]
        n_done = sum(log.count("what=refreshed") for log in logs)
        expect("another pair", held["access_token"] != first)
        # the sign-in itself is the first; a refresh that was refused would be one more
        expect("each pair is refreshed by one of them", refreshes(url) - 1 == n_done, f"{refreshes(url)} {n_done}\n" + "\n".join(logs))
        expect("nothing was lost", "is lost" not in "".join(logs), "\n".join(logs))


def over_while_down(folder):
    """A pair whose access token ended while no bot ran is refreshed at the start, before a person is answered."""
    with simulator("--oauth-life", "2") as url:
        sign_in(folder, url)
        time.sleep(2.5)
        bot = Bot(folder, url)
        bot.works()
        bot.stop()


@contextlib.contextmanager
def in_a_refresh(folder, life, answer_ms):
    """A bot whose refresh is under way, and the file as it was before."""
    with simulator("--oauth-life", life) as url:
        sign_in(folder, url)
        before = (folder / "main.json").read_bytes()
        get(url + "/_sim/fault", f"nth=1 method=POST path=/v1/oauth/token kind=slow ms={answer_ms}".encode())
        bot = Bot(folder, url)
        until("the refresh is under way", lambda: refreshes(url) == 2)
        yield url, bot, before


def killed(folder):
    """Killed between DigitalOcean's answer and the disk: the one case in which signing in again is the only way. It is said."""
    with in_a_refresh(folder, "4", 20000) as (url, bot, before):
        bot.kill()
        expect("the file is whole", (folder / "main.json").read_bytes() == before)
        get(url + "/_sim/fault", b"")
        bot = Bot(folder, url)
        said = bot.ask("list tag:staging", "sign in again", "s-web-1")
        expect("it is said", "sign in again (sluice sign-in)" in said, said)
        until("the log says where", lambda: f"sluice sign-in {folder}/main.json" in bot.log())
        sign_in(folder, url)  # beside the bot, which goes on
        bot.works()
        bot.stop()


def stopped(folder):
    """SIGTERM while the answer is under way: it is awaited and written first."""
    with in_a_refresh(folder, "6", 2000) as (url, bot, before):
        bot.process.terminate()
        log = bot.stop()
        expect("it was refreshed before the end", "what=refreshed" in log, log)
        expect("and written", (folder / "main.json").read_bytes() != before)
        bot = Bot(folder, url)
        bot.works()
        bot.stop()


def doctors(folder, url):
    """Doctor looks at a sign-in and does not use it up."""
    file = folder / "main.json"
    look = ("doctor", "--policy", folder / "state.db.yaml", "--state", folder / "state.db", "--listen", "", "--ocean-url", url,
            "--metadata-url", url + "/metadata/v1/id", "--console", "--console-as", "ana", "--console-in", "ops")
    before = file.read_bytes()
    posted = refreshes(url)
    done = sluice(*look)
    answers(done, 0, "ok    sign-in   main/read+change+destroy: until 20", "it can be refreshed", "Nothing is wrong.")
    held = json.loads(before)
    old = {**held, "issued_at": "2020-01-01T00:00:00Z", "expires_at": "2020-01-31T00:00:00Z"}
    file.write_text(json.dumps(old))
    sluice(*look)
    expect("it was not refreshed", file.read_text() == json.dumps(old) and refreshes(url) == posted)
    (folder / "client").rename(folder / "elsewhere")
    answers(sluice(*look), 1, "WRONG sign-in", "do: put the app's secret there")
    (folder / "elsewhere").rename(folder / "client")
    file.write_bytes(before)


def unreadable(folder, url):
    """A bot with a file that is no sign-in does not start, and says why."""
    file = folder / "main.json"
    policy = terminal_policy(folder)
    policy.write_text(re.sub(r'"file:[^"]*/token"', f'"oauth:{file}"', policy.read_text()))
    good = file.read_text()
    run = ("run", "--policy", policy, "--state", folder / "state.db", "--ocean-url", url, "--console")
    for text, mode, part in ((good[:100], 0o600, "is no JSON, or torn"), (good, 0o644, "chmod 600"), ("{}", 0o600, "client_id")):
        file.write_text(text)
        file.chmod(mode)
        done = sluice(*run)
        expect("it does not start", done.returncode in (1, 2), done.stderr)
        expect(f"says {part}", part in done.stderr, done.stderr)
        expect("no secret is said", not SECRETS.search(done.stderr), done.stderr)
    file.write_text(good)
    file.chmod(0o600)
    text = policy.read_text()
    policy.write_text(text.replace("oauth:/", "oauth:"))
    answers(sluice("check", policy), 2, '"oauth:/path"')


def signed_out(folder, url):
    access = json.loads((folder / "main.json").read_text())["access_token"]
    answers(sluice("sign-out", folder / "main.json", "--ocean-url", "http://127.0.0.1:9"), 1, "signing out failed", error=True)
    expect("the file stays", (folder / "main.json").exists())
    answers(sluice("sign-out", folder / "main.json", "--ocean-url", url), 0, 'Signed out of team "Acme"')
    expect("the file is gone", not (folder / "main.json").exists())
    request = urllib.request.Request(url + "/v2/account", headers={"Authorization": "Bearer " + access})
    try:
        urllib.request.urlopen(request, timeout=20).close()
        expect("the token is revoked", False)
    except urllib.error.HTTPError as reply:
        expect("the token is revoked", reply.code == 401)
        reply.close()
    answers(sluice("sign-out", folder / "main.json", "--ocean-url", url), 1, "cannot read the sign-in", error=True)


def main():
    os.umask(0o022)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "client").write_text("sim-client-secret\n")
        (folder / "client").chmod(0o600)
        with simulator() as url:
            by_callback(folder, url)
            bot = Bot(folder, url)
            bot.works()
            bot.stop()
            doctors(folder, url)
            refused(folder, url)
            by_paste(folder, url)
            unreadable(folder, url)
            signed_out(folder, url)
        lives_on(folder)
        over_while_down(folder)
        killed(folder)
        stopped(folder)


main()
