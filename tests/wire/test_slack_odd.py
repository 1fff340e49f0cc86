#!/usr/bin/env python3
# test_slack_odd.py - sluice run between sluice-sim slack and sluice-sim: what Slack brings now and then that is no command, words that
# want to be more than words, presses that nobody's button made, frames that make no sense, patience, approvals and direct messages
import json
import pathlib
import re
import tempfile
import time
import urllib.request

import test_slack_adapter as wire
from test_slack_adapter import Bot, Slack, expect
from test_slack_forms import button, labels

POLICY = """
version: 1
accounts: {main: {token: "file:%s/token"}}
workspaces: {acme: {slack: T0SIM}}
people: {ana: {acme: U0ANA}, bob: {acme: U0BOB}, chen: {acme: U0CHEN}}
groups: {sre: [ana]}
channels:
  ops: {at: acme/C0OPS, may: everything, droplets: any}
  out: {at: acme/C0OUT, may: everything, droplets: any}
  dev: {at: acme/C0DEV, may: everything, droplets: any}
  phone: {at: acme/direct, may: everything, droplets: any}
allow:
  - {name: all, who: [ana, bob, chen], may: everything, droplets: any}
require:
  - {name: two-eyes, may: droplet.power.cycle, droplets: any, approvals: 1, from: sre, within: 10m}
  - {name: why, may: droplet.power.off, droplets: any, reason: yes, confirm: self}
settings: {ops: ops}
"""
MENTION = "<@U0SLUICE> "
OPAQUE = re.compile(r"(q\.[a-z]\.)?[0-9a-z]{4,40}(\.[0-9a-z]{4,80})?")


def sent(url):
    """The actions that DigitalOcean was asked for."""
    return wire.actions(url).count("POST")


def said(slack, since):
    return [e for e in slack.call("ledger")[since:] if e["kind"] in ("post", "edit", "ephemeral") and e.get("by", "U0SLUICE") == "U0SLUICE"]


def all_acked(slack, since):
    """Every envelope that was sent since then; waits for the last."""
    deadline = time.monotonic() + 5
    while True:
        entries = slack.call("ledger")[since:]
        acked = {e["envelope_id"] for e in entries if e["kind"] == "ack"}
        waiting = [e for e in entries if e["kind"] == "envelope" and e["envelope_id"] not in acked]
        if not waiting and slack.call("state")["envelopes"] == 0:
            return
        expect("every envelope is taken", time.monotonic() < deadline, json.dumps(waiting)[:2000])
        time.sleep(0.05)


