#!/usr/bin/env python3
# test_slack_adapter.py - sluice run between sluice-sim slack and sluice-sim, over loopback: what people say, press and see, and
# what Slack does to its connections meanwhile
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", SOURCE / "build/dev"))
SECONDS = 30
APP, BOT = "xapp-1-A0SIM-1-sim", "xoxb-sim-1"

POLICY = """
version: 1
accounts: {main: {token: "file:%s/token"}}
workspaces: {acme: {slack: T0SIM}}
people: {ana: {acme: U0ANA}, bob: {acme: U0BOB}}
groups: {support: {slack-group: acme/S0ONCALL, fresh: 60s}}
channels:
  ops: {at: acme/C0OPS, may: everything, droplets: any}
  phone: {at: acme/direct, may: everything, droplets: any}
allow:
  - {name: bob-runs, who: bob, may: ["droplet.list", "droplet.show", "droplet.power.*"], droplets: any}
  - {name: ana-looks, who: ana, may: ["droplet.list", "droplet.show"], droplets: any}
  - {name: support-reboots, who: support, may: ["droplet.list", "droplet.show", droplet.power.reboot, droplet.power.off], droplets: {name: [web-3, web-4]}}
require:
  - {name: sure, may: droplet.power.off, droplets: any, confirm: self}
settings: {ops: ops}
"""


def expect(what, holds, more=""):
    if not holds:
        raise SystemExit(f"not so: {what}\n{more}")


class Program:
    def __init__(self, *words):
        self.process = subprocess.Popen([str(w) for w in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(SECONDS)


class Slack(Program):
    def __init__(self, *settings):
        super().__init__(BUILD / "sluice-sim", "slack", "--exit-with-stdin", *settings)
        self.base = self.process.stdout.readline().split()[-1]

    def call(self, word, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/_sim/{word}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)

    def ledger(self, kind, fits=lambda entry: True):
        return [e for e in self.call("ledger") if e["kind"] == kind and fits(e)]

    def wait(self, kind, fits=lambda entry: True, n=1, seconds=SECONDS):
        """The n-th such entry."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.ledger(kind, fits)
            if len(found) >= n:
                return found[n - 1]
            time.sleep(0.05)
        tail = "\n".join(json.dumps(e)[:400] for e in self.call("ledger")[-25:])
        raise SystemExit(f"waited {seconds} s for {n} x {kind}\n{tail}")

    def api(self, method, **args):
        """A call of the Web API as the bot's own token."""
        request = urllib.request.Request(f"{self.base}/api/{method}", data=json.dumps(args).encode(), headers={
            "Authorization": f"Bearer {BOT}", "Content-Type": "application/json; charset=utf-8"})
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)

    def says(self, *words):
        """An entry that shows these words."""
        return lambda e: all(w in json.dumps(e, ensure_ascii=False) for w in words)


class Bot:
    started = []  # all of them, one after another

    def __init__(self, folder, slack, ocean, *more):
        Bot.started.append(self)
        self.log = open(folder / "log", "a+")
        self.process = subprocess.Popen(
            [str(BUILD / "sluice"), "run", "--policy", str(folder / "policy.yaml"), "--state", str(folder / "state.db"),
             "--ocean-url", ocean, "--slack-api-url", slack.base + "/api", "--slack-app-token", f"file:{folder}/app",
             "--slack-bot-token", f"file:{folder}/bot", *more], stderr=self.log)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        expect("it stops in peace", self.process.wait(SECONDS) == 0, self.text())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def text(self):
        self.log.seek(0)
        return self.log.read()


def prepare(folder):
    (folder / "policy.yaml").write_text(POLICY % folder)
    for name, text in (("token", "sim-token-all"), ("app", APP), ("bot", BOT)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)


def ocean_start(folder, *more):
    port = folder / "port"
    port.unlink(missing_ok=True)
    program = Program(BUILD / "sluice-sim", "--port-file", port, "--exit-with-stdin", "--speed", "20", "--empty",
                      "--droplet", "web-1 id=11 status=active", "--droplet", "web-2 id=12 status=active",
                      "--droplet", "web-3 id=13 status=active", "--droplet", "web-4 id=14 status=active", *more)
    deadline = time.monotonic() + SECONDS
    while not port.exists() or not port.read_text().strip():
        expect("the simulated DigitalOcean starts", time.monotonic() < deadline)
        time.sleep(0.02)
    return program, f"http://127.0.0.1:{port.read_text().strip()}"


@contextlib.contextmanager
def ending(slack, ocean, bot):
    """The simulators end; when something was not so, the bot's log is shown."""
    try:
        yield
    except BaseException:
        print(bot.text()[-9000:])  # one log for all
        for one in Bot.started:
            one.kill()
        raise
    finally:
        slack.stop()
        ocean.stop()


def actions(url):
    with urllib.request.urlopen(url + "/_sim/log", timeout=SECONDS) as answer:
        return answer.read().decode()


def test_settings(folder):
    """What is given wrongly ends the start with one sentence, without the token."""
    for app, bot, sentence in (("bot", "app", "have the two been mixed up?"), ("app", None, "--slack-bot-token is missing")):
        words = [str(BUILD / "sluice"), "run", "--policy", str(folder / "policy.yaml"), "--state", str(folder / "no.db"),
                 "--slack-app-token", f"file:{folder}/{app}"]
        words += ["--slack-bot-token", f"file:{folder}/{bot}"] if bot else []
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
        expect(sentence, done.returncode == 1 and sentence in done.stderr and APP not in done.stderr, done.stderr)


def test_ways_to_speak(slack, bot):
    slack.wait("link")
    slack.call("command", {"user": "U0BOB", "channel": "C0OPS", "text": "status web-1"})
    slack.wait("post", slack.says("web-1 is on"))
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "<@U0SLUICE> status web-2"})
    slack.wait("post", slack.says("web-2 is on"))
    slack.call("say", {"user": "U0ANA", "channel": "C0OPS", "text": "!droplet reboot web-1"})
    slack.wait("ephemeral", slack.says("Nothing ran", "U0ANA"))
    slack.call("command", {"user": "U0ANA", "channel": "C0DEV", "text": "status"})
    slack.wait("ephemeral", slack.says("U0ANA", "not set up"), seconds=10)


