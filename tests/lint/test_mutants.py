#!/usr/bin/env python3
# test_mutants.py - every deliberate bug of tests/mutation still applies to exactly one place, and its table names each
import sys

sys.dont_write_bytecode = True
import house

sys.path.insert(0, str(house.ROOT / "tests/mutation"))
import mutants

LEAST = 20


def check(root):
    complaints = []
    names = [name for name, *_ in mutants.MUTANTS]
    table = (root / "tests/mutation/README.md").read_text(encoding="utf-8")
    for name, file, old, new in mutants.MUTANTS:
        n = (root / file).read_text(encoding="utf-8").count(old)
        if n != 1:
            complaints.append(f"{file}: the text of the bug \"{name}\" stands {n} times in it, not once")
        if old == new:
            complaints.append(f"{file}: the bug \"{name}\" changes nothing")
        if f"| {name} |" not in table:
            complaints.append(f"tests/mutation/README.md does not list \"{name}\"; tests/mutation/run --write does")
        if names.count(name) != 1:
            complaints.append(f"two bugs are called \"{name}\"")
    return len(mutants.MUTANTS), complaints


def plants():
    name, file, old, _ = mutants.MUTANTS[0]

    def moved(copy):
        path = copy / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, ""), encoding="utf-8")

    house.plant(check, ("bot/policy", "tests/mutation"), moved, (name, "0 times"))


if __name__ == "__main__":
    seen, found = check(house.ROOT)
    plants()
    house.finish(seen, LEAST, found, "deliberate bugs")