def test_no_commands(slack, url):
    """What bots, workflows, edits and shared messages say is acknowledged, answered by nobody, and nothing runs."""
    since, before = len(slack.call("ledger")), sent(url)
    text = MENTION + "reboot web-1"
    for event in ({"bot_id": "B0OTHER"}, {"bot_id": "B0FLOW", "subtype": "bot_message", "username": "Bob"},
                  {"bot_profile": {"id": "B0OTHER", "app_id": "A0OTHER"}}, {"user": "U0SLUICE"}, {"user": "USLACKBOT", "bot_id": "B01"},
                  {"edited": {"user": "U0BOB", "ts": "1700000001.000100"}}, {"subtype": "thread_broadcast"}, {"subtype": "file_share"},
                  {"subtype": "me_message"}, {"subtype": "reminder_add"}, {"attachments": [{"is_share": True, "text": text}]},
                  {"attachments": [{"is_msg_unfurl": True, "text": text}]}):
        slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": text, "event": event})
    old = {"type": "message", "user": "U0BOB", "text": "hello", "ts": "1700000000.000100", "team": "T0SIM"}
    for subtype, more in (("message_changed", {"message": {**old, "text": text, "edited": {"user": "U0BOB", "ts": "1700000001.000100"}},
                                               "previous_message": old}),
                          ("message_deleted", {"deleted_ts": old["ts"], "previous_message": {**old, "text": text}}),
                          ("channel_topic", {"user": "U0BOB", "text": text, "topic": text})):
        slack.call("event", {"event": {"type": "message", "subtype": subtype, "hidden": True, "channel": "C0OPS", "channel_type": "channel",
                                       "ts": f"{time.time():.6f}", "event_ts": f"{time.time():.6f}", **more}})
    for kind in ("workflow_step_execute", "function_executed", "link_shared", "message_metadata_posted", "app_home_opened"):
        slack.call("event", {"event": {"type": kind, "user": "U0BOB", "channel": "C0OPS", "text": text, "ts": f"{time.time():.6f}",
                                       "event_ts": f"{time.time():.6f}"}})
    for payload in ({"type": "message_action", "callback_id": "say:reboot web-1", "user": {"id": "U0BOB", "team_id": "T0SIM"}, "trigger_id": "9.1"},
                    {"type": "workflow_step_edit", "callback_id": "x", "user": {"id": "U0BOB", "team_id": "T0SIM"}},
                    {"type": "block_actions", "actions": []}, {"type": 7}, {}):
        slack.call("event", {"type": "interactive", "payload": payload})
    for payload in ({}, {"type": "url_verification", "challenge": "x"}, {"type": "event_callback", "team_id": "T0EVIL", "event": {
            "type": "app_mention", "user": "U0BOB", "channel": "C0OPS", "ts": "1700000002.000100", "text": text, "team": "T0EVIL"}}):
        slack.call("event", {"type": "events_api", "payload": payload})
    all_acked(slack, since)
    time.sleep(1)
    expect("nobody is answered", not said(slack, since), json.dumps(said(slack, since))[:3000])
    expect("and nothing ran", sent(url) == before, wire.actions(url)[-2000:])


def test_words(slack):
    """Words are unescaped once, and come back as words: they call nobody, link nowhere, and unfurl nothing."""
    since = len(slack.call("ledger"))
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS",
                       "text": MENTION + "power off web-2 because &amp;lt;!channel&amp;gt; &lt;!here&gt; &amp;amp; <@U0ANA|ana> <http://evil.example/x|evil.example>"})
    card = slack.wait("post", slack.says("web-2", "evil.example"))
    text = json.dumps(card["blocks"], ensure_ascii=False)
    for words in ("&lt;!channel&gt;", "<!here>", "&amp;", "@U0ANA"):
        expect(f"{words} is shown as it was meant", words in text, text)
    expect("no label is believed", "ana" not in text, text)
    slack.call("command", {"user": "U0BOB", "channel": "C0OPS", "text": "rebot &lt;!channel&gt; <https://evil.example>"})
    slack.wait("ephemeral", slack.says("U0BOB", "rebot"))
    for entry in said(slack, since):
        expect("nobody is called", entry.get("notifies", []) == [], json.dumps(entry))
        for kind in ('"type": "link"', '"type": "broadcast"', '"type": "usergroup"', '"type": "mrkdwn"', '"type": "channel"'):
            expect(f"no {kind}", kind not in json.dumps(entry["blocks"]), json.dumps(entry))
    for entry in slack.ledger("post", lambda e: e["n"] >= since and e.get("by", "U0SLUICE") == "U0SLUICE"):
        for key in ("unfurl_links", "unfurl_media"):
            expect(f"{key} is off", entry.get(key, False) is False, json.dumps(entry))
    slack.call("click", {"user": "U0BOB", "channel": "C0OPS", "ts": card["ts"], "action_id": button(card, "Cancel")})
    slack.wait("edit", lambda e: e["ts"] == card["ts"] and "Nothing ran" in json.dumps(e))


