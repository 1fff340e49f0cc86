#!/usr/bin/python3
"""The XMPP adapter alone against a real Prosody, driven by slixmpp (neither written here)."""
import asyncio
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from prosody import (HOST, ROOMS, Cable, Person, Program, Prosody, body_of, reactions, replaces, require, stanza_id)  # noqa: E402

BOT = "sluice@" + HOST
OPS = "ops@" + ROOMS
DRIVER = os.path.join(os.environ.get("BUILD_DIR", "build/dev"), "tests", "xmpp_driver")
ONE, TWO = "1\ufe0f\u20e3", "2\ufe0f\u20e3"


async def driver(server, password="bot-pass", rooms=("ops",), ca=None, url=None):
    return await Program(DRIVER, url or server.url, BOT, server.secret("bot.password", password), ca or server.ca,
                         *("%s@%s" % (room, ROOMS) for room in rooms)).start()


def from_bot(text=None, edit_of=None):
    def test(stanza):
        who = stanza["from"]
        return (who.resource == "sluice" or who.bare == BOT) and (text is None or text in body_of(stanza)) and (
            edit_of is None or replaces(stanza) == edit_of)
    return test


async def room_progress(bob, bot):
    """One message, corrected to its end."""
    since = len(bob.heard)
    bob.say("ops", "sluice: progress")
    first = await bob.wait("the first form", from_bot("Step 0"), since=since)
    await bob.wait("the end by corrections", from_bot("Step 4 <&> done", edit_of=first["id"]), since=since)
    new = [s for s in bob.heard[since:] if from_bot()(s) and body_of(s) and not replaces(s)]
    assert len(new) == 1, "more than one message: %s" % new
    event = await bot.wait_json("the event", "event", text="progress")
    assert event["who"] == bob.jid and event["addressed"] == "yes" and event["channel"] == OPS, event
    assert event["workspace"] == HOST and event["direct"] == "no", event


async def direct_progress(bob, bot):
    since = len(bob.heard)
    bob.tell(BOT, "progress")
    first = await bob.wait("the first form", from_bot("Step 0"), since=since)
    assert first["type"] == "chat"
    await bob.wait("the end by corrections", from_bot("Step 4", edit_of=first["id"]), since=since)
    event = await bot.wait_json("the event", "event", direct="yes", text="progress")
    assert event["who"] == bob.jid and event["channel"] == bob.jid and event["addressed"] == "yes", event


async def reactions_press(bob, bot):
    """The bot offers reactions; one of them, by the id that the room gave, is a press."""
    since = len(bob.heard)
    bob.say("ops", "ask")
    asked = await bob.wait("the question", from_bot("Reboot web-1?"), since=since)
    assert "%s Reboot  %s Cancel" % (ONE, TWO) in body_of(asked), body_of(asked)
    offered = await bob.wait("the reactions", lambda s: reactions(s) is not None, since=since)
    assert reactions(offered) == (stanza_id(asked), [ONE, TWO]), offered
    bob.react(OPS, "groupchat", stanza_id(asked), ["\U0001f389", ONE])
    press = await bot.wait_json("the press", "event", kind="press", button="yes-id")
    assert press["who"] == bob.jid and press["message"] == asked["id"], press
    bob.react(OPS, "groupchat", stanza_id(asked), ["\U0001f389", ONE, "\U0001f44d"])
    bob.react(OPS, "groupchat", stanza_id(asked), [TWO])
    await bot.wait_json("the second press", "event", kind="press", button="no-id")
    assert len([e for e in bot.json("event") if e["kind"] == "press"]) == 2, "pressed twice"


async def typed_press(bob, bot):
    """A number alone: clear with one question, refused with two, clear again when it quotes one of them."""
    presses = len([e for e in bot.json("event") if e["kind"] == "press"])
    since, lines = len(bob.heard), len(bot.lines)
    bob.tell(BOT, "ask")
    asked = await bob.wait("the question", from_bot("Reboot web-1?"), since=since)
    bob.tell(BOT, "2")
    press = await bot.wait_json("the press", "event", since=lines, kind="press", button="no-id", direct="yes")
    assert press["message"] == asked["id"], press
    since, lines = len(bob.heard), len(bot.lines)
    bob.tell(BOT, "ask")
    await bob.wait("the second question", from_bot("Reboot web-1?"), since=since)
    bob.tell(BOT, "1")
    await bob.wait("that it is not clear", from_bot("More than one question"), since=since)
    bob.tell(BOT, "1", ["<reply xmlns='urn:xmpp:reply:0' id='%s'/>" % asked["id"]])
    press = await bot.wait_json("the quoted press", "event", since=lines, kind="press", button="yes-id")
    assert press["message"] == asked["id"], press
    assert len([e for e in bot.json("event") if e["kind"] == "press"]) == presses + 2


