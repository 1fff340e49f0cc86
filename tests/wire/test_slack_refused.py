#!/usr/bin/env python3
# test_slack_refused.py - Slack says no for good: with no other network the bot ends and says why; with one it stays, and health is red
import json
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import test_slack_adapter as wire
from test_slack_adapter import APP, BOT, BUILD, SECONDS, Bot, Slack, expect

REFUSED = 78 # bot/cli/program.h


def health(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ends(bot, *words):
    expect("it ends with the code for it", bot.process.wait(SECONDS) == REFUSED, bot.text())
    text = bot.text()
    for word in (*words, "no network is left that would have me", "start me again"):
        expect(word, word in text, text)
    expect("no token is said", APP not in text and BOT not in text)


def test_at_the_start(folder, url):
    """A token that Slack does not know: one question, and the end."""
    for token, kind, scopes, state, word in ((BOT, "bot", "chat:write,commands", "invalid_auth", "the Slack bot token"),
                                             (APP, "app", "connections:write", "account_inactive", "the Slack app token")):
        slack = Slack()
        slack.call("token", {"token": token, "kind": kind, "scopes": scopes, "state": state})
        bot = Bot(folder, slack, url)
        ends(bot, word)
        expect("it did not ask again and again", len(slack.ledger("open")) <= 1)
        slack.stop()


def test_on_the_way(folder, url):
    """Socket Mode is turned off while it works."""
    slack = Slack()
    bot = Bot(folder, slack, url)
    slack.wait("link")
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "<@U0SLUICE> status web-1"})
    slack.wait("post", slack.says("web-1 is on"))
    slack.call("disconnect", {"reason": "link_disabled"})
    ends(bot, "Socket Mode is turned off")
    slack.stop()


def test_another_network(folder, url):
    """A terminal is left: it stays, says it to the keepers there, and /healthz is red with the reason."""
    (folder / "two.yaml").write_text(wire.POLICY.replace("acme: {slack: T0SIM}", "acme: {slack: T0SIM}, here: {console: terminal}")
                                     .replace("bob: {acme: U0BOB}", "bob: {acme: U0BOB, here: bob}")
                                     .replace("  ops: {at: acme/C0OPS,", "  slack: {at: acme/C0OPS, may: everything, droplets: any}\n"
                                              "  ops: {at: here/ops,") % folder)
    slack = Slack()
    port = free_port()
    log = open(folder / "two.log", "w+")
    bot = subprocess.Popen(
        [str(BUILD / "sluice"), "run", "--policy", str(folder / "two.yaml"), "--state", str(folder / "two.db"), "--ocean-url", url,
         "--slack-api-url", slack.base + "/api", "--slack-app-token", f"file:{folder}/app", "--slack-bot-token", f"file:{folder}/bot",
         "--console", "--console-as", "bob", "--console-in", "ops", "--listen", f"127.0.0.1:{port}"],
        stdin=subprocess.PIPE, stdout=log, stderr=log, text=True)
    try:
        slack.wait("link")
        deadline = time.monotonic() + SECONDS
        while health(port)[0] != 200:
            expect("health is green before", time.monotonic() < deadline)
            time.sleep(0.05)
        slack.call("disconnect", {"reason": "link_disabled"})
        while health(port)[0] != 503:
            expect("health is red", time.monotonic() < deadline)
            time.sleep(0.05)
        expect("and says why", "Socket Mode is turned off" in health(port)[1], health(port)[1])
        while "I am out of slack" not in (folder / "two.log").read_text():
            expect("the keepers hear of it", time.monotonic() < deadline, (folder / "two.log").read_text())
            time.sleep(0.05)
        expect("it stays", bot.poll() is None)
        bot.stdin.write("@sluice status web-2\n")
        bot.stdin.flush()
        while "web-2 is on" not in (folder / "two.log").read_text():
            expect("and works in the other network", time.monotonic() < deadline, (folder / "two.log").read_text())
            time.sleep(0.05)
        bot.terminate()
        expect("a stop is a stop", bot.wait(SECONDS) == 0)
    finally:
        bot.kill()
        bot.wait()
        slack.stop()


def compose_probe(port):
    """The container's own probe, as docker/compose.yaml has it, of that port."""
    line = next(line for line in (wire.SOURCE / "docker/compose.yaml").read_text().splitlines() if "/healthz" in line and "CMD" in line)
    words = json.loads(line[line.index("["):].replace("$$", "$").replace("9100", str(port)))
    return subprocess.run(words[1:], timeout=SECONDS).returncode == 0


def test_it_can_stay(folder, url):
    """In a container an end would be started again for ever: with --stay-refused it stays, unhealthy, and asks Slack nothing more."""
    compose = (wire.SOURCE / "docker/compose.yaml").read_text()
    expect("compose starts again whatever ends", "restart: unless-stopped" in compose)
    expect("so there it stays", 'SLUICE_STAY_REFUSED: "yes"' in compose)
    unit = (wire.SOURCE / "docker/sluice.service").read_text()
    expect("systemd does not start it again", f"RestartPreventExitStatus={REFUSED}" in unit)
    slack = Slack()
    port = free_port()
    bot = Bot(folder, slack, url, "--stay-refused", "--listen", f"127.0.0.1:{port}")
    slack.wait("link")
    deadline = time.monotonic() + SECONDS
    while health(port)[0] != 200:
        expect("health is green before", time.monotonic() < deadline)
        time.sleep(0.05)
    expect("and so says the container's probe", compose_probe(port))
    slack.call("disconnect", {"reason": "link_disabled"})
    while health(port)[0] != 503:
        expect("health is red", time.monotonic() < deadline)
        time.sleep(0.05)
    expect("the probe too", not compose_probe(port))
    opened = len(slack.ledger("open"))
    time.sleep(3)
    expect("it stays", bot.process.poll() is None, bot.text())
    expect("and says so", "I stay, and do nothing; mend that" in bot.text(), bot.text())
    expect("Slack is left in peace", len(slack.ledger("open")) == opened)
    bot.stop()
    slack.stop()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        wire.prepare(folder)
        ocean, url = wire.ocean_start(folder)
        try:
            test_at_the_start(folder, url)
            test_on_the_way(folder, url)
            test_another_network(folder, url)
            test_it_can_stay(folder, url)
        finally:
            ocean.stop()
    print("ok")


if __name__ == "__main__":
    main()