def test_forged(slack, url):
    """A press with a value that no button of ours has, or on a message that is another app's, says nothing for anybody."""
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": MENTION + "down? web-3"})
    card = slack.wait("post", slack.says("web-3 is on at DigitalOcean", "actions"))
    since, before = len(slack.call("ledger")), sent(url)
    real = next(e for b in card["blocks"] if b["type"] == "actions" for e in b["elements"])

    def press(user="U0BOB", value=None, more=None, **payload):
        action = {"type": "button", "action_id": real["action_id"], "block_id": "x", "value": real["value"] if value is None else value,
                  "action_ts": f"{time.time():.6f}"}
        slack.call("click", {"user": user, "channel": "C0OPS", "ts": card["ts"], "action_id": real["action_id"],
                             "payload": {"actions": [action], **payload, **(more or {})}})

    for value in ("reboot web-3", "reboot", "q.y.reboot", "q.c.00000000.00000000", "x" * 1900, "", "../.."):
        press(value=value)
    press(api_app_id="A0EVIL")
    press(message={"bot_id": "B0EVIL"})
    press(message={"app_id": "A0EVIL"})
    press(user="U0DORA")
    for team in (None, "T0EVIL", 7):
        press(more={"user": {"team_id": team}})
    all_acked(slack, since)
    time.sleep(1)
    expect("nothing ran", sent(url) == before, wire.actions(url)[-2000:])
    for entry in said(slack, since):
        expect("at most that it has expired, to the presser", entry["kind"] == "ephemeral" and "Nothing ran" in json.dumps(entry),
               json.dumps(entry))


def test_frames(slack):
    """What makes no sense is left, and what comes after it is heard."""
    for text in ("", "no json", "[1]", "{}", '"x"', "nul\\u0000", '{"type":"hello"}', '{"type":"hello","num_connections":"many"}',
                 '{"type":"events_api"}', '{"type":"events_api","envelope_id":"","payload":{}}', '{"type":"events_api","envelope_id":7}',
                 '{"envelope_id":"%s","type":"events_api","payload":{}}' % ("x" * 500), "[" * 5000, '{"a":' * 2000 + "1" + "}" * 2000,
                 '{"type":"surprise","envelope_id":"s-1","payload":{"x":[]}}', '{"type":"events_api","envelope_id":"s-2","payload":null}'):
        slack.call("frame", {"text": text})
    links = len(slack.ledger("gone"))
    before = len(slack.ledger("post", slack.says("You are bob")))
    slack.call("command", {"user": "U0BOB", "channel": "C0OPS", "text": "whoami"})
    slack.wait("post", slack.says("You are bob"), before + 1)
    expect("on the same connection", len(slack.ledger("gone")) == links)


def test_patience(slack, url):
    """Slack refuses edits for a time: none is tried before it is over, and the last form stands in the end."""
    slack.call("fault", {"on": "api", "method": "chat.update", "kind": "http", "status": 429, "retry_after_s": 4, "times": 1})
    slack.call("say", {"user": "U0BOB", "channel": "C0DEV", "text": MENTION + "reboot web-4"})
    card = slack.wait("post", slack.says("C0DEV", "Rebooting", "web-4"))
    done = slack.wait("edit", lambda e: e["ts"] == card["ts"] and "Rebooted" in json.dumps(e))
    refused = slack.call("state")["faults"]
    expect("it was told to wait", any(f.get("hits") == 1 for f in refused), json.dumps(refused))
    expect("and waited", done["at_ms"] - card["at_ms"] >= 4000, f"{done['at_ms'] - card['at_ms']} ms")
    slack.call("fault", method="DELETE")


def test_approvals(slack, url):
    """The requester may not, a member of the group may: one thumb each, one message, and it says who."""
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": MENTION + "power cycle web-1"})
    card = slack.wait("post", slack.says("Power-cycle web-1?", "actions"))
    expect("the buttons", {"Approve", "Deny", "Cancel"} <= set(labels(card)), json.dumps(labels(card)))
    before = sent(url)
    for user in ("U0BOB", "U0CHEN", "U0DORA"):
        slack.call("click", {"user": user, "channel": "C0OPS", "ts": card["ts"], "action_id": button(card, "Approve")})
    time.sleep(1)
    expect("none of them", sent(url) == before)
    slack.call("click", {"user": "U0ANA", "channel": "C0OPS", "ts": card["ts"], "action_id": button(card, "Approve")})
    slack.wait("edit", lambda e: e["ts"] == card["ts"] and "Power-cycled web-1" in json.dumps(e))
    expect("once", sent(url) == before + 1, wire.actions(url)[-2000:])
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": MENTION + "power cycle web-2"})
    card = slack.wait("post", slack.says("Power-cycle web-2?", "actions"))
    slack.call("click", {"user": "U0ANA", "channel": "C0OPS", "ts": card["ts"], "action_id": button(card, "Deny")})
    slack.wait("edit", lambda e: e["ts"] == card["ts"] and "Nothing ran" in json.dumps(e))
    expect("denied is denied", sent(url) == before + 1)


