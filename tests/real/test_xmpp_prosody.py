#!/usr/bin/python3
"""The whole sentence on real parts: slixmpp -> Prosody -> sluice -> HTTP -> sluice-sim, and back as one message."""
import asyncio
import json
import os
import re
import sys
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from prosody import (HOST, ROOMS, Person, Program, Prosody, body_of, replaces, require)  # noqa: E402

BUILD = os.environ.get("BUILD_DIR", "build/dev")
SLUICE, SIM = os.path.join(BUILD, "sluice"), os.path.join(BUILD, "sluice-sim")
BOT = "sluice@" + HOST

POLICY = """
version: 1
accounts:
  main: {{read: "{token}", change: "{token}"}}
workspaces:
  acme: {{xmpp: localhost}}
people:
  ana: {{acme: ana@localhost}}
  bob: {{acme: bob@localhost}}
groups:
  sre: [ana, bob]
roles:
  operator: {{may: [droplet.list, droplet.show, "droplet.power.*"]}}
channels:
  ops: {{at: acme/ops@rooms.localhost, may: everything, droplets: any}}
  looks: {{at: acme/looks@rooms.localhost, may: [droplet.list, droplet.show], droplets: any}}
  hidden: {{at: acme/hidden@rooms.localhost, may: everything, droplets: any}}
  phone: {{at: acme/direct, may: everything, droplets: any}}
allow:
  - {{name: sre-runs-everything, who: sre, may: operator, droplets: any}}
"""


class World:
    """Sluice, its DigitalOcean and its server."""

    def __init__(self):
        self.server = Prosody(password_hash="SHA-1")
        self.bot = None

    async def start_sim(self):
        port = self.server.path("sim.port")
        self.sim = await Program(SIM, "--listen", "127.0.0.1:0", "--port-file", port, "--empty", "--speed", "8",
                                 "--droplet", "shop-web-1 id=11 tags=prod,web status=active",
                                 "--droplet", "shop-web-2 id=12 tags=prod,web status=active").start()
        for _ in range(200):
            if os.path.exists(port) and os.path.getsize(port) > 0:
                break
            await asyncio.sleep(0.05)
        with open(port) as f:
            self.ocean = "http://127.0.0.1:%d" % int(f.read().split(":")[-1])
        with open(self.server.path("policy.yaml"), "w") as f:
            f.write(POLICY.format(token=self.server.secret("ocean.token", "sim-token-all")))

    async def start_bot(self, password="bot-pass", ca=None, url=None):
        env = {key: value for key, value in os.environ.items() if not key.startswith("SLUICE_")}
        self.bot = await Program(
            SLUICE, "run", "--policy", self.server.path("policy.yaml"), "--state", self.server.path("sluice.db"),
            "--ocean-url", self.ocean, "--xmpp-url", url or self.server.url, "--xmpp-jid", BOT,
            "--xmpp-password", self.server.secret("bot.password", password), "--ca-file", ca or self.server.ca,
            env=env).start()
        return self.bot

    async def up(self, since=0, timeout=60):
        await self.bot.wait("xmpp is up", lambda line: "event=xmpp.link state=up" in line, since=since, timeout=timeout)

    async def stop_bot(self, kill=False):
        code = await self.bot.stop(kill)
        self.bot.clean()
        assert kill or code == 0, "sluice ended with %s:\n%s" % (code, "\n".join(self.bot.lines))

    def actions(self):
        """How many reboots DigitalOcean was asked for."""
        n = 0
        for droplet in (11, 12):
            request = urllib.request.Request("%s/v2/droplets/%d/actions?per_page=200" % (self.ocean, droplet),
                                             headers={"Authorization": "Bearer sim-token-all"})
            with urllib.request.urlopen(request, timeout=10) as answer:
                n += sum(action["type"] == "reboot" for action in json.load(answer)["actions"])
        return n


def said_by_bot(text, private=False):
    def test(stanza):
        who = stanza["from"]
        return (who.bare == BOT if private else who.resource == "sluice") and re.search(text, body_of(stanza) or "")
    return test


def from_bot(person, since):
    return [s for s in person.heard[since:] if s["from"].resource == "sluice" or s["from"].bare == BOT]


