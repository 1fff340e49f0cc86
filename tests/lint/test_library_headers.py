#!/usr/bin/env python3
# test_library_headers.py - a library's header stands in the one file that knows the library, and nowhere else
import re
import sys

sys.dont_write_bytecode = True
import house

# header -> where in bot/, adapters/ and tests/sim/ it may stand. A name that ends in "/" is a whole room.
HOME = {
    r"jansson\.h": ["bot/base/json.c"],
    r"yaml\.h": ["bot/base/yaml.c"],
    r"sqlite3\.h": ["bot/store/sqlite.h"],
    r"yajl/.*": ["bot/ocean/decode.c"],
    r"nettle/.*": ["bot/base/digest.c"],
    r"openssl/(evp|sha)\.h": ["tests/sim/slack_ws.c"],
    r"openssl/(ssl|err|bio|x509.*)\.h": ["tests/sim/tls.c"],
    r"uni(str|width|ctype|norm|case|conv|gbrk)\.h": ["bot/chat/text_unicode.c"],
    r"gsasl\.h": ["adapters/xmpp/sasl.c"],
    r"expat\.h": ["adapters/xmpp/xml.c"],
    r"stringprep\.h": ["adapters/xmpp/jid.c"],
    r"(uv|libwebsockets)\.h|curl/.*": ["bot/loop/"],
    r"liboath/oath\.h": ["bot/code/totp.c"],
    r"cairo\.h": ["bot/chart/draw.c"],
    r"qrencode\.h": ["bot/cli/qr.c"],
    r"http_parser\.h": ["tests/sim/server.c"],
}
# The simulators' servers are libuv programs of their own; the simulated Slack is made of JSON trees.
ALSO = {"uv.h": ["tests/sim/listener.h", "tests/sim/slack_conn.h"], "http_parser.h": ["tests/sim/slack_conn.h"],
        "jansson.h": ["tests/sim/slack.h"]}

SYSTEM = set("""
assert complex ctype errno fcntl float inttypes iso646 limits locale math poll pwd grp setjmp signal spawn stdalign
stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings termios time unistd wchar wctype dirent
endian fnmatch getopt glob ifaddrs libgen netdb pthread sched syslog utime malloc threads dlfcn semaphore
""".split())
SYSTEM_FOLDERS = {"sys", "netinet", "arpa", "net", "linux"}


def is_system(name):
    if "/" in name:
        return name.split("/")[0] in SYSTEM_FOLDERS
    return name.removesuffix(".h") in SYSTEM


def homes_of(name):
    for pattern, homes in HOME.items():
        if re.fullmatch(pattern, name):
            return homes + ALSO.get(name, [])
    return None


def at_home(path, homes):
    return any(str(path) == home or (home.endswith("/") and str(path).startswith(home)) for home in homes)


def check(root):
    complaints = []
    used = set()
    files = house.c_files(root, "bot", "adapters", "tests/sim")
    files = [path for path in files if not path.name.startswith("test_")]
    for path in files:
        text = (root / path).read_text(encoding="utf-8")
        for number, name, angle in house.includes(text):
            homes = homes_of(name)
            if homes is not None:
                used.add(next(pattern for pattern in HOME if re.fullmatch(pattern, name)))
                if not at_home(path, homes):
                    complaints.append(f"{path}:{number}: <{name}> may stand only in {', '.join(homes)}")
            elif angle and not is_system(name):
                complaints.append(f"{path}:{number}: <{name}> is a library that no row of this lint knows")
    for pattern in HOME:
        if pattern not in used:
            complaints.append(f"nothing includes {pattern} any more; take its row out of this lint")
    return len(files), complaints


def plants():
    tree = ("bot", "adapters", "tests/sim")
    for name in ("jansson.h", "uv.h", "curl/curl.h", "sqlite3.h", "yajl/yajl_tree.h", "gsasl.h", "zlib.h"):
        house.plant(check, tree, lambda copy: house.append(copy / "bot/gate/gate.c", f"\n#include <{name}>\n"),
                    ("bot/gate/gate.c", name))
        house.plant(check, tree, lambda copy: house.append(copy / "bot/gate/gate.h", f'\n#include "{name}"\n'),
                    ("bot/gate/gate.h", name)) if name != "zlib.h" else None

    def stale(copy):
        path = copy / "bot/base/yaml.c"
        path.write_text(path.read_text().replace("#include <yaml.h>", ""))

    house.plant(check, tree, stale, ("nothing includes", "yaml"))


if __name__ == "__main__":
    seen, found = check(house.ROOT)
    plants()
    house.finish(seen, 60, found)