async def never_commands(bob, bot):
    """What must not become an event, and what must say that it is edited."""
    lines = len(bot.lines)
    bob.say("ops", "progress", ["<delay xmlns='urn:xmpp:delay' from='bob@localhost' stamp='2020-01-01T00:00:00Z'/>"])
    bob.tell(BOT, "progress", ["<delay xmlns='urn:xmpp:delay' from='localhost' stamp='2020-01-01T00:00:00Z'/>"])
    bob.send("%s/sluice" % OPS, "progress", "chat", None)
    bob.send(BOT, "progress", "headline", None)
    bob.tell(BOT, "progress", ["<encryption xmlns='urn:xmpp:eme:0' namespace='eu.siacs.conversations.axolotl'/>"])
    bob.tell(BOT, "x" * 5000)
    bob.say("ops", "reboot", ["<replace xmlns='urn:xmpp:message-correct:0' id='none'/>"])
    event = await bot.wait_json("the edited one", "event", since=lines, text="reboot")
    assert event["edited"] == "yes", event
    assert len(bot.json("event", lines)) == 1, bot.json("event", lines)


async def hiding_room(ana, bot):
    """A room that begins to hide who speaks is left; one that shows it again is joined again."""
    lost = await bot.wait_json("the hiding room", "lost", channel="hidden@" + ROOMS)
    assert "hides who speaks" in lost["why"], lost
    lost = await bot.wait_json("the room that is not", "lost", channel="nowhere@" + ROOMS)
    assert "no such room" in lost["why"], lost
    roster = ana.client["xep_0045"].get_roster("hidden@" + ROOMS)
    assert "sluice" not in roster, roster
    lines = len(bot.lines)
    ana.say("hidden", "progress")
    await asyncio.sleep(0.5)
    assert bot.json("event", lines) == [], bot.lines[lines:]
    await ana.configure("later", {"muc#roomconfig_whois": "moderators"})
    lost = await bot.wait_json("the room that began to hide", "lost", channel="later@" + ROOMS)
    assert "hides who speaks" in lost["why"], lost


async def kicked(ana, bot):
    """Kicked: said, and back after a while."""
    lines = len(bot.lines)
    await ana.client["xep_0045"].set_role(OPS, "sluice", "none", reason="test")
    lost = await bot.wait_json("the kick", "lost", since=lines, channel=OPS)
    assert "kicked" in lost["why"], lost
    await bot.wait("being back", lambda line: "xmpp.room state=in room=" + OPS in line, since=lines, timeout=30)


async def other_rooms(ana, bob, bot):
    """Another list of rooms: what is new is joined and answered in, what is gone is left, the rest is not touched."""
    lines, since = len(bot.lines), len(bob.heard)
    await ana.join("dev")
    await bob.join("dev")
    bob.tell(BOT, "rooms dev@%s ops@%s" % (ROOMS, ROOMS))
    await bot.wait("the new room", lambda line: "xmpp.room state=in room=dev@" + ROOMS in line, since=lines)
    bob.say("dev", "progress")
    await bob.wait("an answer there", from_bot("Step 4"), since=since)
    assert "sluice" in ana.client["xep_0045"].get_roster(OPS)
    bob.tell(BOT, "rooms ops@" + ROOMS)
    await bot.wait("the room that was left", lambda line: "state=left room=dev@" + ROOMS in line, since=lines)
    for _ in range(50):
        if "sluice" not in ana.client["xep_0045"].get_roster("dev@" + ROOMS):
            break
        await asyncio.sleep(0.1)
    assert "sluice" not in ana.client["xep_0045"].get_roster("dev@" + ROOMS)
    after = len(bot.lines)
    bob.say("dev", "progress")
    bob.say("ops", "progress")
    event = await bot.wait_json("what is said where it still is", "event", since=after, text="progress")
    assert event["channel"] == OPS and len(bot.json("event", after)) == 1, bot.lines[after:]
    assert not [line for line in bot.lines[lines:] if "xmpp.room" in line and OPS in line], "ops was touched"


async def server_restart(server, people, bot):
    """The server goes and comes back: down with a sentence, up again, and it works."""
    lines = len(bot.lines)
    for person in people:
        await person.close()
    server.stop()
    down = await bot.wait_json("down", "link", since=lines, state="down")
    assert down["why"], down
    server.start()
    await bot.wait_json("up again", "link", since=lines, state="up", timeout=60)


