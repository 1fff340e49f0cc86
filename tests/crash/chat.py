# chat.py - an XMPP server for one bot and its rooms (RFC 7395, SCRAM-SHA-256, MUC) that repeats itself and remembers every word
#
# It is at least once: what the bot has not answered comes again, with the same stanza id, whenever the bot comes back. What
# it has answered comes again too, now and then, also as history. Every message and every correction of the bot is kept.
import asyncio
import base64
import hashlib
import hmac
import os
import re
import time
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

DOMAIN = "crash.example"
ROOMS = "rooms." + DOMAIN
BOT = "sluice@" + DOMAIN
PASSWORD = "crash"
NICKS = tuple(f"asker-{n:02}" for n in range(24))


def room_of(nick):
    """Each of them has a room with the bot: a room takes one edit a second."""
    return f"{nick}@{ROOMS}"


def neighbour_of(nick):
    """The one who sits in that room too, and approves."""
    return NICKS[(NICKS.index(nick) + 1) % len(NICKS)]


CLIENT = "jabber:client"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"
SID = "urn:xmpp:sid:0"


class Post:
    """One message of the bot, with everything that its corrections made of it."""

    def __init__(self, post_id, to, answers, body, at, life):
        self.id = post_id
        self.to = to # the person who alone sees it; None: the room
        self.answers = answers
        self.forms = [body]
        self.at = at
        self.last_at = at
        self.life = life
        self.stanza_id = None

    @property
    def body(self):
        return self.forms[-1]


