#!/usr/bin/env python3
# test_slack_strangers.py - a shared channel: guests and people of another company say, type and press; they read, and nothing runs
import pathlib
import subprocess
import tempfile
import time

import test_slack_adapter as wire
from test_slack_adapter import BUILD, Bot, Slack, expect

POLICY = """
version: 1
accounts: {main: {token: "file:%s/token"}}
workspaces: {acme: {slack: T0SIM}}
people: {bob: {acme: U0BOB}}
channels:
  ops: {at: acme/C0OPS, may: everything, droplets: any}
  shared: {at: acme/C0SHARED, may: everything, droplets: any}
allow:
  - {name: bob-runs, who: bob, may: everything, droplets: any}
  - {name: shared-looks, who: anyone in shared, may: ["droplet.list", "droplet.show"], droplets: {name: [web-1, web-2]}}
require:
  - {name: sure, may: droplet.power.off, droplets: any, confirm: self}
"""
STRANGERS = (("U0GUEST", {"team_id": "T0SIM", "is_restricted": True}), ("U0EVE", {"team_id": "T0EVIL"}))


def button(entry, label):
    return next(e["action_id"] for b in entry["blocks"] if b["type"] == "actions" for e in b["elements"] if e["text"]["text"] == label)


def said(slack, n, channel):
    """What the bot said there since then, or in a direct message."""
    return [e for e in slack.call("ledger")[n:] if e["kind"] in ("post", "edit", "ephemeral") and e.get("by", "U0SLUICE") == "U0SLUICE"
            and (e["channel"] == channel or e["channel"].startswith("D"))]


def test_shared(slack, bot, url):
    for user, more in STRANGERS:
        slack.call("user", {"id": user, "name": user.lower(), **more})
        posts = len(slack.ledger("post", slack.says("C0SHARED", "web-1 is on")))
        slack.call("say", {"user": user, "channel": "C0SHARED", "text": "<@U0SLUICE> status web-1"})
        slack.wait("post", slack.says("C0SHARED", "web-1 is on"), posts + 1)
        for verb in ("reboot", "power off"):
            slack.call("say", {"user": user, "channel": "C0SHARED", "text": f"<@U0SLUICE> {verb} web-1"})
        slack.call("command", {"user": user, "channel": "C0SHARED", "text": "reboot web-2"})
        for word in ("reboot web-1", "power off web-1", "reboot web-2"):
            slack.wait("ephemeral", slack.says(user, "Nothing ran.", f"You may not {word}"))
        # the id of one of us, at home elsewhere
        slack.call("say", {"user": "U0BOB", "channel": "C0SHARED", "text": "<@U0SLUICE> reboot web-2", "event": {"team": "T0EVIL"}})
        slack.wait("ephemeral", slack.says("U0BOB", "Nothing ran.", "You may not reboot web-2"))
        # where they are not meant to be, nothing is said at all
        n = len(slack.call("ledger"))
        slack.call("say", {"user": user, "channel": "C0OPS", "text": "<@U0SLUICE> status web-1"})
        slack.call("command", {"user": user, "channel": "C0OPS", "text": "reboot web-1"})
        time.sleep(1)
        expect("silence", not said(slack, n, "C0OPS"), str(said(slack, n, "C0OPS")))


def test_presses(slack, bot, url):
    """bob's card waits for his yes in the channel that is shared."""
    slack.call("say", {"user": "U0BOB", "channel": "C0SHARED", "text": "<@U0SLUICE> power off web-3"})
    card = slack.wait("post", slack.says("C0SHARED", "Power off web-3?"))
    time.sleep(1)
    for user, _ in STRANGERS:
        n = len(slack.call("ledger"))
        for label in ("Confirm", "Cancel"):
            slack.call("click", {"user": user, "channel": "C0SHARED", "ts": card["ts"], "action_id": button(card, label)})
        time.sleep(1)
        expect("nothing is said", not said(slack, n, "C0SHARED"), str(said(slack, n, "C0SHARED")))
    # the id of one of us, at home elsewhere
    slack.call("click", {"user": "U0BOB", "channel": "C0SHARED", "ts": card["ts"], "action_id": button(card, "Confirm"),
                         "payload": {"user": {"team_id": "T0EVIL"}}})
    time.sleep(1)
    expect("and nothing ran", "actions" not in wire.actions(url).replace("GET", ""), wire.actions(url)[-2000:])
    slack.call("click", {"user": "U0BOB", "channel": "C0SHARED", "ts": card["ts"], "action_id": button(card, "Confirm")})
    slack.wait("edit", slack.says("Powered off web-3"))


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        wire.prepare(folder)
        (folder / "policy.yaml").write_text(POLICY % folder)
        ocean, url = wire.ocean_start(folder)
        slack = Slack()
        slack.call("channel", {"id": "C0SHARED", "name": "shared", "is_channel": True, "is_member": True, "is_private": False,
                               "is_ext_shared": True, "members": ["U0BOB", "U0GUEST", "U0EVE", "U0SLUICE"]})
        bot = Bot(folder, slack, url)
        with wire.ending(slack, ocean, bot):
            slack.wait("link")
            test_shared(slack, bot, url)
            test_presses(slack, bot, url)
            bot.stop()
            log = subprocess.run([str(BUILD / "sluice"), "audit", "--state", str(folder / "state.db")], capture_output=True, text=True,
                                 timeout=wire.SECONDS).stdout
            for user in ("U0GUEST", "U0EVE", "T0EVIL"):
                expect(f"{user} stands in the log", user in log, log)
    print("ok")


if __name__ == "__main__":
    main()
