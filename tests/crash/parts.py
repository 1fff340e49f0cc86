# parts.py - what the crash test is made of: the simulator, the bot that is killed, the faults, the commands
import asyncio
import collections
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
TOKEN = "sim-token-all"

# The words of each power action. One droplet gets each type at most once, so an action in the ledger has one author.
VERBS = {
    "create": "create",
    "reboot": "reboot",
    "power_cycle": "power-cycle",
    "power_off": "power off",
    "power_on": "power on",
    "shutdown": "shutdown",
}

POLICY = """\
version: 1
accounts:
  main: {{token: "env:SLUICE_CRASH_TOKEN"}}
workspaces:
  chat: {{xmpp: crash.example}}
people:
{people}
groups:
  sre: [{names}]
channels:
  ops: {{at: [{rooms}], may: everything, droplets: any}}
allow:
  - {{name: all, who: sre, may: everything, droplets: any}}
{more}"""

# Half of the droplets ask before they are touched, where this version can ask.
CONSENT = """\
require:
  - {name: sure, may: ["droplet.power.*", droplet.create], droplets: {tag: asks}, confirm: self}
  - {name: two-people, may: ["droplet.power.*", droplet.create], droplets: {tag: pairs}, approvals: 1, from: sre, within: 10m}
"""


class Fail(Exception):
    """The test cannot go on; the sentence says why."""


def job_states():
    """(number -> name, names that are final), from the product's one table."""
    header = (SOURCE / "bot/job/states.h").read_text()
    names = re.findall(r"^\s*(JOB_[A-Z]+)\b", re.search(r"enum job_state \{(.*?)\};", header, re.S).group(1), re.M)
    table = (SOURCE / "bot/job/states.c").read_text()
    words, final = {}, set()
    for row in re.finditer(r"\[(JOB_[A-Z]+)\]\s*=\s*\{\s*\"([a-z-]+)\",\s*(0,)?", table):
        words[row.group(1)] = row.group(2)
        if row.group(3):
            final.add(row.group(2))
    numbers = {n: words.get(name, name) for n, name in enumerate(names) if name != "JOB_STATE_COUNT"}
    if len(numbers) < 10 or len(final) < 6:
        raise Fail("bot/job/states.[ch] do not look as this test reads them")
    return numbers, final


class Simulator:
    """sluice-sim with droplets of ours; its control door and its ledger."""

    async def open(self, build, folder, droplets):
        self.port_file = folder / "sim.port"
        self.process = await asyncio.create_subprocess_exec(
            str(build / "sluice-sim"), "--empty", "--token", TOKEN, "--scopes", "destroy", "--speed", "40",
            "--rate-hour", "0", "--rate-minute", "0", "--droplet-limit", "100000", "--port-file", str(self.port_file), "--exit-with-stdin",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL)
        for _ in range(500):
            if self.port_file.exists():
                break
            await asyncio.sleep(0.01)
        else:
            raise Fail("the simulator did not start")
        self.port = int(self.port_file.read_text())
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        for droplet in droplets:
            self.ask("POST", "/_sim/droplet", f"{droplet.name} id={droplet.id} tags={droplet.tag} status=active\n")

    def ask(self, method, path, body=None):
        headers = {"Authorization": "Bearer " + TOKEN}
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise Fail(f"the simulator answers {answer.status} to {method} {path}: {text[:200]}")
        return text

    def ledger(self, droplets):
        """Every action that DigitalOcean ever carried out on these droplets."""
        actions = []
        for droplet in droplets:
            page = json.loads(self.ask("GET", f"/v2/droplets/{droplet.id}/actions?per_page=200"))
            actions += page["actions"]
            if page["meta"]["total"] != len(page["actions"]):
                raise Fail(f"{droplet.name} has more actions than one page")
        return actions

    def made(self):
        """The name of every droplet that was made, as often as there is one."""
        names, page = [], 1
        while True:
            answer = json.loads(self.ask("GET", f"/v2/droplets?per_page=200&page={page}"))
            names += [droplet["name"] for droplet in answer["droplets"] if droplet["name"].startswith("n-")]
            if len(answer["droplets"]) < 200:
                return names
            page += 1

    def log(self):
        return self.ask("GET", "/_sim/log")

    async def close(self):
        self.process.stdin.close()
        await self.process.wait()


