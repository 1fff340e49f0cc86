#!/usr/bin/env python3
# test_slack_forms.py - sluice run between sluice-sim slack and sluice-sim: a code and a reason by modal, charts as files
import base64
import hashlib
import hmac
import json
import os
import pathlib
import struct
import tempfile
import time

import test_slack_adapter as wire
from test_slack_adapter import Bot, Slack, expect

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
POLICY = """
version: 1
accounts: {main: {token: "file:%s/token"}}
workspaces: {acme: {slack: T0SIM}}
people: {ana: {acme: U0ANA}, bob: {acme: U0BOB, code: "file:%s/code"}}
settings: {private_reads: [quiet]}
channels:
  quiet: {at: acme/C0QUIET, may: everything, droplets: any}
  ops: {at: acme/C0OPS, may: everything, droplets: any}
  phone: {at: acme/direct, may: everything, droplets: any}
allow:
  - {name: bob-runs, who: bob, may: ["droplet.list", "droplet.show", droplet.metrics, "droplet.power.*", droplet.create, key.list], droplets: any}
  - {name: ana-looks, who: ana, may: ["droplet.list", "droplet.show"], droplets: any}
require:
  - {name: sure, may: droplet.power.cycle, droplets: any, confirm: code, reason: yes}
"""


def code(at=None):
    """RFC 6238, as an authenticator has it."""
    count = struct.pack(">Q", int(time.time() if at is None else at) // 30)
    digest = hmac.new(base64.b32decode(SECRET), count, hashlib.sha1).digest()
    number = struct.unpack(">I", digest[digest[-1] & 15:][:4])[0] & 0x7FFFFFFF
    return f"{number % 1000000:06d}"


def button(card, label):
    return next(e["action_id"] for b in card["blocks"] if b["type"] == "actions" for e in b["elements"]
                if e["text"]["text"] == label)


def press(slack, card, label, user="U0BOB"):
    slack.call("click", {"user": user, "channel": "C0OPS", "ts": card["ts"], "action_id": button(card, label)})


def fill(slack, view, **values):
    """Sends the modal; what the acknowledgement said."""
    acks = len(slack.ledger("ack", lambda e: "response_action" in json.dumps(e)))
    def state(value):
        if isinstance(value, list):
            return {"type": "multi_external_select", "selected_options": [{"text": {"type": "plain_text", "text": v}, "value": v} for v in value]}
        return {"type": "plain_text_input", "value": value}
    slack.call("submit", {"user": "U0BOB", "view_id": view["view_id"], "values": {k: {"v": state(v)} for k, v in values.items()}})
    ack = slack.wait("ack", lambda e: "response_action" in json.dumps(e), acks + 1, 5)
    expect("within Slack's three seconds", ack["after_ms"] < 3000, json.dumps(ack))
    return ack["payload"]


def test_modals(slack, bot):
    slack.wait("link")
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "!droplet power cycle web-1"})
    card = slack.wait("post", slack.says("Power-cycle web-1?", "Please say why"))
    press(slack, card, "Say why", "U0ANA")
    slack.wait("ephemeral", slack.says("U0ANA", "Only bob can do that."))
    expect("and no modal", not slack.ledger("view"))
    press(slack, card, "Say why")
    view = slack.wait("view")
    expect("for who pressed", view["user"] == "U0BOB" and view["via"] == "views.open", json.dumps(view))
    expect("an opaque word travels", len(view["view"]["private_metadata"]) == 26 and "web" not in view["view"]["private_metadata"])
    taken = fill(slack, view, reason="it <hangs> & hangs")
    expect("taken, and closed", taken == {"response_action": "clear"}, json.dumps(taken))
    card = slack.wait("edit", slack.says("It needs your six-digit code", "it <hangs> & hangs"))
    press(slack, card, "Enter code")
    view = slack.wait("view", n=2)
    wrong = fill(slack, view, code="1234")
    expect("beside the field", wrong["errors"] == {"code": "A code has six digits. Nothing ran."}, json.dumps(wrong))
    wrong = fill(slack, view, code=f"{(int(code()) + 1) % 1000000:06d}")
    expect("a wrong one", "That code is wrong. 4 tries are left." in wrong["errors"]["code"], json.dumps(wrong))
    good = code()
    taken = fill(slack, view, code=good)
    expect("taken, and closed", taken == {"response_action": "clear"}, json.dumps(taken))
    slack.wait("edit", slack.says("Power-cycled web-1"))
    shown = json.dumps([e for e in slack.call("ledger") if e["kind"] in ("post", "edit", "ephemeral")])
    expect("the code is shown nowhere", good not in shown)
    expect("nor logged", good not in bot.text())
    return good


