#!/usr/bin/env python3
"""test_yaml_server.py - the YAML server that editors use (npm yaml-language-server) reads policies by the schema of `sluice schema`

Both examples are without a complaint; a wrong verb, a wrong key and a missing key are each complained of at their line; and
where a key may stand the server offers those that the schema knows.
"""
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading

VERSION = "1.15.0"
BUILD = pathlib.Path(os.environ["BUILD_DIR"])
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
WAIT_S = 60


def skip(why):
    print(why)
    sys.exit(77)


def install():
    """The server from npm, into the build folder, once."""
    folder = BUILD / "npm-yaml-server"
    program = folder / "node_modules/yaml-language-server/bin/yaml-language-server"
    if program.exists():
        return program
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    try:
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", f"yaml-language-server@{VERSION}"],
                              cwd=folder, capture_output=True, text=True, timeout=300)
    except FileNotFoundError:
        skip("skipped: no npm here (apt-get install npm)")
    except subprocess.TimeoutExpired:
        skip("skipped: npm did not bring yaml-language-server within 300 s")
    if done.returncode != 0:
        skip(f"skipped: npm could not install yaml-language-server: {done.stderr.strip()[-200:]}")
    return program


class Server:
    """The language server protocol over its standard input and output."""

    def __init__(self, program):
        self.process = subprocess.Popen(["node", str(program), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.inbox = queue.Queue()
        self.next_id = 0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.process.stdout
        while True:
            length = 0
            for line in iter(out.readline, b"\r\n"):
                if not line:
                    self.inbox.put(None)
                    return
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.inbox.put(json.loads(out.read(length)))

    def send(self, **message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def wait(self, wanted):
        """The next message for which wanted() holds; what the server asks meanwhile is answered."""
        while True:
            message = self.inbox.get(timeout=WAIT_S)
            assert message is not None, "the server ended"
            if "id" in message and "method" in message:
                empty = [{"validate": True, "completion": True, "schemaStore": {"enable": False}}
                         for _ in message.get("params", {}).get("items", [])]
                self.send(id=message["id"], result=empty or None)
            if wanted(message):
                return message

    def ask(self, method, params):
        self.next_id += 1
        mine = self.next_id
        self.send(id=mine, method=method, params=params)
        return self.wait(lambda m: m.get("id") == mine and "method" not in m)["result"]

    def open(self, uri, text):
        self.send(method="textDocument/didOpen",
                  params={"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}})

    def complaints(self, uri, text):
        """What it says of a text, as (line from 1, words)."""
        self.open(uri, text)
        message = self.wait(lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"]["uri"] == uri)
        return [(d["range"]["start"]["line"] + 1, d["message"]) for d in message["params"]["diagnostics"]]


def main():
    schema = BUILD / "npm-yaml-server-schema.json"
    schema.write_bytes(subprocess.run([BUILD / "sluice", "schema"], check=True, capture_output=True).stdout)
    server = Server(install())
    server.ask("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": {
        "workspace": {"configuration": True}, "textDocument": {"publishDiagnostics": {}}}})
    server.send(method="initialized", params={})
    head = f"# yaml-language-server: $schema=file://{schema}\n"
    checked = 0

    for name in ("policy.yaml.example", "policy.solo.yaml.example"):
        text = (SOURCE / name).read_text()
        said = server.complaints(f"file:///example/{name}", head + text)
        assert said == [], f"{name}: {said}"
        checked += 1

    text = (SOURCE / "policy.yaml.example").read_text()
    for old, new in (("may: snapshot.create,", "may: snapshot.craete,"),
                     ("who: sre,        may: operator,", "who: sre,        mai: operator,"),
                     ("confirm: self,", "confirm: selves,"),
                     ("version: 1\n", "version: 2\n")):
        assert text.count(old) >= 1, f"the example has no {old!r} any more"
        at = head.count("\n") + text[:text.index(old)].count("\n") + 1
        said = server.complaints(f"file:///broken/{checked}.yaml", head + text.replace(old, new, 1))
        assert any(line == at for line, _ in said), f"{new!r} in line {at}: {said}"
        checked += 1

    uri = "file:///complete/policy.yaml"
    server.complaints(uri, head + "\n")
    offered = server.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 0}})
    labels = {item["label"] for item in (offered["items"] if isinstance(offered, dict) else offered)}
    assert {"version", "accounts", "channels", "allow", "never"} <= labels, f"offered in an empty file: {labels}"
    server.process.kill()
    print(f"{checked} texts checked, {len(labels)} keys offered by yaml-language-server {VERSION}")


main()
