#!/usr/bin/env python3
# test_policy_wrong.py - what the commands about a policy file say to wrong words, wrong files and half a question, and what "-" means
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
SLUICE = pathlib.Path(os.environ.get("BUILD_DIR") or SOURCE / "build/dev") / "sluice"
EXAMPLE = SOURCE / "policy.yaml.example"
TEXT = EXAMPLE.read_text(encoding="utf-8")
failed = 0
missing = []


def run(code, words, said, text=None, before=(), cwd=SOURCE):
    """The exit code, and a part of what is said: of an answer on stdout, of a complaint on stderr."""
    global failed
    done = subprocess.run([*before, str(SLUICE), *map(str, words)], capture_output=True, check=False, timeout=60, cwd=cwd,
                          input=(text or "").encode())
    out, err = done.stdout.decode(), done.stderr.decode()
    if done.returncode != code or said not in out + err or "Sanitizer" in err or (code == 2 and not err and words[0] != "check"):
        print(f"not so: {' '.join(map(str, words))}\n  exit {done.returncode}, expected {code} and: {said}\n{out}{err}")
        failed += 1
    return out


def ask(command, *words, policy=EXAMPLE):
    return [command, "--policy", policy, *(["--as", "bob"] if command != "who-can" else []), "--in", "ops", *words]


# What stands in place of a policy file, and what is said of it.
def bad_files(folder):
    (folder / "folder").mkdir()
    (folder / "empty").write_bytes(b"")
    (folder / "comment").write_text("# nothing\n", encoding="utf-8")
    (folder / "binary").write_bytes(b"\x7fELF\x00\x01" + bytes(range(256)))
    (folder / "latin").write_bytes(b"version: 1\n# caf\xe9\n")
    (folder / "big").write_bytes(b"# " + b"x" * (1 << 20))
    (folder / "word").write_text("hello\n", encoding="utf-8")
    os.mkfifo(folder / "pipe")  # that nobody writes to
    for path in folder.iterdir():
        if path.is_file():
            path.chmod(0o600)
    return {"none": "is not there", "folder": "is a folder", "empty": "the file is empty", "comment": "the file is empty",
            "binary": "", "latin": "no UTF-8", "big": "is bigger than", "word": "a policy is a map", "pipe": "the file is empty"}


def test_files(folder):
    for name, said in bad_files(folder).items():
        path = folder / name
        before = path.read_bytes() if path.is_file() else None
        run(2, ["check", path], said)
        run(2, ["scopes", path], said)
        run(2, ["scopes", "--policy", path], said)
        run(2, ["diff", path, EXAMPLE], said)
        run(2, ["diff", EXAMPLE, path], said)
        for command in ("can", "why", "who-can"):
            run(2, ask(command, "droplet.show", policy=path), said)
        if name != "word":  # YAML, though no policy
            run(2, ["fmt", path], said)
            run(2, ["fmt", "--check", path], said)
        if before is not None and path.read_bytes() != before:
            sys.exit(f"{name} was changed")
    unread = folder / "unread"
    unread.write_text(TEXT, encoding="utf-8")
    unread.chmod(0)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    if nobody and (not shutil.which("setpriv") or subprocess.run([*nobody, str(SLUICE), "--version"], check=False,
                                                                 capture_output=True).returncode != 0):
        missing.append("nobody else than root may run the program here")
        return
    folder.chmod(0o755)
    for words in (["check", unread], ["fmt", unread], ["scopes", unread], ask("why", "droplet.show", policy=unread),
                  ["check", "--inventory", unread, EXAMPLE], ["diff", "--inventory", unread, EXAMPLE, EXAMPLE],
                  ["can", "--policy", EXAMPLE, "--batch", unread]):
        run(2, words, "Permission denied", before=nobody)
    run(2, ["fmt", write(folder / "locked.yaml", TEXT + "\n\n", 0o644)], "is as it was", before=nobody)