def test_a_change(slack, bot):
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "!droplet reboot web-1"})
    card = slack.wait("post", slack.says("Rebooting", "web-1"))
    expect("in the thread of what asked", '"thread_ts"' in json.dumps(card), json.dumps(card))
    slack.wait("edit", slack.says("Rebooted"))


def test_a_card_that_was_deleted(slack, bot):
    """Somebody deletes the message of a running change: a new one says so, and goes on to the outcome."""
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "!droplet reboot web-1"})
    card = slack.wait("post", slack.says("Rebooting", "web-1"), 2)
    card = card.get("message", card)
    deleted = slack.api("chat.delete", channel="C0OPS", ts=card["ts"])
    expect("it is gone", deleted["ok"], json.dumps(deleted))
    new = slack.wait("post", slack.says("The message before this one is gone.", "web-1"))
    new = new.get("message", new)
    expect("another message", new["ts"] != card["ts"])
    slack.wait("edit", slack.says(new["ts"], "Rebooted", "The message before this one is gone."))


def test_a_press(slack, bot):
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "!droplet power off web-2"})
    asked = slack.wait("post", slack.says("web-2", "actions"))
    message = asked.get("message", asked)
    buttons = [e for b in message["blocks"] if b["type"] == "actions" for e in b["elements"]]
    press = {"user": "U0ANA", "channel": "C0OPS", "ts": message["ts"], "action_id": buttons[0]["action_id"]}
    slack.call("click", press)
    slack.wait("ephemeral", slack.says("U0ANA"), 3)
    slack.call("click", {**press, "user": "U0BOB"})
    slack.wait("edit", slack.says("web-2", "off"))


def regroup(slack, *users):
    """Slack's group is these people now, and Slack says that it has changed."""
    slack.call("group", {"id": "S0ONCALL", "users": list(users), "user_count": len(users)})
    changed(slack)


def changed(slack):
    slack.call("event", {"event": {"type": "subteam_members_changed", "subteam_id": "S0ONCALL", "team_id": "T0SIM"}})
    time.sleep(0.3)


