"""A private Prosody on loopback and slixmpp clients, for the tests of tests/real."""
import asyncio
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HOST = "localhost"
ROOMS = "rooms.localhost"

CONFIG = """
run_as_root = true
pidfile = "{dir}/prosody.pid"
data_path = "{dir}/data"
certificates = "{dir}"
log = {{ info = "{dir}/prosody.log" }}
plugin_paths = {{}}
interfaces = {{ "127.0.0.1" }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping", "presence", "message", "iq",
	"offline", "c2s", "websocket", "smacks", "carbons" }}
modules_disabled = {{ "s2s" }}
authentication = "internal_hashed"
password_hash = "{hash}"
storage = "internal"
allow_registration = false
c2s_require_encryption = false
allow_unencrypted_plain_auth = false
c2s_ports = {{ {c2s} }}
c2s_direct_tls_ports = {{}}
s2s_ports = {{}}
http_ports = {{}}
https_ports = {{ {https} }}
https_interfaces = {{ "127.0.0.1" }}
https_ssl = {{ certificate = "{dir}/server.crt"; key = "{dir}/server.key" }}
ssl = {{ certificate = "{dir}/server.crt"; key = "{dir}/server.key" }}
consider_websocket_secure = true
smacks_hibernation_time = 30

VirtualHost "localhost"

Component "rooms.localhost" "muc"
	restrict_room_creation = false
	muc_room_default_public_jids = true
	muc_room_default_persistent = true
	muc_room_locking = false
	modules_enabled = {{ {muc_modules} }}
"""


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


try:
    import slixmpp
except ImportError:
    slixmpp = None