class Scram:
    """The server's half of RFC 5802, for the one account."""

    SALT = b"sluice-crash"
    ROUNDS = 4096
    salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), SALT, ROUNDS)

    def first(self, text):
        self.client_first = text.split(",", 2)[2]
        self.gs2 = text[: len(text) - len(self.client_first)]
        nonce = re.search(r"r=([^,]+)", self.client_first).group(1)
        self.nonce = nonce + base64.b64encode(os.urandom(9)).decode()
        self.server_first = f"r={self.nonce},s={base64.b64encode(self.SALT).decode()},i={self.ROUNDS}"
        return self.server_first

    def final(self, text):
        """The server's signature; None: wrong password."""
        without_proof, proof = text.rsplit(",p=", 1)
        signed = ",".join((self.client_first, self.server_first, without_proof)).encode()
        client_key = hmac.digest(self.salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        expected = bytes(a ^ b for a, b in zip(client_key, signature))
        if not hmac.compare_digest(expected, base64.b64decode(proof)):
            return None
        server_key = hmac.digest(self.salted, b"Server Key", "sha256")
        return "v=" + base64.b64encode(hmac.digest(server_key, signed, "sha256")).decode()


class Session:
    """One WebSocket of one life of the bot."""

    def __init__(self, server, reader, writer):
        self.server = server
        self.reader = reader
        self.writer = writer
        self.opens = 0
        self.scram = Scram()
        self.resource = "b"
        self.live = False
        self.rooms = set()

    # ---- WebSocket

    async def shake_hands(self):
        head = await self.reader.readuntil(b"\r\n\r\n")
        key = re.search(rb"sec-websocket-key:\s*(\S+)", head, re.I).group(1)
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
        self.writer.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n").encode())

    def frame(self, opcode, payload):
        n = len(payload)
        size = bytes([n]) if n < 126 else b"\x7e" + n.to_bytes(2, "big") if n < 65536 else b"\x7f" + n.to_bytes(8, "big")
        if not self.writer.is_closing():
            self.writer.write(bytes([0x80 | opcode]) + size + payload)

    def send(self, xml):
        self.frame(1, xml.encode())

    async def next_frame(self):
        head = await self.reader.readexactly(2)
        n = head[1] & 0x7F
        if n == 126:
            n = int.from_bytes(await self.reader.readexactly(2), "big")
        elif n == 127:
            n = int.from_bytes(await self.reader.readexactly(8), "big")
        mask = await self.reader.readexactly(4) if head[1] & 0x80 else bytes(4)
        payload = await self.reader.readexactly(n)
        long_mask = int.from_bytes((mask * (n // 4 + 1))[:n], "big") if n else 0
        return head[0] & 0xF, (int.from_bytes(payload, "big") ^ long_mask).to_bytes(n, "big") if n else b""

    async def run(self):
        try:
            await self.shake_hands()
            while True:
                opcode, payload = await self.next_frame()
                if opcode == 1:
                    self.hear(ET.fromstring(payload.decode()))
                elif opcode == 9:
                    self.frame(10, payload)
                elif opcode == 8:
                    self.frame(8, payload[:2])
                    break
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            pass # killed
        finally:
            self.live = False
            self.writer.close()

    # ---- XMPP

    def hear(self, xml):
        name = xml.tag.split("}")[1]
        if name == "open":
            self.opens += 1
            self.send(f"<open xmlns='{FRAMING}' from='{DOMAIN}' id='s{self.opens}' version='1.0' xml:lang='en'/>")
            offers = (f"<mechanisms xmlns='{SASL}'><mechanism>SCRAM-SHA-256</mechanism></mechanisms>" if self.opens == 1
                      else "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")
            self.send(f"<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{offers}</stream:features>")
        elif name == "auth":
            answer = self.scram.first(base64.b64decode(xml.text).decode())
            self.send(f"<challenge xmlns='{SASL}'>{base64.b64encode(answer.encode()).decode()}</challenge>")
        elif name == "response":
            answer = self.scram.final(base64.b64decode(xml.text).decode())
            if answer is None:
                self.send(f"<failure xmlns='{SASL}'><not-authorized/></failure>")
            else:
                self.send(f"<success xmlns='{SASL}'>{base64.b64encode(answer.encode()).decode()}</success>")
        elif name == "iq":
            self.on_iq(xml)
        elif name == "presence" and f"@{ROOMS}/" in xml.get("to", ""):
            self.join(xml.get("to").split("@")[0])
        elif name == "message":
            self.server.heard(self, xml)

    def on_iq(self, xml):
        bind = xml.find("{urn:ietf:params:xml:ns:xmpp-bind}bind")
        inside = ""
        if bind is not None:
            self.resource = bind.findtext("{urn:ietf:params:xml:ns:xmpp-bind}resource", "b")
            inside = f"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{BOT}/{escape(self.resource)}</jid></bind>"
        if xml.get("type") in ("get", "set"):
            of = xml.get("to", DOMAIN).split("/")[0]
            self.send(f"<iq xmlns='{CLIENT}' type='result' id='{escape(xml.get('id'))}'"
                      + ("" if bind is not None else f" from='{of}'") + f">{inside}</iq>")

    def join(self, nick):
        room = room_of(nick)
        for other in (nick, neighbour_of(nick)):
            self.send(f"<presence xmlns='{CLIENT}' from='{room}/{other}' to='{BOT}/{self.resource}'>"
                      "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member' role='participant' "
                      f"jid='{other}@{DOMAIN}/phone'/></x></presence>")
        self.send(f"<presence xmlns='{CLIENT}' from='{room}/sluice' to='{BOT}/{self.resource}'>"
                  "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='owner' role='moderator' "
                  f"jid='{BOT}/{self.resource}'/><status code='100'/><status code='110'/></x></presence>")
        for stanza in self.server.history(nick):
            self.send(stanza)
        self.send(f"<message xmlns='{CLIENT}' type='groupchat' from='{room}' to='{BOT}/{self.resource}'><subject/></message>")
        self.rooms.add(nick)
        if not self.live and len(self.rooms) == len(NICKS):
            self.live = True
            self.server.joined(self)


class Chat:
    """The room: what was said in it, by whom, and what the bot posted."""

    def __init__(self):
        self.session = None
        self.posts = {}      # by the id of the first form
        self.by_command = {} # stanza id of a command -> posts that reply to it
        self.loose = []      # posts that reply to nothing
        self.life = 0
        self.on_join = lambda: None
        self.on_post = lambda post, is_new: None
        self.past = lambda nick: []

    async def open(self):
        server = await asyncio.start_server(self.take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.server = server

    async def take(self, reader, writer):
        session = Session(self, reader, writer)
        self.session = session
        await session.run()
        if self.session is session:
            self.session = None

    @property
    def live(self):
        return self.session is not None and self.session.live

    def joined(self, session):
        self.session = session
        self.on_join()

    def history(self, nick):
        """Some of what was said before, as a room gives it to one who enters: late, and marked so."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))
        return [self.stanza(nick, stanza_id, text, f"<delay xmlns='urn:xmpp:delay' from='{room_of(nick)}' stamp='{stamp}'/>")
                for stanza_id, text in self.past(nick)]

    def stanza(self, nick, stanza_id, text, more="", room=None):
        room = room or room_of(nick)
        resource = self.session.resource if self.session else "b"
        body = f"<body>{escape(text)}</body>" if text else ""
        return (f"<message xmlns='{CLIENT}' type='groupchat' from='{room}/{nick}' to='{BOT}/{resource}' id='m-{stanza_id}'>"
                f"{body}{more}<stanza-id xmlns='{SID}' by='{room}' id='{stanza_id}'/></message>")

    def say(self, nick, stanza_id, text, room=None):
        """False: the bot is not there, and did not hear it."""
        if not self.live:
            return False
        self.session.send(self.stanza(nick, stanza_id, text, room=room))
        return True

    def react(self, nick, stanza_id, post, emoji, room):
        self.session.send(self.stanza(nick, stanza_id, "", f"<reactions xmlns='urn:xmpp:reactions:0' id='"
                                      f"{escape(post.stanza_id or post.id)}'><reaction>{emoji}</reaction></reactions>", room))

    def heard(self, session, xml):
        """A message of the bot: kept, and given back as a room does."""
        body = xml.findtext(f"{{{CLIENT}}}body")
        if xml.get("type") != "groupchat":
            if body is not None:
                self.keep(xml, body)
            return
        stanza_id = f"r{len(self.posts)}-{time.monotonic_ns()}"
        if body is not None:
            post = self.keep(xml, body)
            if post.stanza_id is None:
                post.stanza_id = stanza_id
        room = xml.get("to")
        inside = "".join(ET.tostring(child, encoding="unicode") for child in xml)
        session.send(f"<message xmlns='{CLIENT}' type='groupchat' from='{room}/sluice' to='{BOT}/{session.resource}' "
                     f"id='{escape(xml.get('id'))}'>{inside}<stanza-id xmlns='{SID}' by='{room}' id='{stanza_id}'/></message>")

    def keep(self, xml, body):
        replace = xml.find("{urn:xmpp:message-correct:0}replace")
        reply = xml.find("{urn:xmpp:reply:0}reply")
        to = xml.get("to", "").split("@")[0] if xml.get("type") != "groupchat" else None
        now = time.time()
        post = self.posts.get(replace.get("id")) if replace is not None else None
        is_new = post is None
        if is_new:
            answers = reply.get("id") if reply is not None else None
            first = replace.get("id") if replace is not None else xml.get("id")
            post = self.posts[first] = Post(first, to, answers, body, now, self.life)
            self.by_command.setdefault(answers, []).append(post) if answers else self.loose.append(post)
        else:
            post.forms.append(body)
            post.last_at = now
        self.on_post(post, is_new)
        return post
