# world.py - one program between the two simulators: its people, its commands, what goes wrong, and the sum
import collections
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
KINDS = ("drop", "half_open", "refresh", "torn", "repeated", "reordered", "fragments", "slow", "429", "dial")
CONNECTION = ("drop", "half_open", "refresh", "torn", "dial")
HALF_OPEN_MOST_MS = 12000
PER_S = 1.6           # commands
CHANNELS = 24         # Slack takes one message a second a channel
PEOPLE = ("U0ANA", "U0BOB", "U0CHEN", "U0DORA")
GRACE_MS = 10000      # between a refresh and the end of that connection, as Slack does it
YOUNG_S = 10.5        # Slack refreshes no younger ones
AGAIN_S = 8           # a person's patience, when Slack said that it failed and nothing is seen
DRAIN_S = 75
CALLS = ("chat.postMessage", "chat.update", "chat.postEphemeral", "apps.connections.open")
SETTINGS = ("retry_2_ms=10000", "retry_3_ms=30000", "tier_1=1000000", "tier_2=1000000", "tier_3=1000000", "tier_4=1000000")
DROPLET = re.compile(r"\bd-\d{4}\b")
LONG = re.compile(r"^<@\w+> d-\d{4} is (back|off) after \d+ s")
TOKENS = {"token": "sim-token-all", "app": "xapp-1-A0SIM-1-sim", "bot": "xoxb-sim-1"}
POLICY = """\
version: 1
accounts: {{main: {{token: "file:{folder}/token"}}}}
workspaces: {{acme: {{slack: T0SIM}}}}
people: {{ana: {{acme: U0ANA}}, bob: {{acme: U0BOB}}, chen: {{acme: U0CHEN}}, dora: {{acme: U0DORA}}}}
channels:
{channels}
allow:
  - {{name: all, who: [ana, bob, chen, dora], may: everything, droplets: any}}
require:
  - {{name: sure, may: droplet.power.off, droplets: any, confirm: self}}
"""


class Fail(Exception):
    """The test cannot go on; the sentence says why."""


def pick_build():
    """The release build, which starts fast; unless the one that ctest was called for is newer."""
    release = SOURCE / "build" / "release"
    named = pathlib.Path(os.environ.get("BUILD_DIR", release))

    def built(folder):
        programs = (folder / "sluice", folder / "sluice-sim")
        return min(p.stat().st_mtime for p in programs) if all(p.exists() for p in programs) else 0

    return release if built(release) >= built(named) else named