def require():
    if slixmpp is None:
        skip("no python3-slixmpp for /usr/bin/python3 (apt install python3-slixmpp)")
    for program in ("prosody", "prosodyctl", "openssl"):
        if shutil.which(program) is None:
            skip("no %s (apt install prosody openssl)" % program)


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Prosody:
    """One server with its own configuration and data, gone at the end."""

    def __init__(self, muc_modules='"muc_mam"', password_hash="SHA-256"):
        require()
        self.dir = tempfile.mkdtemp(prefix="sluice-prosody-")
        self.c2s, self.https = free_ports(2)
        self.process = None
        with open(self.path("prosody.cfg.lua"), "w") as f:
            f.write(CONFIG.format(dir=self.dir, c2s=self.c2s, https=self.https, muc_modules=muc_modules,
                                  hash=password_hash))
        os.mkdir(self.path("data"))
        self.certificate("server", HOST)

    def path(self, name):
        return os.path.join(self.dir, name)

    @property
    def url(self):
        return "wss://%s:%d/xmpp-websocket" % (HOST, self.https)

    @property
    def ca(self):
        return self.path("server.crt")

    def certificate(self, name, host):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", self.path(name + ".key"), "-out", self.path(name + ".crt"), "-days", "2",
                        "-subj", "/CN=" + host, "-addext", "subjectAltName=DNS:" + host],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def account(self, name, password):
        subprocess.run(["prosodyctl", "--root", "--config", self.path("prosody.cfg.lua"), "register", name, HOST, password],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def secret(self, name, text):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write(text + "\n")
        return "file:" + self.path(name)

    def start(self):
        self.log = open(self.path("prosody.out"), "a")
        self.process = subprocess.Popen(["prosody", "-F", "--root", "--config", self.path("prosody.cfg.lua")],
                                        stdout=self.log, stderr=self.log, start_new_session=True)
        deadline = time.monotonic() + 30
        for port in (self.c2s, self.https):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > deadline or self.process.poll() is not None:
                        with open(self.path("prosody.out")) as f:
                            print(f.read())
                        raise RuntimeError("Prosody does not start")
                    time.sleep(0.05)

    def stop(self, kill=False):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
            self.log.close()

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


class Person:
    """A client that nobody here wrote, and what it saw."""

    def __init__(self, server, name, password):
        self.name = name
        self.jid = "%s@%s" % (name, HOST)
        self.server = server
        self.heard = []  # every message stanza, in order
        self.news = asyncio.Event()
        self.client = slixmpp.ClientXMPP(self.jid, password)
        self.client.use_ipv6 = False
        for plugin in ("xep_0004", "xep_0030", "xep_0045", "xep_0198", "xep_0308", "xep_0359", "xep_0444", "xep_0461"):
            try:
                self.client.register_plugin(plugin)
            except Exception:  # this slixmpp is older than that extension
                pass
        self.client.add_event_handler("message", self._message)
        self.client.register_handler(slixmpp.xmlstream.handler.Callback(
            "every message", slixmpp.xmlstream.matcher.MatchXPath("{jabber:client}message"), self._message))

    def _message(self, stanza):
        if any(stanza is s for s in self.heard[-4:]):
            return
        self.heard.append(stanza)
        self.news.set()

    async def connect(self):
        ready = asyncio.get_event_loop().create_future()
        self.client.add_event_handler("session_start", lambda _: ready.done() or ready.set_result(True))
        self.client.add_event_handler("failed_all_auth", lambda _: ready.done() or ready.set_exception(
            RuntimeError("%s cannot log in" % self.name)))
        self.client.ca_certs = self.server.ca
        self.client.connect(("127.0.0.1", self.server.c2s), force_starttls=True, disable_starttls=False)
        await asyncio.wait_for(ready, 20)
        self.client.send_presence()

    async def join(self, room, nick=None, config=None):
        muc = self.client["xep_0045"]
        await asyncio.wait_for(muc.join_muc_wait("%s@%s" % (room, ROOMS), nick or self.name, maxstanzas=0), 20)
        if config:
            await self.configure(room, config)

    async def configure(self, room, config):
        form = self.client["xep_0004"].make_form("submit")
        form.add_field(var="FORM_TYPE", ftype="hidden", value="http://jabber.org/protocol/muc#roomconfig")
        for key, value in config.items():
            form.add_field(var=key, value=value)
        await self.client["xep_0045"].set_room_config("%s@%s" % (room, ROOMS), form)

    def leave(self, room, nick=None):
        self.client["xep_0045"].leave_muc("%s@%s" % (room, ROOMS), nick or self.name)

    def say(self, room, text, extra=None):
        return self.send("%s@%s" % (room, ROOMS), text, "groupchat", extra)

    def tell(self, jid, text, extra=None):
        return self.send(jid, text, "chat", extra)

    def send(self, to, text, mtype, extra):
        message = self.client.make_message(mto=to, mbody=text, mtype=mtype)
        message["id"] = self.client.new_id()
        for xml in extra or []:
            message.append(slixmpp.ET.fromstring(xml))
        message.send()
        return message["id"]

    def react(self, to, mtype, post_id, emoji):
        message = self.client.make_message(mto=to, mtype=mtype)
        message["id"] = self.client.new_id()
        del message["body"]
        message.append(slixmpp.ET.fromstring("<reactions xmlns='urn:xmpp:reactions:0' id='%s'>%s</reactions>" % (
            post_id, "".join("<reaction>%s</reaction>" % e for e in emoji))))
        message.send()

    async def wait(self, what, test, timeout=20, since=0):
        """The first message since `since` that passes the test."""
        deadline = time.monotonic() + timeout
        while True:
            self.news.clear()
            for stanza in self.heard[since:]:
                if test(stanza):
                    return stanza
            left = deadline - time.monotonic()
            if left <= 0:
                for stanza in self.heard[since:]:
                    print("  %s heard: %s" % (self.name, stanza))
                raise AssertionError("%s never saw: %s" % (self.name, what))
            try:
                await asyncio.wait_for(self.news.wait(), left)
            except asyncio.TimeoutError:
                pass

    async def close(self):
        self.client.disconnect(wait=1)
        await asyncio.sleep(0.1)
        if getattr(self.client, "_run_out_filters", None) is not None:
            self.client._run_out_filters.cancel()  # slixmpp leaves it pending and asyncio complains


class Cable:
    """Between a program and the server, to be pulled out."""

    def __init__(self, port):
        self.to = port
        self.held = False
        self.writers = []

    async def start(self):
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def _accept(self, reader, writer):
        if self.held:
            writer.transport.abort()
            return
        there = await asyncio.open_connection("127.0.0.1", self.to)
        self.writers += [writer, there[1]]
        await asyncio.gather(self._copy(reader, there[1]), self._copy(there[0], writer))

    async def _copy(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.close()
        except OSError:
            pass

    def pull(self):
        """Resets both ends, as a lost network does, and refuses new connections until plug()."""
        self.held = True
        for writer in self.writers:
            writer.transport.abort()
        self.writers = []

    def plug(self):
        self.held = False

    def close(self):
        self.pull()
        self.server.close()


def body_of(stanza):
    return stanza["body"]


def replaces(stanza):
    found = stanza.xml.find("{urn:xmpp:message-correct:0}replace")
    return found.get("id") if found is not None else None


def stanza_id(stanza):
    found = stanza.xml.find("{urn:xmpp:sid:0}stanza-id")
    return found.get("id") if found is not None else None


def reactions(stanza):
    found = stanza.xml.find("{urn:xmpp:reactions:0}reactions")
    if found is None:
        return None
    return found.get("id"), [r.text for r in found]


class Program:
    """A program under test, its output read line by line."""

    def __init__(self, *argv, env=None):
        self.argv = argv
        self.env = env
        self.lines = []
        self.news = asyncio.Event()

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            *self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.env,
            limit=1 << 20)
        self.reader = asyncio.ensure_future(self._read())
        return self

    async def _read(self):
        async for line in self.process.stdout:
            self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
            self.news.set()
        self.news.set()

    def json(self, kind, since=0):
        found = []
        for line in self.lines[since:]:
            if line.startswith('{"%s":' % kind):
                found.append(json.loads(line)[kind])
        return found

    async def wait(self, what, test, timeout=20, since=0):
        deadline = time.monotonic() + timeout
        while True:
            self.news.clear()
            for line in self.lines[since:]:
                if test(line):
                    return line
            left = deadline - time.monotonic()
            if left <= 0 or self.process.returncode is not None and self.reader.done():
                print("\n".join("  output: " + line for line in self.lines))
                raise AssertionError("%s never said: %s" % (os.path.basename(self.argv[0]), what))
            try:
                await asyncio.wait_for(self.news.wait(), left)
            except asyncio.TimeoutError:
                pass

    async def wait_json(self, what, top, since=0, timeout=20, **fields):
        def test(line):
            return line.startswith('{"%s":' % top) and all(
                json.loads(line)[top].get(key) == value for key, value in fields.items())
        return json.loads(await self.wait(what, test, timeout, since))[top]

    async def stop(self, kill=False):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        code = await asyncio.wait_for(self.process.wait(), 20)
        await self.reader
        return code

    def clean(self):
        """No sanitizer said anything."""
        for line in self.lines:
            if "ERROR: AddressSanitizer" in line or "runtime error:" in line or "LeakSanitizer" in line:
                print("\n".join(self.lines))
                raise AssertionError("a sanitizer complained")