def help_has(slack, user, line, listed):
    """Slack is asked before help lists what they may."""
    before = len(slack.ledger("post", slack.says("You may do this here")))
    slack.call("say", {"user": user, "channel": "C0OPS", "text": "<@U0SLUICE> help"})
    shown = json.dumps(slack.wait("post", slack.says("You may do this here"), before + 1))
    expect(f"help lists what {user} may, as Slack's group is now", (line in shown) == listed, shown)


def test_of_no_group(slack):
    """Whom Slack counts among none is a stranger like any other: nothing is said, whatever they say or press."""
    before = len(slack.call("ledger"))
    for words in ("help", "list", "status web-3", "show", "lits", "reboot web-3", "whoami"):
        slack.call("say", {"user": "U0DORA", "channel": "C0OPS", "text": f"<@U0SLUICE> {words}"})
    slack.call("command", {"user": "U0DORA", "channel": "C0OPS", "text": "list"})
    card = slack.wait("edit", slack.says("Rebooted", "Check again"))
    slack.call("click", {"user": "U0DORA", "channel": "C0OPS", "ts": card["ts"],
                         "action_id": next(e["action_id"] for b in card["blocks"] if b["type"] == "actions" for e in b["elements"])})
    time.sleep(1)
    said = [e for e in slack.call("ledger")[before:] if e["kind"] in ("post", "edit", "ephemeral") and e.get("by", "U0SLUICE") == "U0SLUICE"]
    expect("a stranger of no group hears nothing", not said, "\n".join(json.dumps(e)[:600] for e in said))


def test_groups(slack, bot):
    """Whoever Slack counts among a group may look; somebody listed may also change."""
    regroup(slack, "U0ANA", "U0CHEN")
    slack.call("say", {"user": "U0CHEN", "channel": "C0OPS", "text": "<@U0SLUICE> status web-3"})
    slack.wait("post", slack.says("web-3 is "))
    help_has(slack, "U0ANA", "power off", True)
    help_has(slack, "U0CHEN", "the droplets you may see", True)
    test_of_no_group(slack)
    slack.call("say", {"user": "U0ANA", "channel": "C0OPS", "text": "<@U0SLUICE> reboot web-3"})
    slack.wait("edit", slack.says("Rebooted", "web-3"))
    slack.call("say", {"user": "U0ANA", "channel": "C0OPS", "text": "!droplet power off web-4"})
    card = slack.wait("post", slack.says("web-4", "actions"))
    slack.call("group", {"id": "S0ONCALL", "users": ["U0CHEN"], "user_count": 1})
    slack.call("click", {"user": "U0ANA", "channel": "C0OPS", "ts": card["ts"],
                         "action_id": next(e["action_id"] for b in card["blocks"] if b["type"] == "actions" for e in b["elements"])})
    slack.wait("edit", slack.says("Nothing ran", "may not any more"))  # the press looks at the group anew
    denied = len(slack.ledger("ephemeral", slack.says("may not reboot web-3")))
    slack.call("say", {"user": "U0ANA", "channel": "C0OPS", "text": "<@U0SLUICE> reboot web-3"})
    slack.wait("ephemeral", slack.says("may not reboot web-3"), denied + 1)  # asked at that moment
    changed(slack)
    help_has(slack, "U0ANA", "power off", False)
    regroup(slack, "U0ANA")
    posts = len(slack.ledger("post"))
    slack.call("say", {"user": "U0CHEN", "channel": "C0OPS", "text": "<@U0SLUICE> status web-4"})
    slack.call("say", {"user": "U0DORA", "channel": "C0OPS", "text": "<@U0SLUICE> status web-4"})
    time.sleep(2)
    shown = json.dumps(slack.ledger("post")[posts:])
    expect("no stranger sees it", "web-4" not in shown, shown)


def test_repeated(slack, bot):
    """The same event four times, by envelopes of one id and of others: one answer, and each acknowledged."""
    before = len(slack.ledger("post", slack.says("web-1 is on")))
    acks = len(slack.ledger("ack"))
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "<@U0SLUICE> status web-1", "copies": 4})
    slack.wait("post", slack.says("web-1 is on"), before + 1)
    slack.wait("ack", n=acks + 4)
    time.sleep(1.5)
    expect("one answer", len(slack.ledger("post", slack.says("web-1 is on"))) == before + 1)


