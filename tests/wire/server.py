#!/usr/bin/env python3
# server.py - the misbehaving server of the wire tests: HTTP and WebSocket on raw sockets
#
# The path says what goes wrong. Prints "plain=PORT tls=PORT wrong=PORT silent=PORT" and serves until its
# standard input ends, then it removes the directory of its certificates. GET /count/KEY answers how many requests came for /KEY, whole or not.
import base64, hashlib, os, shutil, socket, ssl, struct, sys, threading, time

counts = {}
lock = threading.Lock()


def count(key):
    with lock:
        counts[key] = counts.get(key, 0) + 1
        return counts[key]


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


class Gone(Exception):
    pass


class Peer:
    def __init__(self, conn):
        self.conn, self.buf = conn, b""

    def fill(self):
        data = self.conn.recv(65536)
        if not data:
            raise Gone()
        self.buf += data

    def take(self, n):
        while len(self.buf) < n:
            self.fill()
        data, self.buf = self.buf[:n], self.buf[n:]
        return data

    def head(self):
        while b"\r\n\r\n" not in self.buf:
            self.fill()
        head, self.buf = self.buf.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {k.lower(): v.strip() for k, v in (l.split(":", 1) for l in lines[1:])}
        return method, path, headers

    def send(self, data):
        self.conn.sendall(data)


def answer(peer, status, body, headers=()):
    lines = ["HTTP/1.1 %s" % status, "Content-Length: %d" % len(body), *headers, "", ""]
    peer.send("\r\n".join(lines).encode() + body)


def hang():
    time.sleep(60)
    raise Gone()


def http(peer, method, path, headers, nth):
    body = peer.take(int(headers.get("content-length", "0")))
    key = path.split("?")[0].lstrip("/")
    if path.startswith("/count/"):
        with lock:
            n = counts.get(path[7:], 0)
        answer(peer, "200 OK", str(n).encode())
        return
    count(key)
    if key == "ok":
        answer(peer, "200 OK", b'{"ok":true}', [
            "Content-Type: application/json; charset=utf-8", "ratelimit-limit: 5000",
            "RateLimit-Remaining:  4816", "Ratelimit-Reset: 1768273200", "x-request-id: 0d42ffde"])
    elif key == "echo":
        text = "%s|%s|%s|%s|%s|" % (method, headers.get("content-type"), headers.get("authorization"),
                                    headers.get("content-length"), headers.get("expect"))
        answer(peer, "200 OK", text.encode() + body)
    elif key == "busy":
        answer(peer, "429 Too Many Requests", b"{}", ["Retry-After: 17", "ratelimit-limit: many"])
    elif key == "early":  # a 1xx before the answer
        peer.send(b"HTTP/1.1 103 Early Hints\r\nRetry-After: 99\r\n\r\n")
        answer(peer, "201 Created", b"made")
    elif key == "redirect":
        answer(peer, "302 Found", b"", ["Location: /ok"])
    elif key == "html":
        answer(peer, "502 Bad Gateway", b"<html><h1>502</h1></html>", ["Content-Type: text/html"])
    elif key == "empty":
        peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")
    elif key == "silent":
        hang()
    elif key == "half":
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100)
        hang()
    elif key == "slowheaders":
        for c in b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 1000:
            peer.send(bytes([c]))
            time.sleep(0.05)
    elif key == "endlessheaders":
        peer.send(b"HTTP/1.1 200 OK\r\n")
        for i in range(5000):
            peer.send(b"X-%d: %s\r\n" % (i, b"z" * 100))
    elif key == "hangup":
        raise Gone()
    elif key == "reset":
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100)
        time.sleep(0.05)
        reset(peer.conn)
        raise Gone()
    elif key == "garbage":
        peer.send(b"\x00\x01\x02 what?\r\n\r\n")
        raise Gone()
    elif key == "big":
        answer(peer, "200 OK", b"b" * int(path.split("?")[1]))
    elif key == "badbig":
        answer(peer, "500 Oops", b"b" * int(path.split("?")[1]))
    elif key == "chunks":
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for i in range(10):
            peer.send(b"5\r\nabcd%d\r\n" % i)
            time.sleep(0.005)
        peer.send(b"0\r\n\r\n")
    elif key == "endless":
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.send(b"e" * 65536)
    elif key.startswith("die-on-second"):  # a kept connection that dies when it is used again
        if nth > 1:
            raise Gone()
        answer(peer, "200 OK", b"first")
    elif key == "slow":
        time.sleep(0.1)
        answer(peer, "200 OK", b"slow")
    else:
        answer(peer, "404 Not Found", b"")


def frame(opcode, data, fin=True, rsv=0):
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    if len(data) < 126:
        return bytes([first, len(data)]) + data
    if len(data) < 65536:
        return bytes([first, 126]) + struct.pack(">H", len(data)) + data
    return bytes([first, 127]) + struct.pack(">Q", len(data)) + data


def read_frame(peer):
    first, second = peer.take(2)
    n = second & 0x7f
    if n == 126:
        n = struct.unpack(">H", peer.take(2))[0]
    elif n == 127:
        n = struct.unpack(">Q", peer.take(8))[0]
    if not second & 0x80:
        raise Gone()  # a client must mask
    mask = peer.take(4)
    data = bytes(b ^ mask[i % 4] for i, b in enumerate(peer.take(n))) if n < 100000 else peer.take(n)
    return first & 0x0f, data


def accept_key(key):
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def upgrade(peer, headers, subprotocol=True):
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Accept: " + accept_key(headers["sec-websocket-key"])]
    if subprotocol and "sec-websocket-protocol" in headers:
        lines.append("Sec-WebSocket-Protocol: " + headers["sec-websocket-protocol"])
    peer.send("\r\n".join(lines + ["", ""]).encode())