async def resumed(server, bob):
    """A lost network for a moment: the session goes on, what was said meanwhile arrives once, nobody sees us leave."""
    cable = await Cable(server.https).start()
    bot = await driver(server, url="wss://%s:%d/xmpp-websocket" % (HOST, cable.port))
    try:
        await bot.wait_json("up", "link", state="up")
        bob.say("ops", "before")
        await bot.wait_json("what was said before", "event", text="before")
        lines, since = len(bot.lines), len(bob.heard)
        cable.pull()
        await bot.wait_json("down", "link", since=lines, state="down")
        bob.say("ops", "meanwhile")
        bob.tell(BOT, "meanwhile, directly")
        await asyncio.sleep(0.5)
        cable.plug()
        await bot.wait_json("up again", "link", since=lines, state="up", timeout=60)
        await bot.wait_json("what was said in the room meanwhile", "event", since=lines, text="meanwhile")
        await bot.wait_json("what was told meanwhile", "event", since=lines, text="meanwhile, directly")
        assert not [line for line in bot.lines[lines:] if "xmpp.room" in line], "it joined again: not resumed"
        bob.say("ops", "progress")
        await bob.wait("that it works on", from_bot("Step 4"), since=since)
        await asyncio.sleep(0.3)
        assert len(bot.json("event", lines)) == 3, bot.json("event", lines)
    finally:
        assert await bot.stop() == 0
        bot.clean()
        cable.close()


async def refused_login(server, what, state, why, **arguments):
    """The reason is said, and nobody tries for ever what only a person can mend."""
    bot = await driver(server, **arguments)
    try:
        link = await bot.wait_json(what, "link", timeout=30)
        print("  %s: %s: %s" % (what, link["state"], link["why"]))
        assert link["state"] == state and why in link["why"], link
        if state == "refused":
            assert await asyncio.wait_for(bot.process.wait(), 20) == 0
    finally:
        assert await bot.stop() == 0
        bot.clean()
    assert "bot-pass" not in "\n".join(bot.lines)


async def refused_logins(server):
    await refused_login(server, "a wrong password", "refused", "not-authorized", password="wrong")
    await refused_login(server, "an unknown certificate", "refused", "certificate of 'localhost' is refused",
                        ca=server.path("other.crt"))
    server.stop()
    await refused_login(server, "no server", "down", "no connection to 'localhost'")
    server.certificate("server", "other.example")
    server.start()
    await refused_login(server, "another's certificate", "refused", "certificate of 'localhost' is refused: hostname mismatch")


async def history(server, bob):
    """A bot that comes back does not run what was said meanwhile, nor before."""
    bob.tell(BOT, "progress")
    bob.say("ops", "progress")
    bot = await driver(server)
    try:
        await bot.wait_json("up", "link", state="up")
        await asyncio.sleep(1)
        assert bot.json("event") == [], bot.lines
        bob.say("ops", "quit")
        assert await asyncio.wait_for(bot.process.wait(), 20) == 0
        await bot.reader
        assert bot.json("closed"), bot.lines
        bot.clean()
    finally:
        await bot.stop()


async def all_of_it(server):
    for name in ("sluice", "ana", "bob"):
        server.account(name, ("bot" if name == "sluice" else name) + "-pass")
    server.certificate("other", HOST)
    server.start()
    ana, bob = Person(server, "ana", "ana-pass"), Person(server, "bob", "bob-pass")
    await ana.connect()
    await bob.connect()
    await ana.join("ops")
    await ana.join("later")
    await ana.join("hidden", config={"muc#roomconfig_whois": "moderators"})
    await bob.join("ops")
    bot = await driver(server, rooms=("ops", "hidden", "nowhere", "later"))
    try:
        await bot.wait_json("up", "link", state="up")
        for step, arguments in ((room_progress, (bob, bot)), (direct_progress, (bob, bot)), (reactions_press, (bob, bot)),
                                (typed_press, (bob, bot)), (never_commands, (bob, bot)), (hiding_room, (ana, bot)),
                                (kicked, (ana, bot)), (other_rooms, (ana, bob, bot)), (server_restart, (server, (ana, bob), bot))):
            print("- %s" % step.__name__, flush=True)
            await step(*arguments)
        bob = Person(server, "bob", "bob-pass")
        await bob.connect()
        await bob.join("ops")
        print("- room_progress, after the restart", flush=True)
        since = len(bob.heard)
        bob.say("ops", "progress")
        await bob.wait("an answer", from_bot("Step 4"), since=since, timeout=30)
    finally:
        code = await bot.stop()
    bot.clean()
    assert code == 0, code
    print("- history", flush=True)
    await history(server, bob)
    print("- resumed", flush=True)
    await resumed(server, bob)
    await bob.close()
    print("- refused_logins", flush=True)
    await refused_logins(server)


def main():
    require()
    server = Prosody()
    try:
        asyncio.get_event_loop().run_until_complete(asyncio.wait_for(all_of_it(server), 280))
        print("ok")
    except BaseException:
        with open(server.path("prosody.log")) as f:
            print("".join(f.readlines()[-40:]))
        raise
    finally:
        server.close()


if __name__ == "__main__":
    main()