def test_closed(slack):
    """A modal that is closed, or that nobody knows any more, does nothing and says so."""
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "!droplet power cycle web-2"})
    card = slack.wait("post", slack.says("Power-cycle web-2?", "Please say why"))
    press(slack, card, "Say why")
    view = slack.wait("view", n=3)
    acks = len(slack.ledger("ack"))
    slack.call("submit", {"user": "U0BOB", "view_id": view["view_id"], "closed": True})
    slack.wait("ack", n=acks + 1)
    gone = fill(slack, view, reason="late")
    expect("it has expired", "This form has expired. Nothing ran." in gone["errors"]["reason"], json.dumps(gone))


def test_charts(slack, bot):
    slack.call("settings", {"file_ready_ms": 1500})
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "<@U0SLUICE> show web-1"})
    slack.wait("file", slack.says("charts.png"))
    post = slack.wait("post", slack.says("slack_file"))
    image = next(b for b in post["blocks"] if b["type"] == "image")
    expect("it says what it shows", "CPU" in image["alt_text"], json.dumps(image))
    expect("and no bars", "▁" not in json.dumps(post, ensure_ascii=False) and "█" not in json.dumps(post, ensure_ascii=False))
    expect("it was waited for", slack.ledger("refused", slack.says("invalid_blocks")))
    slack.call("fault", {"on": "api", "method": "files.completeUploadExternal", "kind": "http", "status": 500, "times": 1})
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "<@U0SLUICE> show web-2"})
    bars = slack.wait("post", slack.says("web-2 is", "CPU"))
    expect("bars when it fails", "slack_file" not in json.dumps(bars), json.dumps(bars))
    expect("at Slack's pace", not slack.ledger("refused", slack.says("ratelimited")))


def offered(slack, view, field, typed):
    """The values that the search in a field brings, within Slack's patience."""
    acks = len(slack.ledger("ack"))
    slack.call("suggest", {"user": "U0BOB", "view_id": view["view_id"], "block_id": field, "action_id": "v", "value": typed})
    ack = slack.wait("ack", n=acks + 1)
    expect(f"{field} is answered in time", ack["after_ms"] < 3000, json.dumps(ack))
    return [option["value"] for option in ack["payload"]["options"]]


def pick(slack, view, field, value):
    acks = len(slack.ledger("ack"))
    slack.call("pick", {"user": "U0BOB", "view_id": view["view_id"], "block_id": field, "value": value})
    slack.wait("ack", n=acks + 1)


def test_create(slack, bot, url):
    """The app's shortcut opens the form, which offers what DigitalOcean has; what is sent is made."""
    views = len(slack.ledger("view"))
    slack.call("shortcut", {"user": "U0BOB", "callback_id": "say:create"})
    view = slack.wait("view", n=views + 1)
    blocks = {b["block_id"]: b for b in view["view"]["blocks"]}
    expect("regions are searched for", blocks["region"]["element"]["type"] == "external_select", json.dumps(blocks["region"]))
    for field in ("keys", "tags"):
        expect(f"several {field}", blocks[field]["element"]["type"] == "multi_external_select", json.dumps(blocks[field]))
    for field, typed, value in (("region", "ams", "ams3"), ("size", "s-1vcpu", "s-1vcpu-1gb"), ("image", "debian", "debian-12-x64"),
                                ("keys", "lap", "bob-laptop"), ("tags", "new-tag", "new-tag"), ("vpc", "", "default-ams3")):
        found = offered(slack, view, field, typed)
        expect(f"{value} is offered", value in found, json.dumps(found))
    # Slack's search says nothing of other fields: what was chosen there is known all the same
    pick(slack, view, "region", "fra1")
    expect("a network elsewhere is not offered", offered(slack, view, "vpc", "") == [])
    pick(slack, view, "region", "ams3")
    expect("and one there is", offered(slack, view, "vpc", "") == ["default-ams3"])
    slack.call("say", {"user": "U0ANA", "channel": "C0OPS", "text": "hello"})
    wrong = fill(slack, view, name="web 9", region="ams3", size="s-1vcpu-1gb", image="debian-12-x64")
    expect("beside its field", wrong["errors"] == {"name": "Name has what no word may have. Nothing ran."}, json.dumps(wrong))
    taken = fill(slack, view, name="web-9", region="ams3", size="s-1vcpu-1gb", image="debian-12-x64", keys=["ana-laptop", "bob-laptop"],
                 tags=["web", "new-tag"], vpc="default-ams3")
    expect("taken", taken == {"response_action": "clear"}, json.dumps(taken))
    slack.wait("edit", slack.says("Created web-9"))
    expect("with all that was chosen", "web,new-tag" in json.dumps(slack.ledger("post", slack.says("Creating web-9"))))
    # a mention brings no trigger; the button of its answer does
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "<@U0SLUICE> create"})
    usage = slack.wait("ephemeral", slack.says("U0BOB", "Which name?", "Fill in a form"))
    views = len(slack.ledger("view"))
    press(slack, usage, "Fill in a form")
    slack.wait("view", n=views + 1)
    slack.call("say", {"user": "U0ANA", "channel": "C0OPS", "text": "<@U0SLUICE> create"})
    slack.wait("ephemeral", slack.says("U0ANA", "You may not ", '"create"'))
    expect("no button for who may not", not slack.ledger("ephemeral", slack.says("U0ANA", "Fill in a form")))
    views = len(slack.ledger("view"))
    slack.call("command", {"user": "U0ANA", "channel": "C0OPS", "text": "create"})
    slack.wait("ephemeral", slack.says("U0ANA", "You may not ", '"create"'), 2)
    expect("no form for who may not", len(slack.ledger("view")) == views)