def test_direct(slack, url):
    """Alone with the bot: a read, a change under one message; a stranger is told who they are and no more."""
    rooms = {user: slack.api("conversations.open", users=user)["channel"]["id"] for user in ("U0BOB", "U0DORA")}
    direct = rooms["U0BOB"]
    slack.call("say", {"user": "U0BOB", "channel": direct, "text": "status web-1"})
    slack.wait("post", slack.says(direct, "web-1 is on"))
    slack.call("say", {"user": "U0BOB", "channel": direct, "text": "reboot web-1"})
    card = slack.wait("post", slack.says(direct, "Rebooting", "web-1"))
    slack.wait("edit", lambda e: e["ts"] == card["ts"] and "Rebooted" in json.dumps(e))
    since, before = len(slack.call("ledger")), sent(url)
    for text in ("status web-1", "reboot web-1", "list"):
        slack.call("say", {"user": "U0DORA", "channel": rooms["U0DORA"], "text": text})
    all_acked(slack, since)
    time.sleep(1)
    expect("a stranger hears of no droplet", "web-" not in json.dumps(said(slack, since)), json.dumps(said(slack, since)))
    expect("and nothing ran", sent(url) == before)


def test_searches(slack):
    """Odd letters in a field of the form: an answer in time, of options that Slack takes."""
    views = len(slack.ledger("view"))
    slack.call("shortcut", {"user": "U0BOB", "callback_id": "say:create"})
    view = slack.wait("view", n=views + 1)
    for field in ("region", "tags", "nowhere", "", "size"):
        for typed in ("", " ", "\"\\", "<!channel>", "%s%n", "\u202ex", "\U0001f4a9" * 30, "a" * 63, "a" * 64, "a" * 5000, "&amp;lt;", "../x"):
            acks = len(slack.ledger("ack"))
            slack.call("suggest", {"user": "U0BOB", "view_id": view["view_id"], "block_id": field, "action_id": "v", "value": typed})
            ack = slack.wait("ack", n=acks + 1, seconds=4)
            for option in ack["payload"]["options"]:
                expect("an option that Slack takes", 0 < len(option["value"]) <= 75 and 0 < len(option["text"]["text"]) <= 75
                       and option["text"]["type"] == "plain_text", json.dumps(option))
    expect("in time", not slack.ledger("timeout") and not slack.ledger("ack_ignored"))


def test_not_there(slack, url):
    """In a channel of the policy where nobody has invited the bot the slash command works: who used it sees answer and outcome."""
    before = sent(url)
    for text, word in (("status web-3", "web-3 is on"), ("reboot web-3", "Rebooted")):
        slack.call("command", {"user": "U0BOB", "channel": "C0OUT", "text": text})
        seen = slack.wait("ephemeral", slack.says("C0OUT", word))
        expect("for who asked", seen["user"] == "U0BOB" and seen["via"] == "response_url", json.dumps(seen))
    expect("it ran once", sent(url) == before + 1, wire.actions(url)[-2000:])


def test_long(slack, names):
    """A change of so many droplets that Slack takes its card in two messages only: each stands there, and both are edited to the end."""
    refused, since = len(slack.ledger("refused")), len(slack.call("ledger"))
    slack.call("say", {"user": "U0BOB", "channel": "C0DEV", "text": MENTION + "reboot tag:many"})
    slack.wait("edit", slack.says(f"{len(names)} of {len(names)} rebooted"))
    deadline = time.monotonic() + 15
    while True:
        shown = {}
        for entry in said(slack, since):
            shown[entry["ts"]] = entry
        text = "\n".join(entry["text"] for entry in shown.values())
        if all(re.search(rf"{name}: rebooted in", text) for name in names):
            break
        expect("every one of them ends", time.monotonic() < deadline, text)
        time.sleep(0.2)
    expect("on two pages", len(shown) == 2, str(len(shown)))
    expect("that it was asked in", len({entry.get("thread_ts") for entry in shown.values() if entry.get("thread_ts")}) <= 1)
    for entry in said(slack, since):
        expect("of a size that Slack takes", len(entry["text"]) <= 4000 and "left out" not in entry["text"], entry["text"])
    expect("at Slack's pace, and as Slack takes it", len(slack.ledger("refused")) == refused, json.dumps(slack.ledger("refused"))[:2000])