def echo(peer):
    while True:
        opcode, data = read_frame(peer)
        if opcode == 8:
            count("closed-%d" % (struct.unpack(">H", data[:2])[0] if len(data) >= 2 else 0))
            peer.send(frame(8, data[:2]))
            raise Gone()
        if opcode == 9:
            peer.send(frame(10, data))
        elif opcode == 1:
            peer.send(frame(1, data))


def drain(peer):
    while True:
        peer.buf = b""
        peer.fill()


def ws(peer, path, headers):
    key = path.split("?")[0].lstrip("/")
    count(key)
    if key == "noanswer":
        hang()
    if key == "unauthorized":
        answer(peer, "401 Unauthorized", b"no")
        raise Gone()
    if key == "redirect":
        answer(peer, "302 Found", b"", ["Location: ws://127.0.0.1:1/"])
        raise Gone()
    if key == "notws":
        answer(peer, "200 OK", b"<html>hello</html>")
        raise Gone()
    if key == "hangup":
        raise Gone()
    if key == "badaccept":
        headers["sec-websocket-key"] = "AAAA"
    upgrade(peer, headers, key != "nosub")
    if key == "head":
        peer.send(frame(1, ("%s|%s|%s" % (headers.get("host"), path, headers.get("sec-websocket-extensions"))).encode()))
    elif key == "badopcode":
        peer.send(frame(3, b"what"))
    elif key == "rsv":
        peer.send(frame(1, b"what", rsv=4))
    elif key == "huge":
        try:
            peer.send(frame(1, b"h" * 10000000))
        except OSError:
            raise Gone()
    elif key == "hugefragments":
        peer.send(frame(1, b"h" * 1000, fin=False))
        try:
            for i in range(10000):
                peer.send(frame(0, b"h" * 1000, fin=False))
        except OSError:
            raise Gone()
    elif key == "flood":  # too big, and a flood after the client closed; then a good close
        peer.send(frame(1, b"h" * 100, fin=False) + bytes([0, 127]) + struct.pack(">Q", 3000000) + b"h" * 1000000)
        while True:
            opcode, data = read_frame(peer)
            if opcode == 8:
                count("flood-closed-%d" % struct.unpack(">H", data[:2])[0])
                break
        peer.send(b"h" * 2000000 + frame(8, data[:2]))
    elif key == "fragments":
        peer.send(frame(1, b"one ", fin=False) + frame(9, b"are you there") + frame(0, b"two ", fin=False))
        opcode, data = read_frame(peer)
        peer.send(frame(0, b"three" if opcode == 10 and data == b"are you there" else b"no pong"))
    elif key == "large":
        peer.send(frame(1, b"l" * 300000) + frame(1, b"") + frame(1, "gr\u00fc\u00dfe".encode()))
    elif key == "freeze":
        hang()
    elif key == "chatty":  # never answers a ping, but talks
        for i in range(8):
            peer.send(frame(1, b"tick"))
            time.sleep(0.06)
        peer.send(frame(8, struct.pack(">H", 1000)))
    elif key == "close1001":
        peer.send(frame(8, struct.pack(">H", 1001) + b"going\x01 away"))
    elif key == "closebare":
        peer.send(frame(8, b""))
    elif key == "fin":
        raise Gone()
    elif key == "rst":
        reset(peer.conn)
        raise Gone()
    elif key == "badutf8":
        peer.send(frame(1, b"caf\xc3\x28"))
    elif key == "binary":
        peer.send(frame(2, b"\x00\x01"))
    elif key == "noclose":  # never answers a close
        while True:
            peer.fill()
    elif key == "noread":
        hang()
    elif key == "masked":  # a server must not mask
        peer.send(bytes([0x81, 0x84, 0, 0, 0, 0]) + b"mask")
    elif key == "lastclose":  # remember what the client closed with
        peer.send(frame(1, b"x" * 100))
    if key in ("huge", "hugefragments", "badutf8", "binary", "badopcode", "rsv", "masked"):
        opcode, data = read_frame(peer)
        if opcode == 8 and len(data) >= 2:
            count("%s-closed-%d" % (key, struct.unpack(">H", data[:2])[0]))
        drain(peer)
    echo(peer)


def serve(conn, context):
    try:
        conn.settimeout(60)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            conn = context.wrap_socket(conn, server_side=True)
        peer = Peer(conn)
        nth = 0
        while True:
            method, path, headers = peer.head()
            nth += 1
            if "upgrade" in headers:
                ws(peer, path, headers)
            else:
                http(peer, method, path, headers, nth)
    except (Gone, OSError, ValueError):
        pass
    finally:
        conn.close()


def listen(context=None, silent=False):
    sock = socket.create_server(("127.0.0.1", 0), backlog=256)

    def loop():
        kept = []
        while True:
            conn, _ = sock.accept()
            if silent:
                kept.append(conn)
            else:
                threading.Thread(target=serve, args=(conn, context), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    return sock.getsockname()[1]


def tls(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(name + ".crt", name + ".key")
    return context


def main():
    ports = {"plain": listen(), "silent": listen(silent=True)}
    if len(sys.argv) > 1:
        os.chdir(sys.argv[1])
        ports["tls"] = listen(tls("good"))
        ports["wrong"] = listen(tls("wrong"))
    print(" ".join("%s=%d" % item for item in ports.items()), flush=True)
    sys.stdin.read()
    if len(sys.argv) > 1:
        shutil.rmtree(sys.argv[1], ignore_errors=True)
    os._exit(0)


main()