def test_refresh(slack, bot):
    """While connections are refreshed, and one is cut by surprise, nothing is lost and every envelope is taken in time."""
    n = 0
    missed = len(slack.ledger("timeout")) + len(slack.ledger("lost"))
    time.sleep(11)  # who is sent away at once is not replaced at once
    for reason in ("warning", "refresh_requested"):
        slack.call("disconnect", {"reason": reason, "close_ms": 4000})
        for _ in range(12):
            n += 1
            slack.call("command", {"user": "U0BOB", "channel": "C0OPS", "text": "whoami"})
            time.sleep(1)
    slack.wait("post", slack.says("You are bob"), n, 60)
    expect("no envelope ran out", len(slack.ledger("timeout")) + len(slack.ledger("lost")) == missed,
           str(slack.ledger("timeout") + slack.ledger("lost"))[-3000:])


def test_links(slack, bot):
    """No hello, refused upgrades, an address that fails: a new connection each time, and it hears."""
    slack.call("link", {"status": 408, "times": 1})
    slack.call("fault", {"on": "api", "method": "apps.connections.open", "kind": "http", "status": 503, "times": 1})
    links = len(slack.ledger("link"))
    slack.call("cut", {})
    slack.wait("link", n=links + 1)
    before = len(slack.ledger("post", slack.says("web-1 is on")))
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "<@U0SLUICE> status web-1"})
    slack.wait("post", slack.says("web-1 is on"), before + 1)


def test_dead_links(slack, bot):
    """A connection that says no hello, and one that goes silent: both are noticed and replaced."""
    links = len(slack.ledger("link"))
    slack.call("link", {"no_hello": True, "times": 1})
    slack.call("cut", {})
    slack.wait("link", n=links + 2, seconds=40)
    time.sleep(1)
    slack.call("quirk", {"black_hole": True})
    # 30 s until the silence is noticed, and the back-off after three lives that short
    slack.wait("link", n=links + 3, seconds=75)
    expect("it was the silence", "is silent: no answer to a ping" in bot.text(), bot.text())
    before = len(slack.ledger("post", slack.says("web-1 is on")))
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "<@U0SLUICE> status web-1"})
    slack.wait("post", slack.says("web-1 is on"), before + 1)


def test_a_crash(folder, slack, bot, url):
    """DigitalOcean is silent: the command is acknowledged all the same, and not forgotten by a process that dies."""
    request = urllib.request.Request(url + "/_sim/fault", data=b"method=GET path=/v2/droplets* kind=timeout-before", method="POST")
    urllib.request.urlopen(request, timeout=SECONDS).close()
    acks = len(slack.ledger("ack", slack.says("reboot web-2")))
    started = time.monotonic()
    envelope = slack.call("command", {"user": "U0BOB", "channel": "C0OPS", "text": "reboot web-2 because reasons"})
    mine = slack.wait("envelope", slack.says("reboot web-2 because"))["envelope_id"]
    slack.wait("ack", lambda e: e["envelope_id"] == mine, seconds=2)
    bot.kill()
    again = Bot(folder, slack, url)
    slack.wait("ephemeral", slack.says("I was restarted", "reboot web-2"))
    again.stop()
    third = Bot(folder, slack, url)
    slack.wait("link", n=len(slack.ledger("link")) + 1)
    time.sleep(1.5)
    expect("it is told once", len(slack.ledger("ephemeral", slack.says("I was restarted"))) == 1)
    return third


def test_secrets(folder, bot):
    text = bot.text()
    expect("no token in the log", APP not in text and BOT not in text and "/hook/" not in text and "ticket=" not in text, text)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(folder)
        test_settings(folder)
        ocean, url = ocean_start(folder)
        slack = Slack()
        bot = Bot(folder, slack, url)
        with ending(slack, ocean, bot):
            test_ways_to_speak(slack, bot)
            test_a_change(slack, bot)
            test_a_card_that_was_deleted(slack, bot)
            test_a_press(slack, bot)
            test_groups(slack, bot)
            test_repeated(slack, bot)
            test_links(slack, bot)
            test_refresh(slack, bot)
            test_dead_links(slack, bot)
            bot = test_a_crash(folder, slack, bot, url)
            bot.stop()
            test_secrets(folder, bot)
    print("ok")


if __name__ == "__main__":
    main()
