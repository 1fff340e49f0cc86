#!/usr/bin/env python3
# test_docs.py - what the papers name is there: files, ./dev commands, subcommands and flags of sluice, links
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import house

PAPERS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
LEAST = {"README.md": 8, "CONTRIBUTING.md": 40}
TOP = ("bot/", "adapters/", "tests/", "docker/", "cmake/", ".ci/", ".clang-", ".editorconfig", "policy.yaml.example",
       "CMakeLists.txt", "CMakePresets.json", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE")
# a room's file may be written with the room alone, as in an include: `policy/decide.h`
SPACED = re.compile(r"\s+")


def exists(root, name):
    if "*" in name or "<" in name or "NAME" in name:
        return bool(list(root.glob(re.sub(r"<\w+>|NAME", "*", name))))
    return (root / name).exists()


def paths_in(text, rooms):
    for number, line in enumerate(text.splitlines(), 1):
        for span in re.findall(r"`([^`]+)`", line):
            for word in SPACED.split(span):
                word = word.rstrip(",.;:")
                if word.startswith(TOP):
                    yield number, word
                elif "/" in word and word.split("/")[0] in rooms:
                    yield number, "bot/" + word
        for target in re.findall(r"\]\(([^)#]+)\)", line):
            if "://" not in target:
                yield number, target


def commands_in(text):
    """(line, "dev" or "sluice", words) of every command shown."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in re.finditer(r"(?:^|[`\s/])(\./dev|sluice) ((?:[a-z-]+|--[a-z-]+|[A-Z.\w/:@-]+)(?: [^`\n|]*)?)", line):
            inside = "`" in line[:match.start() + 1] or line.startswith(("    ", "\t", "$ ", "./", "build/"))
            if inside:
                yield number, match.group(1).removeprefix("./"), match.group(2)


def known_commands(root):
    dev = set(re.findall(r"^\t*\./dev ([a-z]+)", (root / "dev").read_text(encoding="utf-8"), re.M)) | {"help"}
    main = (root / "bot/cli/main.c").read_text(encoding="utf-8")
    sluice = set(re.findall(r'^\t\{"([a-z]+)", \w+_main', main, re.M))
    flags = set(re.findall(r"--[a-z][a-z-]+", "".join(
        (root / path).read_text(encoding="utf-8") for path in house.c_files(root, "bot/cli", "tests/sim"))))
    config = (root / "bot/config/config.c").read_text(encoding="utf-8")
    flags |= {"--" + key for key in re.findall(r'^\t\[CONFIG_\w+\]\s*=\s*\{"([a-z-]+)"', config, re.M)}
    return dev, sluice, flags


def check(root):
    complaints = []
    seen = 0
    rooms = {path.name for path in (root / "bot").iterdir() if path.is_dir()}
    dev, sluice, flags = known_commands(root)
    for paper in PAPERS:
        if not (root / paper).is_file():
            complaints.append(f"{paper}: is not there")
            continue
        text = (root / paper).read_text(encoding="utf-8")
        here = 0
        for number, name in paths_in(text, rooms):
            here += 1
            if not exists(root, name):
                complaints.append(f'{paper}:{number}: "{name}" is not there')
        for number, program, words in commands_in(text):
            here += 1
            first = words.split()[0]
            if program == "dev" and first not in dev:
                complaints.append(f'{paper}:{number}: ./dev has no "{first}"')
            elif program == "sluice" and re.fullmatch("[a-z]+", first) and first not in sluice:
                complaints.append(f'{paper}:{number}: sluice has no "{first}"')
            elif program == "sluice":
                for flag in re.findall(r"--[a-z][a-z-]+", words):
                    if flag not in flags and flag not in ("--help", "--version"):
                        complaints.append(f'{paper}:{number}: sluice has no flag "{flag}"')
        if here < LEAST.get(paper, 0):
            complaints.append(f"{paper}: names only {here} things, at least {LEAST[paper]} are expected")
        seen += here
    if not dev or len(sluice) < 4 or len(flags) < 16:
        complaints.append("the commands of ./dev or sluice were not found in their sources")
    return seen, complaints


def plants():
    tree = ("bot", "adapters", "tests", "docker", "cmake", ".ci", "dev", "LICENSE", "policy.yaml.example", *PAPERS,
            "CMakeLists.txt", "CMakePresets.json", ".clang-format", ".clang-tidy", ".editorconfig")
    planted = {
        "see `bot/gate/nowhere.c`": "bot/gate/nowhere.c",
        "see `policy/nowhere.h`": "bot/policy/nowhere.h",
        "see [there](docker/nowhere)": "docker/nowhere",
        "run `./dev dance`": "dance",
        "run `sluice waltz`": "waltz",
        "run `sluice run --polka yes`": "--polka",
    }
    with house.copy_of(*tree) as copy:
        for text in planted:
            house.append(copy / "CONTRIBUTING.md", f"\n{text}\n")
        complaints = check(copy)[1]
    for text, expect in planted.items():
        if not any("CONTRIBUTING.md" in line and expect in line for line in complaints):
            print("a planted mistake was not seen:", text)
            sys.exit(1)


if __name__ == "__main__":
    counted, found = check(house.ROOT)
    if all((house.ROOT / paper).is_file() for paper in PAPERS):
        plants()
    house.finish(counted, 60, found, "names")