def write(path, text, mode=0o600):
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_beside(folder):
    """--inventory, --token-scopes and --batch."""
    for option, empty in (("--inventory", "holds no droplet"), ("--token-scopes", "holds no scope")):
        run(2, ["check", option, folder / "none", EXAMPLE], "is not there")
        run(2, ["check", option, folder / "folder", EXAMPLE], "is a folder")
        run(2, ["check", option, folder / "empty", EXAMPLE], empty)
        run(2, ["check", option, folder / "pipe", EXAMPLE], empty)
        run(2, ["check", option, folder / "binary", EXAMPLE], "binary")
        run(2, ["check", EXAMPLE, option], "needs a value")
        run(2, ["check", option, "a", option, "b", EXAMPLE], "stands twice")
    run(2, ["diff", "--inventory", folder / "empty", EXAMPLE, EXAMPLE], "holds no droplet")
    run(2, ["diff", EXAMPLE, EXAMPLE, "--inventory"], "needs a value")
    run(0, ["check", "--strict", "--token-scopes", "-", EXAMPLE], "ok", text=run(0, ["scopes", EXAMPLE], "main read"))
    run(0, ["diff", "--inventory", "-", EXAMPLE, EXAMPLE], "no change", text='[{"id": 1, "name": "a", "tags": []}]')
    for name, said in (("none", "No such file"), ("folder", "Is a directory")):
        run(2, ["can", "--policy", EXAMPLE, "--batch", folder / name], said)
    for line, said in (("{", "not valid JSON"), ('{"id":1,"as":"bob","in":"ops"}', '"action"'),
                       ('{"id":1,"as":"bobb","in":"ops","action":"droplet.show"}', 'did you mean "bob"?'),
                       ('{"id":1,"as":"slak/T01/U1","in":"ops","action":"droplet.show"}', 'no chat network "slak"')):
        good = '{"id":0,"as":"bob","in":"ops","action":"droplet.show","droplet":{"name":"a"}}\n'
        out = run(2, ["can", "--policy", EXAMPLE, "--batch", "-"], said, text=good + line + "\n" + good)
        if out.count("\n") != 1:
            sys.exit("a batch goes on after a bad line, or forgets the good one before it")
    run(0, ["can", "--policy", EXAMPLE, "--batch", "-"], '"rules":["unknown.verb"]',
        text='{"id":1,"as":"bob","in":"ops","action":"droplet.explode"}')


def test_settings():
    """Values that the bot would not start with are errors, not only keys."""
    with tempfile.TemporaryDirectory() as name:
        policy = pathlib.Path(name) / "p.yaml"
        policy.write_text(EXAMPLE.read_text() + "  log: chatty\n")
        run(2, ["check", policy], 'settings.log "chatty": must be debug, info, warn or error')
        policy.write_text(EXAMPLE.read_text() + "  log: warn\n")
        run(0, ["check", policy], "ok")


def test_words():
    for command in ("can", "check", "why", "who-can", "diff", "scopes", "schema", "fmt"):
        for words in (["--help"], ["-h"], ["--policy", "x", "--help"], ["a", "b", "c", "--help"]):
            run(0, [command, *words], f"usage: sluice {command}")
        run(2, [command, "--elephant"], '"--elephant" is no option')
        run(2, [command, "a", "b", "c"], "is one word too many")
    for command, said in (("can", "who, where and which"), ("why", "who, where and which"), ("who-can", "where and which"),
                          ("check", "which file"), ("fmt", "which file"), ("diff", "which two files")):
        run(2, [command], said)
    with tempfile.TemporaryDirectory() as empty:
        run(2, ["scopes"], '"policy.yaml" is not there', cwd=empty)
    run(2, ["schema", "-"], "one word too many")
    run(2, ["scopes", "--policy"], "needs a value")
    run(2, ["who-can", "--batch", "x"], '"--batch" is no option')
    run(2, ["can", "--batch", "x", "--as", "bob"], "the questions stand in the file")


def test_questions():
    for command in ("can", "why", "who-can"):
        run(2, ask(command, "droplet.power.rebot"), 'did you mean "droplet.power.reboot"?')
        run(2, ask(command, "reboot"), 'did you mean "droplet.power.reboot"?')
        run(2, ask(command, "droplet.reboot"), 'did you mean "droplet.power.reboot"?')
        run(2, ask(command, "droplet.*"), "is a pattern")
        run(2, ask(command, "operator"), 'no action "operator"')
        run(2, ask(command, "droplet.show", "more"), '"more" is one word too many')
        run(2, ask(command, "droplet.show", "--in", "phone"), '"--in" stands twice')
        run(2, ask(command, "droplet.show", "--at"), '"--at" needs a value')
        run(2, ask(command, "droplet.show", "--at", "noon"), 'not "noon"')
        run(2, [*ask(command)[:-1], "opps", "droplet.show"], 'no channel "opps"; did you mean "ops"?')
        run(2, [*ask(command)[:-1], "irc/x/y", "droplet.show"], 'no chat network "irc"')
        run(2, [*ask(command)[:-1], "acme/C01OPS000", "droplet.show"], "is not NETWORK/WORKSPACE/ID")
        for droplet, said in (
                ("name=p1 tag=prod", '"p1 tag=prod" is no name: commas go between the parts'),
                ("project=shop tags=prod", "is no project"), ("tags=prod web", "is no list of tags"),
                ("tags=prod++web", "is no list of tags"), ("tags=prod+", "is no list of tags"),
                ("name=p1,tag=prod", 'not by "tag"; did you mean "tags"?'), ("name=p1,name=p2", '"name" stands twice'),
                ("tags=prod,tags=web", "tags=prod+web"), ("p1", '"p1" is not KEY=VALUE'), ("name=p1,", "is not KEY=VALUE"),
                ("name=", "leave out what is not known"), ("", "an empty --droplet"), ("id=x", '"x" is no droplet id'),
                ("id=99999999999999999999999", "is no droplet id"), ("=x", "not by")):
            run(2, ask(command, "droplet.show", "--droplet", droplet), said)
        run(0, ask(command, "droplet.show", "--droplet", "id=5,name=p1,tags=,region=ams3,size=s,project=my shop,account=main"), "")
    for command in ("can", "why"):
        other = [command, "--policy", EXAMPLE, "--in", "ops", "droplet.show", "--as"]
        run(2, [*other, "bobb"], 'no person "bobb"; did you mean "bob"?')
        run(2, [*other, "strager"], 'did you mean "stranger"?')
        run(2, [*other, "slakc/T01/U1"], 'no chat network "slakc"; did you mean "slack"?')
        run(1, [*other, "slack/T09OTHER0/U1"], "")
    run(2, ["who-can", "--policy", EXAMPLE, "--as", "bob", "--in", "ops", "droplet.show"], "--as is for why")