class Door:
    """HTTP to a simulator."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def ask(self, method, path, body=None, headers=None):
        try:
            self.connection.request(method, path, body, headers or {})
            answer = self.connection.getresponse()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            self.connection.request(method, path, body, headers or {})
            answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise Fail(f"{method} {path}: {answer.status} {text[:200]}")
        return text

    def post(self, word, **args):
        return json.loads(self.ask("POST", f"/_sim/{word}", json.dumps(args)))

    def get(self, word):
        return json.loads(self.ask("GET", f"/_sim/{word}"))


class Command:
    """One droplet each, so that every answer and every action has one author."""

    def __init__(self, n, random):
        self.n = n
        self.droplet = f"d-{n:04}"
        self.id = 100000 + n
        self.way = random.choice(("mention", "slash", "plain"))
        # DigitalOcean lets a token ask 250 things a minute: more changes than these would wait for it
        self.verb = random.choices(("list", "reboot", "power off"), (0.92, 0.05, 0.03))[0]
        self.user = random.choice(PEOPLE)
        self.channel = f"C0S{n % CHANNELS:02}"
        self.forms = {}          # ts -> all that it showed, oldest first
        self.blocks = {}         # ts -> its newest blocks
        self.pressed_at = 0.0
        self.failed_at = None    # Slack told the person that the app did not answer
        self.envelopes = set()

    @property
    def reads(self):
        return self.verb == "list"

    def words(self):
        text = f"{self.verb} {self.droplet}"
        return {"mention": "<@U0SLUICE> " + text, "plain": "!droplet " + text, "slash": text}[self.way]

    def is_final(self, text):
        if self.reads:
            return "1 of " in text and "198.18." in text
        return ("Rebooted" if self.verb == "reboot" else "Powered off") in text

    def finals(self):
        return [ts for ts, forms in self.forms.items() if self.is_final(forms[-1])]


class World:
    def __init__(self, number, build, folder, random, seconds, faults):
        self.number, self.build, self.folder, self.random = number, build, folder, random
        self.seconds = seconds
        self.faults_per_s = faults * 1.3 / seconds
        self.programs = []
        self.commands, self.by_droplet, self.by_envelope = [], {}, {}
        self.wrong, self.acks, self.half_open_ms = [], [], []
        self.faults, self.sums = collections.Counter(), collections.Counter()
        self.deaf_ms = 0
        self.handover = None      # the refreshed one, where one of the two is to die
        self.failures_most = (1, 3)[number % 2] # in a minute: each waits twice as long as the one before
        self.draining = False
        self.seen = 0             # entries of the ledger
        self.links = {}           # number -> {"up", "gone"}: ms of the simulator's clock
        self.refreshes, self.silent = [], {}
        self.kept = []

    # ---- starting and ending

    def start_program(self, *words):
        program = subprocess.Popen([str(w) for w in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   stderr=open(self.folder / "log", "a"))
        self.programs.append(program)
        return program

    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for name, text in TOKENS.items():
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o600)
        most = int(self.seconds * PER_S) + 50
        self.commands_left = [Command(n, self.random) for n in range(most)]
        (self.folder / "policy.yaml").write_text(POLICY.format(folder=self.folder, channels="\n".join(
            f"  c{i}: {{at: acme/C0S{i:02}, may: everything, droplets: any}}" for i in range(CHANNELS))))
        (self.folder / "policy.yaml").chmod(0o600)
        port = self.folder / "port"
        self.start_program(self.build / "sluice-sim", "--port-file", port, "--exit-with-stdin", "--speed", "40", "--empty", "--token",
                           TOKENS["token"], "--scopes", "destroy", "--rate-hour", "0", "--rate-minute", "0")
        slack = self.start_program(self.build / "sluice-sim", "slack", "--exit-with-stdin",
                                   *(w for s in SETTINGS for w in ("--set", s)))
        self.slack = Door(int(slack.stdout.readline().strip().rsplit(":", 1)[1]))
        until = time.monotonic() + 20
        while not port.exists() or not port.read_text().strip():
            if time.monotonic() > until:
                raise Fail("the simulated DigitalOcean did not start")
            time.sleep(0.02)
        self.ocean = Door(int(port.read_text()))
        for command in self.commands_left:
            self.ocean.ask("POST", "/_sim/droplet", f"{command.droplet} id={command.id} status=active\n")
        for i in range(CHANNELS):
            self.slack.post("channel", id=f"C0S{i:02}", name=f"s{i:02}", is_channel=True, is_member=True, is_private=False,
                            members=[*PEOPLE, "U0SLUICE"])
        self.bot = self.start_program(
            self.build / "sluice", "run", "--policy", self.folder / "policy.yaml", "--state", self.folder / "state.db", "--log", "info",
            "--ocean-url", f"http://127.0.0.1:{self.ocean.connection.port}",
            "--slack-api-url", f"http://127.0.0.1:{self.slack.connection.port}/api",
            "--slack-app-token", f"file:{self.folder}/app", "--slack-bot-token", f"file:{self.folder}/bot")
        self.await_link()

    def await_link(self):
        until = time.monotonic() + 20
        while not self.ready():
            if time.monotonic() > until or self.bot.poll() is not None:
                raise Fail("the bot did not connect")
            time.sleep(0.05)

    def ready(self):
        """The link that takes what comes next; None: there is none."""
        return next((link["link"] for link in self.slack.get("state")["links"]
                     if link["ready"] and not link["draining"] and not link["ghost"] and link["link"] not in self.silent), None)

    def end(self):
        for program in self.programs:
            if program.poll() is None:
                program.kill()
            program.wait()

    # ---- what people do

    def tell(self, command, **how):
        args = {"user": command.user, "channel": command.channel, "text": command.words(), **how}
        if command.way != "slash":
            self.slack.post("say", **args)
            return
        envelope = self.slack.post("command", **args)["envelope_id"]
        command.envelopes.add(envelope)
        self.by_envelope[envelope] = command

    def give(self):
        """The next command, perhaps with a fault of its own."""
        if not self.commands_left:
            return
        command = self.commands_left.pop(0)
        self.commands.append(command)
        self.by_droplet[command.droplet] = command
        how = self.random.random()
        if how < 0.3 and command.way != "slash": # Slack repeats events
            same = self.random.random() < 0.5
            self.tell(command, copies=self.random.choice((2, 3)), same_envelope=same)
            self.faults["repeated"] += 1
        elif how < 0.55:
            self.tell(command, delay_ms=self.random.randint(200, 900))
            self.faults["reordered"] += 1
        elif how < 0.85:
            self.slack.post("quirk", fragment=self.random.randint(1, 90), ping_between=self.random.random() < 0.5)
            self.tell(command)
            self.slack.post("quirk", fragment=0, ping_between=False)
            self.faults["fragments"] += 1
        else:
            self.tell(command)

    def press(self, command, now):
        """Whoever is asked presses, and once more when nothing happens."""
        if command.verb != "power off" or command.finals() or now - command.pressed_at < 5:
            return
        for ts, blocks in command.blocks.items():
            buttons = [e for b in blocks if b.get("type") == "actions" for e in b.get("elements", [])]
            if buttons and "owering" not in command.forms[ts][-1]:
                command.pressed_at = now
                try:
                    self.slack.post("click", user=command.user, channel=command.channel, ts=ts, action_id=buttons[0]["action_id"])
                except Fail:
                    pass # the button went in this moment

    def look_after(self, now):
        for command in self.commands[-400:]:
            self.press(command, now)
            if command.failed_at is not None and not command.forms and now - command.failed_at > AGAIN_S:
                command.failed_at = None
                self.sums["again"] += 1
                self.tell(command)

    # ---- what Slack did, by its ledger

    def read_ledger(self):
        entries = self.slack.get(f"ledger?from={self.seen}")
        self.seen += len(entries)
        self.kept += entries
        now = time.monotonic()
        for entry in entries:
            kind = entry["kind"]
            if kind in ("post", "edit", "ephemeral") and entry.get("by", "U0SLUICE") == "U0SLUICE":
                self.read_answer(entry)
            elif kind == "link":
                self.links[entry["link"]] = {"up": entry["at_ms"]}
                self.break_heir(entry["link"])
            elif kind == "gone":
                self.links.get(entry["link"], {})["gone"] = entry["at_ms"]
            elif kind == "ack" and not entry["late"]:
                self.acks.append(entry["after_ms"])
            elif kind in ("timeout", "lost") and entry["type"] == "slash_commands" and entry["envelope_id"] in self.by_envelope:
                self.by_envelope[entry["envelope_id"]].failed_at = now

    def read_answer(self, entry):
        text = entry["text"]
        for word in set(DROPLET.findall(text)):
            command = self.by_droplet.get(word)
            # what took long is told once more when it is over; who presses once more afterwards hears that it is
            if command is not None and not LONG.search(text) and not text.startswith("It is over: "):
                command.forms.setdefault(entry["ts"], []).append(text)
                command.blocks[entry["ts"]] = entry.get("blocks") or []

    def now_ms(self):
        return self.slack.get("state")["now_ms"]

    # ---- what goes wrong with connections, one thing after another

    def break_link(self, link, began):
        kinds = [("drop", 2), ("torn", 2), ("dial", 1.5)]
        if self.links[link]["up"] < self.now_ms() - YOUNG_S * 1000:
            kinds.append(("refresh", 8))
        if self.failures() >= self.failures_most + int((time.monotonic() - began) / 60):
            kinds = [k for k in kinds if k[0] == "refresh"]
        elif self.number % 2 == 1 and time.monotonic() - began < self.seconds - 14:
            kinds.append(("half_open", 2))
        if not kinds:
            return
        kind = self.random.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
        self.faults[kind] += 1
        if kind == "drop":
            self.slack.post("cut", link=link)
        elif kind == "torn":
            self.slack.post("quirk", link=link, tear=True)
        elif kind == "half_open":
            self.silent[link] = self.now_ms()
            self.slack.post("quirk", link=link, black_hole=True)
        elif kind == "refresh":
            for _ in range(self.random.choice((1, 1, 2))):  # Slack may warn, and then say it once more
                self.slack.post("disconnect", link=link, reason=self.random.choice(("warning", "refresh_requested")), close_ms=GRACE_MS)
            self.refreshes.append((link, len(self.commands)))
            self.handover = link if self.random.random() < 0.7 else None
        else:
            self.break_dial()
            self.slack.post("cut", link=link)

    def break_heir(self, link):
        """Of a refreshed connection and the one that takes over, one dies at once: the heir once, as its death makes waits longer."""
        if self.handover is None or self.draining:
            return
        old, self.handover = self.handover, None
        dies = link if self.sums["heirs"] == 0 and self.failures() <= self.failures_most else old
        self.faults["drop"] += 1
        self.sums["heirs" if dies == link else "olds"] += 1
        self.slack.post("cut", link=dies)

    def failures(self):
        failed = sum(n * self.faults[kind] for kind, n in (("drop", 1), ("torn", 1), ("dial", 2), ("half_open", 1)))
        return failed - self.sums["olds"]

    def break_dial(self):
        how = self.random.randrange(4)
        if how == 0:
            self.slack.post("link", status=408, times=1)
        elif how == 1:
            self.slack.post("fault", on="api", method="apps.connections.open", kind="http", status=503, times=1)
        elif how == 2:
            self.slack.post("fault", on="api", method="apps.connections.open", kind="error", error="internal_error", times=1)
        else:
            self.slack.post("link", reset=True, times=1)

    def break_call(self):
        method = self.random.choice(CALLS[:3])
        if self.random.random() < 0.5:
            self.slack.post("fault", on="api", method=method, kind="slow", ms=self.random.randint(100, 1500), times=1)
        else:
            self.slack.post("fault", on="api", method=method, kind="http", status=429, retry_after_s=1, times=1)

    def count_call_faults(self):
        for rule in self.slack.get("state")["faults"]:
            if rule["kind"] == "slow" or rule.get("status") == 429:
                self.faults["slow" if rule["kind"] == "slow" else "429"] += rule.get("hits", 0)

    def storm(self):
        began = time.monotonic()
        next_command = next_break = next_call = began
        while (now := time.monotonic()) < began + self.seconds:
            if now >= next_command:
                self.give()
                next_command += 1 / PER_S
            if now >= next_call:
                self.break_call()
                next_call += 1 / max(0.5, self.faults_per_s - 0.85 * PER_S)
            if now >= next_break and (link := self.ready()) is not None and link in self.links:
                self.break_link(link, began)
                next_break = now + self.random.uniform(1, 3)
            self.read_ledger()
            self.look_after(now)
            if self.bot.poll() is not None:
                raise Fail(f"the bot ended by itself with {self.bot.returncode}")
            time.sleep(0.03)

    def drain(self):
        self.draining = True
        self.count_call_faults()
        self.slack.ask("DELETE", "/_sim/fault")
        self.slack.ask("DELETE", "/_sim/link")
        until = time.monotonic() + DRAIN_S
        while time.monotonic() < until:
            self.read_ledger()
            self.look_after(time.monotonic())
            if all(c.finals() for c in self.commands) and self.slack.get("state")["envelopes"] == 0:
                break
            time.sleep(0.1)
        time.sleep(1.5) # what is said twice comes now
        self.read_ledger()

    # ---- the sum

    def add_up(self):
        for command in self.commands:
            actions = json.loads(self.ocean.ask("GET", f"/v2/droplets/{command.id}/actions?per_page=50", None,
                                                {"Authorization": "Bearer " + TOKENS["token"]}))["actions"]
            runs = sum(a["type"] in ("reboot", "power_off") for a in actions)
            finals, about = command.finals(), f"{command.words()!r} by {command.way} ({len(command.forms)} messages, {runs} runs)"
            good = len(finals) == 1 and len(command.forms) == 1 and runs == (0 if command.reads else 1)
            self.sums["commands"] += 1
            self.sums["answered"] += good
            if len(command.forms) > 1 or runs > 1:
                self.sums["doubled"] += 1
                self.wrong.append(f"doubled: {about}: {list(command.forms.values())}"[:600])
            elif not finals or (runs == 0 and not command.reads):
                self.sums["lost"] += 1
                self.wrong.append(f"lost: {about}: {list(command.forms.values())}"[:600])
        for link, began_ms in self.silent.items():
            gone = self.links[link].get("gone")
            if gone is None:
                self.wrong.append("a half-open connection was never left")
            else:
                self.half_open_ms.append(gone - began_ms)
        self.sums["refreshes"] = len(self.refreshes)
        for link, n_commands in self.refreshes:
            gone = self.links[link].get("gone")
            # an heir that died before the old connection ended heard nothing of what came then
            after = [l["up"] for number, l in self.links.items()
                     if number > link and (gone is None or l.get("gone", gone + 1) > gone)]
            if not after:
                self.wrong.append("no connection came after a refresh")
            elif gone is not None:
                self.deaf_ms += max(0, min(after) - gone)
        self.sums["refresh_commands"] = len(self.refreshes) and self.sums["commands"] - self.refreshes[0][1]

    def run(self):
        self.start()
        self.storm()
        self.drain()
        self.add_up()
        (self.folder / "ledger.json").write_text("\n".join(json.dumps(e) for e in self.kept))
        self.bot.send_signal(signal.SIGTERM)
        if self.bot.wait(30) != 0:
            self.wrong.append(f"after SIGTERM the bot ended with {self.bot.returncode}")
        done = subprocess.run([str(self.build / "sluice"), "audit", "--state", str(self.folder / "state.db"), "verify"],
                              capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            self.wrong.append(f"the audit chain: {done.stdout}{done.stderr}")
