#!/usr/bin/env python3
# test_gate_only.py - one gate: who may ask the policy, who may open a secret, who may send a request to DigitalOcean
import re
import sys

sys.dont_write_bytecode = True
import house

# name -> the files and rooms that may call it. Rights checked by hand in handlers are how such walls fall.
CALLERS = {
    "policy_decide": ["bot/policy/", "bot/gate/", "bot/cli/can.c"],
    "secret_reveal": ["bot/base/secret.c", "bot/base/secret.h", "bot/ocean/bearer.c", "bot/ocean/oauth.c",
                      "bot/ocean/oauth_file.c", "adapters/xmpp/sasl.c", "adapters/slack/token.c", "bot/code/totp.c"],
}


def check(root):
    complaints = []
    calls = {name: 0 for name in CALLERS}
    files = house.c_files(root, "bot", "adapters")
    for path in files:
        text = house.code_only((root / path).read_text(encoding="utf-8"))
        for number, line in enumerate(text.splitlines(), 1):
            for name, homes in CALLERS.items():
                if not re.search(rf"\b{name}\b", line):
                    continue
                calls[name] += 1
                if not any(str(path) == home or (home.endswith("/") and str(path).startswith(home)) for home in homes):
                    complaints.append(f"{path}:{number}: {name} may be called only in {', '.join(homes)}")
    # renamed away, the lint would guard nothing
    for name, homes in CALLERS.items():
        for home in homes:
            here = [path for path in files if str(path) == home or (home.endswith("/") and str(path).startswith(home))]
            if not any(re.search(rf"\b{name}\b", house.code_only((root / path).read_text(encoding="utf-8"))) for path in here):
                complaints.append(f"{home} calls no {name} any more; take it out of this lint")
    return len(files), complaints


def plants():
    tree = ("bot", "adapters")

    def by_hand(copy):
        house.append(copy / "bot/command/list.c", "\nint x(void)\n{\n\treturn policy_decide(p, q).verdict;\n}\n")

    def by_pointer(copy):
        house.append(copy / "bot/job/planted.c", "/* planted.c - x */\nvoid *f = (void *)policy_decide;\n")

    def leak(copy):
        house.append(copy / "bot/app/dispatch.c", '\nvoid y(void) { log_line(0, "x", secret_reveal(s), 0); }\n')

    house.plant(check, tree, by_hand, ("bot/command/list.c", "policy_decide"))
    house.plant(check, tree, by_pointer, ("bot/job/planted.c", "policy_decide"))
    house.plant(check, tree, leak, ("bot/app/dispatch.c", "secret_reveal"))


if __name__ == "__main__":
    seen, found = check(house.ROOT)
    plants()
    house.finish(seen, 60, found)