async def reboot(world, bob):
    """A person types the command in a room and sees one message progress to the real end."""
    since, before = len(bob.heard), world.actions()
    bob.say("ops", "droplet reboot shop-web-1")
    first = await bob.wait("an answer", said_by_bot("shop-web-1"), since=since)
    await bob.wait("the end", lambda s: replaces(s) == first["id"] and re.search("(?i)rebooted", body_of(s)),
                   since=since, timeout=60)
    assert world.actions() == before + 1, "%d reboots" % (world.actions() - before)
    spoken = [s for s in from_bot(bob, since) if "shop-web-1" in body_of(s)]
    forms = [s for s in spoken if s["id"] == first["id"] or replaces(s) == first["id"]]
    assert len(forms) >= 2, spoken
    assert len(spoken) - len(forms) <= 1, "more than one message, and the outcome that rings: %s" % spoken
    print("\n".join("    | " + line for s in spoken for line in body_of(s).split("\n")))


async def direct(world, bob):
    since, before = len(bob.heard), world.actions()
    bob.tell(BOT, "status shop-web-2")
    await bob.wait("the droplet", said_by_bot("shop-web-2", private=True), since=since)
    bob.tell(BOT, "reboot shop-web-2")
    await bob.wait("the end", said_by_bot("(?i)rebooted", private=True), since=since, timeout=60)
    assert world.actions() == before + 1


async def refused(world, bob, eve):
    """A stranger, a room that only looks, a room that is not listed: nothing runs."""
    before = world.actions()
    since = len(eve.heard)
    eve.say("ops", "sluice: droplet reboot shop-web-1")
    eve.say("ops", "/droplet reboot shop-web-1")
    eve.tell(BOT, "droplet reboot shop-web-1")
    bob.say("looks", "sluice: droplet reboot shop-web-1")
    bob.say("elsewhere", "sluice: droplet reboot shop-web-1")
    denied = await any_refusal(bob)
    print("    | " + body_of(denied).replace("\n", "\n    | "))
    await asyncio.sleep(1)
    assert world.actions() == before, "a refused command ran"
    for stanza in from_bot(eve, since):
        assert "shop-web" not in (body_of(stanza) or ""), "a stranger was told of a droplet: %s" % stanza
    elsewhere = [s for s in bob.heard if s["from"].bare == "elsewhere@" + ROOMS and s["from"].resource == "sluice"]
    assert elsewhere == [], elsewhere


async def any_refusal(bob):
    """In the room or privately: the words of the refusal."""
    def test(stanza):
        ours = stanza["from"].bare in (BOT, "looks@" + ROOMS) and stanza["from"].resource != "bob"
        return ours and re.search("(?i)nothing ran", body_of(stanza) or "")
    return await bob.wait("the refusal", test, since=max(0, len(bob.heard) - 3))


async def hidden(world, ana):
    await world.bot.wait("the hiding room is left", lambda line: "state=lost room=hidden@" in line and "hides" in line)
    before = world.actions()
    ana.say("hidden", "sluice: droplet reboot shop-web-1")
    await asyncio.sleep(1)
    assert world.actions() == before


async def restarts(world, bob):
    """Whatever was said while the bot was away, or before, does not run; afterwards it works."""
    before = world.actions()
    await world.stop_bot()
    bob.say("ops", "droplet reboot shop-web-1")
    bob.tell(BOT, "droplet reboot shop-web-1")
    await world.start_bot()
    await world.up()
    await asyncio.sleep(1.5)
    assert world.actions() == before, "history ran"
    await reboot(world, bob)


async def killed(world, bob):
    """kill -9 while a job runs: the new process goes on with it and repeats nothing."""
    since, before = len(bob.heard), world.actions()
    bob.say("ops", "droplet reboot shop-web-2")
    await bob.wait("the start", said_by_bot("Rebooting shop-web-2"), since=since)
    for _ in range(100):
        if world.actions() > before:
            break
        await asyncio.sleep(0.02)
    await world.stop_bot(kill=True)
    await world.start_bot()
    await world.up()
    end = await bob.wait("the end", said_by_bot("Rebooted shop-web-2"), since=since, timeout=60)
    print("    | " + body_of(end).replace("\n", "\n    | "))
    assert world.actions() == before + 1, "%d reboots" % (world.actions() - before)