def test_standard_input(folder):
    wider = TEXT.replace("except: {tag: protected}", "except: {tag: precious}")
    run(0, ["check", "--strict", "-"], "ok\n", text=TEXT)
    run(2, ["check", "-"], '-:1:1: error E001: the file is empty')
    run(2, ["check", "-"], "-:2:1: error E003", text="version: 1\nalow: []\n")
    run(2, ["check", "-"], "the standard input is bigger than 1 MiB", text="#" * ((1 << 20) + 1))
    run(0, ask("why", "droplet.show", policy="-"), "sre-runs-everything, line", text=TEXT)
    run(0, ask("can", "droplet.show", policy="-"), "sre-runs-everything  -:", text=TEXT)
    run(0, ask("who-can", "droplet.show", policy="-"), "ana\nbob\n", text=TEXT)
    run(1, ["diff", "--fail-on-gain", EXAMPLE, "-"], "+ chen, dora may", text=wider)
    run(0, ["diff", "--fail-on-gain", "-", EXAMPLE], "no change of rights", text=TEXT)
    if run(0, ["scopes", "-"], "", text=TEXT) != run(0, ["scopes", EXAMPLE], ""):
        sys.exit("scopes - is not what scopes says of the file")
    if run(0, ["fmt", "-"], "", text=TEXT.replace("\n", "  \n")) != run(0, ["fmt", "-"], "", text=TEXT):
        sys.exit("fmt - does not print the tidied text")
    run(1, ["fmt", "--check", "-"], "- is not tidy", text=TEXT + "\n\n")
    run(2, ["fmt", "-"], "E001", text="a: [")
    for words in (["diff", "-", "-"], ["check", "--inventory", "-", "-"], ["can", "--policy", "-", "--batch", "-"],
                  ["check", "--token-scopes", "-", "--inventory", "-", EXAMPLE]):
        run(2, words, "only one of them can be the standard input")
    run(0, ["diff", "--fail-on-gain", EXAMPLE, "/dev/fd/0"], "no change of rights", text=TEXT)  # as <(git show ...) gives it
    write(folder / "policy.yaml", TEXT)
    done = subprocess.run([str(SLUICE), "run", "--policy", "-"], capture_output=True, check=False, timeout=60, cwd=folder,
                          input=TEXT.encode())
    if done.returncode != 2 and done.returncode != 1 or b'is not there' not in done.stderr:
        sys.exit(f"the bot itself must not take a policy that it cannot read again: {done}")


def test_fmt(folder):
    """Written beside and renamed: never half a file, the same mode and owner, and a link stays a link."""
    where = folder / "fmt"
    where.mkdir()
    real = write(where / "real.yaml", TEXT + "\n\n", 0o640)
    if os.geteuid() == 0:
        os.chown(real, 12345, 23456)
    link = where / "link.yaml"
    link.symlink_to("real.yaml")
    old = real.stat()
    with real.open(encoding="utf-8") as held:
        run(0, ["fmt", link], "")
        if held.read() != TEXT + "\n\n":
            sys.exit("fmt writes into the old file: who reads it meanwhile sees half of it")
    new = real.stat()
    if not link.is_symlink() or real.read_text(encoding="utf-8") != run(0, ["fmt", "-"], "", text=TEXT):
        sys.exit("fmt of a link does not tidy what it leads to")
    if (new.st_uid, new.st_gid, stat.S_IMODE(new.st_mode)) != (old.st_uid, old.st_gid, stat.S_IMODE(old.st_mode)):
        sys.exit("fmt changes owner or mode")
    link.unlink()
    link.symlink_to("nowhere")
    run(2, ["fmt", link], "is not there")
    if sorted(path.name for path in where.iterdir()) != ["link.yaml", "real.yaml"]:
        sys.exit("fmt leaves files behind")


if __name__ == "__main__":
    if not SLUICE.is_file():
        print(f"skipped: {SLUICE} is not built")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="sluice-wrong-") as name:
        here = pathlib.Path(name)
        test_files(here)
        test_beside(here)
        test_settings()
        test_words()
        test_questions()
        test_standard_input(here)
        test_fmt(here)
    if failed:
        sys.exit(f"{failed} not as said")
    if missing:
        print("skipped: " + "; ".join(missing))
        sys.exit(77)
    print("all as said")