def kinds(entry):
    return [block["type"] for block in entry["blocks"]]


def test_tables(slack):
    """Tables are Slack's own, fit for what it takes; where it refuses one it is drawn, and the later ones are at once."""
    since, refused = len(slack.call("ledger")), len(slack.ledger("refused"))

    def asked(n):
        slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": MENTION + "tags"})
        return slack.wait("post", lambda e: e["n"] >= since and e.get("by") == "U0SLUICE" and "many" in e["text"], n=n)

    entry = asked(1)
    expect("a table", "table" in kinds(entry) and "preformatted" not in json.dumps(entry), json.dumps(entry)[:3000])
    rows = next(block["rows"] for block in entry["blocks"] if block["type"] == "table")
    expect("its heads are its first row", [cell["text"] for cell in rows[0]] == ["tag", "droplets"], json.dumps(rows)[:3000])
    expect("and all is in it", ["many", "50"] in [[cell["text"] for cell in row] for row in rows], json.dumps(rows)[:3000])
    expect("none was refused", len(slack.ledger("refused")) == refused)
    slack.call("settings", {"tables": 0})
    for n in (2, 3):
        entry = asked(n)
        expect("drawn", "table" not in kinds(entry) and "preformatted" in json.dumps(entry), json.dumps(entry)[:3000])
        expect("one was refused", len(slack.ledger("refused")) == refused + 1, json.dumps(slack.ledger("refused"))[:2000])
    slack.call("settings", {"tables": 1})


def test_opaque(slack):
    """Whatever was said until here: a button carries a random word and nothing else."""
    n = 0
    for entry in said(slack, 0):
        for block in entry.get("blocks") or []:
            for element in block.get("elements", []) if block["type"] == "actions" else []:
                n += 1
                expect("an opaque id", OPAQUE.fullmatch(element["value"]), element["value"])
                expect("a button that Slack takes", len(element["text"]["text"]) <= 75 and len(element["value"]) <= 2000)
    expect("there were some", n > 10, str(n))


def main():
    with tempfile.TemporaryDirectory() as room:
        folder = pathlib.Path(room)
        wire.prepare(folder)
        (folder / "policy.yaml").write_text(POLICY % folder)
        ocean, url = wire.ocean_start(folder)
        names = [f"a-droplet-with-a-name-that-is-long-enough-to-fill-pages-{i:03}" for i in range(50)]
        for i, name in enumerate(names):
            line = f"{name} id={1000 + i} status=active tags=many\n".encode()
            urllib.request.urlopen(urllib.request.Request(url + "/_sim/droplet", data=line, method="POST"), timeout=wire.SECONDS).close()
        slack = Slack()
        slack.call("channel", {"id": "C0OUT", "name": "out", "is_channel": True, "is_member": False, "is_private": False,
                               "members": ["U0ANA", "U0BOB"]})
        bot = Bot(folder, slack, url)
        with wire.ending(slack, ocean, bot):
            slack.wait("post", slack.says("C0OPS", "I cannot work in C0OUT", "/invite @sluice"))
            test_no_commands(slack, url)
            test_words(slack)
            test_forged(slack, url)
            test_frames(slack)
            test_patience(slack, url)
            test_approvals(slack, url)
            test_direct(slack, url)
            test_searches(slack)
            test_not_there(slack, url)
            test_long(slack, names)
            test_tables(slack)
            test_opaque(slack)
            bot.stop()
            wire.test_secrets(folder, bot)
    print("ok")


if __name__ == "__main__":
    main()