async def server_restart(world, people):
    lines = len(world.bot.lines)
    for person in people:
        await person.close()
    world.server.stop()
    await world.bot.wait("down", lambda line: "event=xmpp.link state=down" in line, since=lines)
    world.server.start()
    await world.up(since=lines)


async def bad_starts(world):
    for what, words, arguments in (
            ("a wrong password", "not-authorized", {"password": "wrong"}),
            ("a wrong certificate", "certificate of 'localhost' is refused", {"ca": world.server.path("other.crt")})):
        bot = await world.start_bot(**arguments)
        line = await bot.wait(what, lambda s: "event=xmpp.link" in s)
        assert "state=refused" in line and words in line, line
        assert "bot-pass" not in "\n".join(bot.lines)
        print("    | " + line)
        await bot.stop()
        bot.clean()


async def doctor(world, *parts, password="bot-pass", ca=None):
    """What `sluice doctor` says of the chat server; it must hold all of `parts`."""
    look = await Program(
        SLUICE, "doctor", "--policy", world.server.path("policy.yaml"), "--state", world.server.path("sluice.db"), "--listen", "",
        "--ocean-url", world.ocean, "--xmpp-url", world.server.url, "--xmpp-jid", BOT,
        "--xmpp-password", world.server.secret("bot.password", password), "--ca-file", ca or world.server.ca,
        env={key: value for key, value in os.environ.items() if not key.startswith("SLUICE_")}).start()
    code = await asyncio.wait_for(look.process.wait(), 60)
    await look.reader
    said = "\n".join(look.lines)
    for part in parts:
        assert part in said, "%r is not in:\n%s" % (part, said)
    assert "bot-pass" not in said
    look.clean()
    return code


async def doctor_beside(world):
    assert await doctor(world, "a bot is working on it", "note  xmpp      not tried") == 0


async def doctor_alone(world):
    assert await doctor(world, "ok    xmpp      logged in, workspace localhost", "Nothing is wrong.") == 0
    assert await doctor(world, "WRONG xmpp", "not-authorized", "do: look at", password="wrong") == 1
    assert await doctor(world, "WRONG xmpp", "certificate of 'localhost' is refused",
                        ca=world.server.path("other.crt")) == 1


async def all_of_it(world):
    server = world.server
    for name in ("ana", "bob", "eve"):
        server.account(name, name + "-pass")
    server.account("sluice", "bot-pass")
    server.certificate("other", HOST)
    server.start()
    await world.start_sim()
    ana, bob, eve = (Person(server, name, name + "-pass") for name in ("ana", "bob", "eve"))
    for person in (ana, bob, eve):
        await person.connect()
    for room in ("ops", "looks", "elsewhere"):
        await ana.join(room)
        await bob.join(room)
    await eve.join("ops")
    await ana.join("hidden", config={"muc#roomconfig_whois": "moderators"})
    await world.start_bot()
    try:
        await world.up()
        for step, arguments in ((reboot, (bob,)), (direct, (bob,)), (refused, (bob, eve)), (hidden, (ana,)),
                                (restarts, (bob,)), (killed, (bob,)), (server_restart, ([ana, bob, eve],))):
            print("- %s" % step.__name__, flush=True)
            await step(world, *arguments)
        bob = Person(server, "bob", "bob-pass")
        await bob.connect()
        await bob.join("ops")
        print("- reboot, after the server's restart", flush=True)
        await reboot(world, bob)
        await doctor_beside(world)
        await world.stop_bot()
        print("- doctor", flush=True)
        await doctor_alone(world)
        print("- bad_starts", flush=True)
        await bad_starts(world)
    except BaseException:
        print("\n".join("  sluice: " + line for line in world.bot.lines[-40:]))
        raise
    finally:
        await world.bot.stop(kill=True)
        await world.sim.stop()
    world.sim.clean()


def main():
    require()
    for program in (SLUICE, SIM):
        if not os.path.exists(program):
            print("no %s: build it first" % program)
            sys.exit(1)
    world = World()
    try:
        asyncio.get_event_loop().run_until_complete(asyncio.wait_for(all_of_it(world), 400))
        print("ok")
    finally:
        world.server.close()


if __name__ == "__main__":
    main()
