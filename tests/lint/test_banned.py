#!/usr/bin/env python3
# test_banned.py - functions that the program never calls
import re
import sys

sys.dont_write_bytecode = True
import house

INSTEAD = {
    "strcpy": "strbuf or memcpy",
    "strcat": "strbuf",
    "sprintf": "snprintf or strbuf",
    "vsprintf": "vsnprintf or strbuf",
    "gets": "fgets",
    "strtok": "strchr or strcspn",
    "atoi": "strtol with its checks",
    "atol": "strtol with its checks",
    "localtime": "localtime_r",
    "gmtime": "gmtime_r",
    "rand": "getrandom",
    "system": "nothing: the program starts no shell",
    "popen": "nothing: the program starts no shell",
}
# Also as a pointer: `= strcpy;` hides a call as well as `strcpy (`.
CALL = re.compile(r"(?<![\w.>])(" + "|".join(INSTEAD) + r")\b(?=\s*[(;,)])")


def check(root):
    complaints = []
    files = house.c_files(root, "bot", "adapters")
    for path in files:
        text = house.code_only((root / path).read_text(encoding="utf-8"))
        for number, line in enumerate(text.splitlines(), 1):
            if line.lstrip().startswith("#include"):
                continue
            for match in CALL.finditer(line):
                name = match.group(1)
                complaints.append(f"{path}:{number}: {name} is banned; use {INSTEAD[name]}")
    return len(files), complaints


def plants():
    tree = ("bot/base",)
    for name in INSTEAD:
        for text in (f"\nvoid p(void) {{ {name}(0); }}\n", f"\nvoid *p = (void *){name};\n"):
            house.plant(check, tree, lambda copy: house.append(copy / "bot/base/err.c", text),
                        ("bot/base/err.c", name, "banned"))
    with house.copy_of(*tree) as copy:
        before = check(copy)[1]
        house.append(copy / "bot/base/err.c",
                     '\n/* strcpy(a, b) */ // gets(s)\nconst char *s = "system(1)"; int my_rand(void);\n'
                     "int x = row.system(1) + row->popen(2) + snprintf(0, 0, 0);\n")
        assert check(copy)[1] == before, "comments, strings and longer names are no calls"


if __name__ == "__main__":
    seen, found = check(house.ROOT)
    plants()
    house.finish(seen, 60, found)