def labels(entry):
    return [e["text"]["text"] for b in entry["blocks"] if b["type"] == "actions" for e in b["elements"]]


def test_on_call(slack, bot):
    """One thumb: down?, what it shows, and a reboot by its button; and a slip of the finger is a button too."""
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "<@U0SLUICE> down? web-3"})
    card = slack.wait("post", slack.says("web-3 is on at DigitalOcean", "actions"))
    expect("the buttons of the card", labels(card)[:2] == ["Reboot", "Power-cycle"], json.dumps(card))
    chart = next((b for b in card["blocks"] if b["type"] == "image"), None)
    expect("small charts", chart is not None and "CPU" in chart["alt_text"] and "Memory" in chart["alt_text"], json.dumps(card))
    press(slack, card, "Reboot")
    job = slack.wait("post", slack.says("Rebooting", "web-3"))
    slack.wait("edit", lambda e: e["ts"] == job["ts"] and "Rebooted" in json.dumps(e))
    slack.call("say", {"user": "U0BOB", "channel": "C0OPS", "text": "<@U0SLUICE> rebot web-4"})
    slip = slack.wait("ephemeral", slack.says("U0BOB", "rebot"))
    expect("did you mean", any("reboot web-4" in label for label in labels(slip)), json.dumps(slip))


def test_still_wanted(slack, url):
    """A change that comes late is asked about, and the button runs it."""
    ts = f"{time.time() - 120:.6f}"
    before = wire.actions(url).count("/v2/droplets/14/actions")
    slack.call("event", {"event": {"type": "app_mention", "channel": "C0OPS", "user": "U0BOB", "team": "T0SIM", "ts": ts, "event_ts": ts,
                                   "text": "<@U0SLUICE> reboot web-4"}})
    asked = slack.wait("ephemeral", slack.says("U0BOB", "Still wanted?", "Nothing ran yet."))
    expect("nothing ran", wire.actions(url).count("/v2/droplets/14/actions") == before)
    press(slack, asked, "Yes, now")
    job = slack.wait("post", slack.says("Rebooting", "web-4"))
    slack.wait("edit", lambda e: e["ts"] == job["ts"] and "Rebooted" in json.dumps(e))


def test_private_reads(slack):
    """In a channel that the policy names, a read is answered to the asker alone; a change is seen by all."""
    slack.call("channel", {"id": "C0QUIET", "name": "quiet", "is_channel": True, "is_member": True, "is_private": False,
                           "members": ["U0ANA", "U0BOB", "U0SLUICE"]})
    posts = len(slack.ledger("post", slack.says("C0QUIET")))
    slack.call("say", {"user": "U0BOB", "channel": "C0QUIET", "text": "<@U0SLUICE> status web-1"})
    seen = slack.wait("ephemeral", slack.says("C0QUIET", "web-1 is"))
    expect("to who asked", seen["user"] == "U0BOB", json.dumps(seen))
    expect("to nobody else", len(slack.ledger("post", slack.says("C0QUIET"))) == posts)
    slack.call("say", {"user": "U0BOB", "channel": "C0QUIET", "text": "<@U0SLUICE> reboot web-1"})
    slack.wait("edit", slack.says("C0QUIET", "Rebooted", "web-1"))


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        wire.prepare(folder)
        (folder / "policy.yaml").write_text(POLICY % (folder, folder))
        (folder / "code").write_text(SECRET)
        (folder / "code").chmod(0o600)
        ocean, url = wire.ocean_start(folder)
        slack = Slack()
        bot = Bot(folder, slack, url)
        with wire.ending(slack, ocean, bot):
            good = test_modals(slack, bot)
            test_closed(slack)
            test_charts(slack, bot)
            test_create(slack, bot, url)
            test_on_call(slack, bot)
            test_still_wanted(slack, url)
            test_private_reads(slack)
            bot.stop()
            wire.test_secrets(folder, bot)
            for kept in folder.glob("state.db*"):
                expect(f"the code is not kept in {kept.name}", good.encode() not in kept.read_bytes())
    print("ok")


if __name__ == "__main__":
    main()