class Faults:
    """What goes wrong between the bot and DigitalOcean: a fresh handful every so often."""

    ACTS = [ # what a change may meet: weight, line
        (8, "kind=slow ms={ms}"),
        (3, "kind=reset commit=yes"),
        (3, "kind=timeout-after-send"),
        (2, "kind=reset-mid-body"),
        (2, "kind=torn-json"),
        (2, "kind=html-502 commit=yes"),
        (2, "kind=503 commit=yes"),
        (3, "kind=429 retry-after=1"),
        (2, "kind=action-lags ms=20000"),
        (0.5, "kind=action-errors"),
        # these never reach DigitalOcean, and the bot cannot know: it says so, and nothing ran
        (0.15, "kind=reset commit=no"),
        (0.15, "kind=timeout-before"),
        (0.15, "kind=html-502 commit=no"),
        (0.15, "kind=503 commit=no"),
    ]
    CREATES = [(weight, line) for weight, line in ACTS if "action-" not in line]
    READS = [
        (6, "path=/v2/* kind=slow ms={ms}"),
        (2, "path=/v2/* kind=503"),
        (2, "path=/v2/* kind=html-502"),
        (2, "path=/v2/* kind=reset commit=yes"),
        (1, "path=/v2/* kind=429 retry-after=1"),
        # a list that comes torn is an answer of its own, and a lost one takes long: seldom
        (0.3, "path=/v2/* kind=torn-json"),
        (2, "path=/v2/droplets/* kind=torn-json"),
        (2, "path=/v2/actions/* kind=torn-json"),
        (1, "path=/v2/actions/* kind=timeout-before"),
    ]

    def __init__(self, simulator, random):
        self.simulator = simulator
        self.random = random
        self.hits = collections.Counter()

    def count(self):
        for rule in json.loads(self.simulator.ask("GET", "/_sim/state"))["faults"]:
            self.hits[rule["kind"]] += rule["hits"]

    def line(self, kinds, where):
        text = self.random.choices([line for _, line in kinds], [weight for weight, _ in kinds])[0]
        return f"{where} nth={self.random.randint(1, 4)} " + text.format(ms=self.random.randint(60, 700)) + "\n"

    def renew(self):
        self.clear()
        lines = [self.line(self.ACTS, "method=POST path=*actions") for _ in range(5)]
        lines += [self.line(self.CREATES, "method=POST path=/v2/droplets") for _ in range(2)]
        lines += [self.line(self.READS, "method=GET") for _ in range(2)]
        self.simulator.ask("POST", "/_sim/fault", "".join(lines))

    def clear(self):
        self.count()
        self.simulator.ask("DELETE", "/_sim/fault")


class Bot:
    """`sluice run`, started again and again on one state file."""

    def __init__(self, build, folder, words, env):
        self.program = str(build / "sluice")
        self.folder = folder
        self.words = words
        self.env = env
        self.log = open(folder / "bot.log", "ab")
        self.process = None
        self.state = folder / "state.db"

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            self.program, "run", "--policy", str(self.folder / "policy.yaml"), "--state", str(self.state), "--log", "warn",
            *self.words, stdin=asyncio.subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=self.env)

    async def kill(self):
        """By SIGKILL. It must still have been there."""
        if self.process.returncode is not None:
            raise Fail(f"the bot ended by itself with {self.process.returncode}; see {self.folder}/bot.log")
        self.process.send_signal(signal.SIGKILL)
        if await self.process.wait() != -signal.SIGKILL:
            raise Fail(f"the bot ended by itself with {self.process.returncode}; see {self.folder}/bot.log")

    async def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(self.process.wait(), 30)
        if code != 0:
            raise Fail(f"after SIGTERM the bot ended with {code}; see {self.folder}/bot.log")

    def copy_store(self):
        """The files as the kill left them, without touching them: opening the real ones would mend them."""
        copy = self.folder / "killed.db"
        for ending in ("", "-wal"):
            to = pathlib.Path(str(copy) + ending)
            to.unlink(missing_ok=True)
            if pathlib.Path(str(self.state) + ending).exists():
                shutil.copyfile(str(self.state) + ending, to)
        pathlib.Path(str(copy) + "-shm").unlink(missing_ok=True)
        return copy


def rows_of(path, *queries):
    """The rows of each query; none while the tables are not there yet."""
    connection = sqlite3.connect(path)
    try:
        return [connection.execute(query).fetchall() for query in queries]
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return [[] for _ in queries]
        raise
    finally:
        connection.close()


class Droplet:
    def __init__(self, n, tag):
        self.id = 500000000 + n
        self.name = f"c-{n:04}"
        self.tag = tag
        self.off = False
        self.unused = [kind for kind in VERBS if kind != "create"]
        self.command = None # the open one
        self.second = None  # the one that waits for its end

    def next_type(self, random):
        """A type that its status allows, and that it had not yet."""
        fitting = [t for t in self.unused if (t == "power_on") == self.off]
        return random.choice(fitting) if fitting else None


class NewDroplet:
    """One that is to be made; its name is all that is known of it, and nobody else has that."""

    def __init__(self, n, tag):
        self.id = self.name = f"n-{n:04}"
        self.tag = tag
        self.off = False
        self.unused = ["create"]
        self.command = self.second = None

    def next_type(self, _random):
        return self.unused[0] if self.unused else None


class Command:
    def __init__(self, n, nick, droplet, kind, second):
        self.id = f"cmd-{n:05}"
        self.nick = nick
        self.droplet = droplet
        self.kind = kind
        self.second = second # said while another one runs on the droplet
        self.text = f"@sluice {VERBS[kind]} {droplet.name}" + (" queue" if second else "")
        if kind == "create":
            self.text += f" region ams3 size s-1vcpu-1gb image debian-12-x64 tags {droplet.tag}"
        self.deliveries = 0
        self.privately = [] # answers that only the person saw
        self.presses = 0
        droplet.unused.remove(kind)
