#!/usr/bin/env python3
# test_layers.py - holds every include in bot/ and adapters/ to bot/LAYERS
import sys

sys.dont_write_bytecode = True
import house


def read_layers(root, complaints):
    layers = {}
    for line in (root / "bot/LAYERS").read_text(encoding="utf-8").splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] in layers:
            complaints.append(f'bot/LAYERS: room "{words[0]}" stands there twice')
        for below in words[1:]:
            # a room may only name rooms above it in the file, so there can be no circle
            if below not in layers:
                complaints.append(f'bot/LAYERS: "{words[0]}" names "{below}", which no earlier line holds')
        layers[words[0]] = set(words[1:])
    return layers


def room_of(path):
    return path.parts[0] if path.parts[0] == "adapters" else path.parts[1]


def check_include(root, layers, path, number, name):
    where = f"{path}:{number}"
    if "/" not in name or ".." in name:
        return f'{where}: include "{name}" is not written with its room\'s name'
    if (root / "bot" / name).is_file():
        target = name.split("/")[0]
    elif name.startswith("adapters/") and (root / name).is_file():
        target = "adapters"
    else:
        return f'{where}: include "{name}" is no file of the house'
    room = room_of(path)
    if target == room:
        if room == "adapters" and len(name.split("/")) > 2 and name.split("/")[1] != path.parts[1]:
            return f'{where}: one network may not include another ("{name}")'
        return None
    if target not in layers.get(room, set()):
        return f'{where}: room "{room}" may not include "{name}" (bot/LAYERS)'
    return None


def check(root):
    complaints = []
    layers = read_layers(root, complaints)
    files = house.c_files(root, "bot", "adapters")
    for path in files:
        if path.parts[0] == "bot" and len(path.parts) != 3:
            complaints.append(f"{path}: stands in no room")
            continue
        if room_of(path) not in layers:
            complaints.append(f'{path}: bot/LAYERS does not know the room "{room_of(path)}"')
        text = (root / path).read_text(encoding="utf-8")
        for number, name, angle in house.includes(text):
            if angle and (root / "bot" / name).is_file():
                complaints.append(f"{path}:{number}: <{name}> is ours, write it in quotes")
            elif not angle:
                complaint = check_include(root, layers, path, number, name)
                if complaint:
                    complaints.append(complaint)
    for room in layers:
        if not any(room_of(path) == room for path in files):
            complaints.append(f'bot/LAYERS: room "{room}" has no files')
    return len(files), complaints


def plants():
    tree = ("bot", "adapters")

    def up(copy):
        house.append(copy / "bot/base/err.c", '\n#include "store/store.h"\n')

    def hidden(copy):
        house.append(copy / "bot/policy/policy.h", '\n#  include\t"ocean/ocean.h"\n')

    def sideways(copy):
        house.append(copy / "bot/base/planted.h", '#include "err.h"\n')

    def stranger(copy):
        house.append(copy / "bot/cellar/wine.c", "int wine;\n")

    def angle(copy):
        house.append(copy / "bot/base/planted.c", "#include <store/store.h>\n")

    def circle(copy):
        path = copy / "bot/LAYERS"
        path.write_text(path.read_text().replace("policy      base", "policy      base gate"))

    def adapter(copy):
        house.append(copy / "adapters/console/planted.c", '#include "adapters/xmpp/xmpp.h"\n')

    def comment(copy):
        house.append(copy / "bot/base/err.c", '\n/* #include "store/store.h" */\n')

    house.plant(check, tree, up, ("bot/base/err.c", "store/store.h", "may not"))
    house.plant(check, tree, hidden, ("bot/policy/policy.h", "ocean/ocean.h", "may not"))
    house.plant(check, tree, sideways, ("planted.h", "err.h", "room's name"))
    house.plant(check, tree, stranger, ("bot/cellar/wine.c", "cellar"))
    house.plant(check, tree, angle, ("planted.c", "store/store.h", "quotes"))
    house.plant(check, tree, circle, ("LAYERS", "policy", "gate"))
    house.plant(check, tree, adapter, ("planted.c", "one network"))
    with house.copy_of(*tree) as copy:
        before = check(copy)[1]
        comment(copy)
        assert check(copy)[1] == before, "an include in a comment counts for nothing"


if __name__ == "__main__":
    seen, found = check(house.ROOT)
    plants()
    house.finish(seen, 60, found)
