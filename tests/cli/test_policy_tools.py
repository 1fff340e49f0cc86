#!/usr/bin/env python3
# test_policy_tools.py - why, who-can, diff, scopes, schema, fmt and check --json as a person or a script meets them
import copy
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
SLUICE = pathlib.Path(os.environ.get("BUILD_DIR") or SOURCE / "build/dev") / "sluice"
EXAMPLE = SOURCE / "policy.yaml.example"
SOLO = SOURCE / "policy.solo.yaml.example"
SHARED = pathlib.Path(os.environ.get("SLUICE_SHARED") or SOURCE / "../shared") / "policy"
missing = []


def run(code, *words, says=(), error=False):
    done = subprocess.run([str(SLUICE), *map(str, words)], text=True, capture_output=True, check=False, timeout=120,
                          cwd=SOURCE, stdin=subprocess.DEVNULL)
    said = done.stderr if error else done.stdout
    shown = f"{words}\nexit {done.returncode}, expected {code}\n{done.stdout}\n{done.stderr}"
    if done.returncode != code or any(part not in said for part in says) or "Sanitizer" in done.stderr:
        print("not so:", says, shown)
        sys.exit(1)
    return done.stdout


def write(path, text):
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_words():
    for command in ("why", "who-can", "diff", "scopes", "schema", "fmt", "check"):
        run(0, command, "--help", says=[f"usage: sluice {command}"])
        run(2, command, "--elephant", says=["--elephant"], error=True)
    run(2, "why", says=["who, where"], error=True)
    run(2, "why", "--policy", EXAMPLE, "--as", "bob", "--in", "ops", "droplet.power.rebot",
        says=['did you mean "droplet.power.reboot"'], error=True)
    run(2, "diff", EXAMPLE, says=["which two files"], error=True)
    run(2, "diff", EXAMPLE, SOURCE / "README.md", says=["error E"], error=True)
    run(2, "diff", "--inventory", SOURCE / "README.md", EXAMPLE, EXAMPLE, says=["README.md"], error=True)


def test_why():
    question = ("--policy", EXAMPLE, "--in", "ops", "droplet.power.reboot", "--droplet", "name=web-1,tags=prod")
    run(0, "why", "--as", "bob", *question, says=["yes: bob may", "sre-runs-everything, line", "name: sre-runs-everything"])
    run(1, "why", "--as", "dora", *question, says=["no: dora may not", "No line allows it", "Who may do it here: ana, bob."])
    if run(0, "who-can", *question) != "ana\nbob\n":
        sys.exit("who-can does not list ana and bob alone")
    run(0, "who-can", "--policy", EXAMPLE, "--in", "zenith", "droplet.show", "--droplet", "tags=client:zenith",
        says=["strangers"])
    run(1, "who-can", "--policy", EXAMPLE, "--in", "ops", "droplet.purge", says=["nobody"])


def test_diff(folder):
    text = EXAMPLE.read_text(encoding="utf-8")
    wider = write(folder / "wider.yaml", text.replace("except: {tag: protected}", "except: {tag: precious}"))
    droplets = write(folder / "droplets.json", json.dumps([
        {"id": 1, "name": "s-1", "tags": ["staging"], "region": {"slug": "ams3"}},
        {"id": 2, "name": "s-2", "tags": ["staging", "protected"], "region": {"slug": "ams3"}}]))
    run(0, "diff", "--fail-on-gain", EXAMPLE, EXAMPLE, says=["no change of rights\n"])
    run(0, "diff", EXAMPLE, wider, says=["+ chen, dora may", "developers-run-staging, line", "- chen, dora may no longer"])
    run(1, "diff", "--fail-on-gain", "--inventory", droplets, EXAMPLE, wider,
        says=["+ chen, dora may", "on 1 droplet (s-2)", "gain"])
    run(0, "diff", "--fail-on-gain", "--inventory", droplets, wider, EXAMPLE, says=["- chen, dora may no longer", "0 gains"])
    if not SHARED.is_dir():
        missing.append(f"the conformance policy is not at {SHARED}")
        return
    big = SHARED / "conformance.policy.yaml"
    changed = write(folder / "big.yaml", big.read_text().replace("{name: a002, who: [people]", "{name: a002, who: [g01]"))
    run(0, "diff", "--inventory", SHARED / "conformance.requests.jsonl", big, changed, says=["a002", "may no longer"])
    run(1, "diff", "--fail-on-gain", big, big, says=["not proven"])


def test_scopes(folder):
    out = run(0, "scopes", "--policy", EXAMPLE)
    assert run(0, "scopes", EXAMPLE) == out
    run(2, "scopes", EXAMPLE, "more", says=['"more" is one word too many'], error=True)
    tiers = {line.split()[1]: set(rest.split()) for line, rest in zip(out.splitlines()[::2], out.splitlines()[1::2])}
    if not all(scope.endswith(":read") for scope in tiers["read"]) or "tag:read" not in tiers["read"]:
        sys.exit(f"the read token may more than read: {out}")
    if "droplet:update" not in tiers["change"] or tiers["change"] & {"droplet:delete", "droplet:admin", "tag:create"}:
        sys.exit(f"the change token: {out}")
    if "droplet:delete" not in tiers["destroy"]:
        sys.exit(f"the destroy token: {out}")
    looks = write(folder / "looks.yaml", SOLO.read_text().replace('may: ["droplet.power.*", snapshot.create, ', "may: [")
                  .replace("can: droplet.power.off, needs: code", "can: droplet.show"))
    out = run(0, "scopes", "--policy", looks)
    if "update" in out or "create" in out:
        sys.exit(f"a policy that only looks needs no more: {out}")
    ties = write(folder / "ties.yaml", SOLO.read_text().replace("snapshot.create, ", "volume.attach, ip.assign, "))
    out = run(0, "scopes", ties)
    for scope in ("block_storage:read", "block_storage_action:create", "reserved_ip:read", "reserved_ip:update"):
        if scope not in out.split():
            sys.exit(f"who ties volumes and addresses needs {scope}: {out}")


def test_schema(folder):
    try:
        import jsonschema
        import yaml
    except ImportError as error:
        missing.append(f"no {error.name} for python3")
        return
    schema = json.loads(run(0, "schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    conformance = SHARED / "conformance.policy.yaml"
    if conformance.is_file() and not judge.is_valid(yaml.safe_load(conformance.read_text(encoding="utf-8"))):
        sys.exit("the schema refuses the conformance policy")
    for path in (EXAMPLE, SOLO):
        text = path.read_text(encoding="utf-8")
        errors = [error.message for error in judge.iter_errors(yaml.safe_load(text))]
        if errors:
            sys.exit(f"{path}: {errors[:3]}")
        for right, wrong in (("droplets:", "droplet:"), ("\nallow:", "\nalow:"), ("snapshot.create", "snapshot.creat"),
                             ("region]", "regoin]"), ("tag:", "tags:"), ("who:", "whom:")):
            if right not in text or judge.is_valid(yaml.safe_load(text.replace(right, wrong, 1))):
                sys.exit(f'{path.name}: "{wrong}" for "{right}" is not seen by the schema')


    # what the checker accepts an editor accepts: the samples of the golden tests
    for path in sorted((SOURCE / "tests/golden/policy").glob("*.yaml")):
        if re.search(r" error E", path.with_suffix(".txt").read_text(encoding="utf-8")) or path.name == "e022-secret.yaml":
            continue
        errors = [error.message for error in judge.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))]
        if errors:
            sys.exit(f"the schema refuses {path.name}: {errors[:3]}")
    # a key that does not exist, put into each map of a policy that has every section, is seen by both
    whole = yaml.safe_load((SOURCE / "tests/golden/policy/ok-keys.yaml").read_text(encoding="utf-8"))
    whole["channels"]["orion"]["announce"] = "yes"  # and not what PyYAML takes it for
    whole["require"] = [{"name": "r", "may": "droplet.power.off", "droplets": "any", "confirm": "self"}]
    whole["limits"] = [{"name": "l", "may": "everything", "droplets_at_once": 3}]
    whole["never"] = [{"name": "n", "who": "everyone", "may": "droplet.purge", "droplets": {"tag": "a", "except": {"tag": "b"}}}]
    whole["roles"] = {"viewer": {"may": ["droplet.show"]}}
    whole["oncall"]["primary"]["cover"] = [{"who": "ana", "from": "2026-01-06 09:00", "to": "2026-01-07 09:00"}]
    if not judge.is_valid(whole):
        sys.exit(f"the schema refuses the whole: {[error.message for error in judge.iter_errors(whole)][:3]}")
    planted = 0
    for trail in list(maps_of(whole)):
        if trail in (["people"], ["groups"], ["oncall"], ["hours"], ["roles"], ["channels"], ["accounts"], ["workspaces"]) or \
                trail[:1] == ["people"]:
            continue  # names of the file's own, or a person's workspaces
        wrong = copy.deepcopy(whole)
        at = wrong
        for step in trail:
            at = at[step]
        at["elephant"] = "x"
        planted += 1
        if judge.is_valid(wrong):
            sys.exit(f"the schema does not see a key too many in {trail}")
        run(2, "check", write(folder / "planted.yaml", yaml.safe_dump(wrong)), says=["elephant"])
    if planted < 25:
        sys.exit(f"only {planted} keys were planted")


def maps_of(node, trail=()):
    if isinstance(node, dict):
        yield list(trail)
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from maps_of(value, (*trail, key))


def test_fmt(folder):
    rng = random.Random(5)
    text = EXAMPLE.read_text(encoding="utf-8")
    tidy = write(folder / "tidy.yaml", text)
    run(0, "fmt", tidy)
    text = tidy.read_text(encoding="utf-8")
    for _ in range(15):
        messy = write(folder / "messy.yaml", "".join(
            line + " " * rng.choice([0, 0, 1, 7]) + rng.choice(["\n", "\n", "\r\n"]) + ("\n" * rng.choice([1, 3]) if line == "" else "")
            for line in text.splitlines()) + "\n" * rng.randrange(3))
        if messy.read_bytes() != tidy.read_bytes():
            run(1, "fmt", "--check", messy, says=["is not tidy"])
        run(0, "fmt", messy)
        run(0, "fmt", "--check", messy)
        if messy.read_bytes() != tidy.read_bytes() or messy.stat().st_mode & 0o777 != 0o600:
            sys.exit("fmt does not give the same tidy text")
        run(0, "diff", "--fail-on-gain", EXAMPLE, messy, says=["no change of rights"])
    folded = write(folder / "folded.yaml", 'version: 1\nsettings:\n  log: "in  \n\n\n    fo"\n')
    before = folded.read_bytes()
    run(2, "fmt", folded, says=["line 3"], error=True)
    if folded.read_bytes() != before:
        sys.exit("a refused file was changed")
    tabs = write(folder / "tabs.yaml", "version: 1\nsettings:\n\tlog: info\n")
    run(2, "fmt", tabs, says=["E001"], error=True)
    if list(folder.glob("*.yaml.*")):
        sys.exit("fmt leaves files behind")


def test_check(folder):
    for path in (EXAMPLE, SOLO):
        if run(0, "check", "--strict", path) != "ok\n":
            sys.exit(f"{path} is not ok")
    if len(SOLO.read_text().splitlines()) > 30:
        sys.exit("the solo example is longer than 30 lines")
    bad = write(folder / "bad.yaml", 'version: 1\nallow: [{name: a, who: x, may: "y\\"", droplets: any}]\n')
    found = json.loads(run(2, "check", "--json", bad))
    if found["errors"] < 1 or found["findings"][0]["code"] != "E031" or found["findings"][0]["line"] != 2:
        sys.exit(f"check --json: {found}")
    if json.loads(run(0, "check", "--json", EXAMPLE))["findings"]:
        sys.exit("check --json finds something in the example")
    golden = SOURCE / "tests/golden/policy"
    for text in sorted(golden.glob("*.txt")):  # the same findings as JSON, and what --strict makes of them
        said = text.read_text(encoding="utf-8")
        beside = [word for option, ext in (("--inventory", ".json"), ("--token-scopes", ".scopes"))
                  for word in (option, text.with_suffix(ext)) if text.with_suffix(ext).is_file()]
        expected = [(kind, code, int(line), int(column)) for line, column, kind, code in
                    re.findall(r"^\S+\.yaml:(\d+):(\d+): (error|warning) (E\d+|W\d+): ", said, re.M)]
        if not expected or text.name[:4] in ("e021", "w119"):  # by mode, by the clock
            continue
        policy = write(folder / "golden.yaml", "")
        policy.write_bytes(text.with_suffix(".yaml").read_bytes())
        wrong = any(kind == "error" for kind, *_ in expected)
        found = json.loads(run(2 if wrong else 1, "check", "--json", "--strict", *beside, policy))
        got = [(f["severity"], f["code"], f["line"], f["column"]) for f in found["findings"]]
        # a file of errors was made at a load, where lints are left out
        if [f for f in got if f[0] == "error"] != [f for f in expected if f[0] == "error"] or not set(expected) <= set(got):
            sys.exit(f"{text.name}: {got}, expected {expected}")
    codes = [line.split()[0] for line in run(0, "check", "--codes").splitlines()]
    if codes != sorted(set(codes)) or not {"E001", "E091", "W101", "W121"} <= set(codes):
        sys.exit(f"check --codes: {codes}")
    secret = "dop_v1_" + "0123456789abcdef" * 4
    for text in (f'version: 1\naccounts:\n  main: {{token: "{secret}"}}\n', f"version: 1 # {secret}\n",
                 f"version: 1\nallow: [{{name: {secret}, who: x, may: y, droplets: z}}]\n"):
        for option in ([], ["--json"], ["--strict"]):
            if secret[:20] in run(2, "check", *option, write(folder / "secret.yaml", text), says=["E020"]):
                sys.exit("a secret is said again")
    wrong = write(folder / "wrong.scopes", "droplet:read\n")
    run(2, "check", "--token-scopes", wrong, EXAMPLE, says=["line 1", "of which token"], error=True)
    write(wrong, "read droplet:read elephant\n")
    run(2, "check", "--token-scopes", wrong, EXAMPLE, says=["elephant", "is no scope"], error=True)
    write(wrong, run(0, "scopes", "--policy", EXAMPLE))
    if run(0, "check", "--strict", "--token-scopes", wrong, EXAMPLE) != "ok\n":
        sys.exit("what scopes prints is more than the policy needs")
    write(wrong, run(0, "scopes", "--policy", EXAMPLE).replace("droplet:update", "droplet:update droplet:delete", 1))
    run(1, "check", "--strict", "--token-scopes", wrong, EXAMPLE, says=["W117", "droplet:delete"])
    run(2, "check", "--inventory", folder / "none.json", EXAMPLE, says=["is not there"], error=True)


if __name__ == "__main__":
    if not SLUICE.is_file():
        print(f"skipped: {SLUICE} is not built")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="sluice-tools-") as name:
        here = pathlib.Path(name)
        test_words()
        test_why()
        test_diff(here)
        test_scopes(here)
        test_schema(here)
        test_fmt(here)
        test_check(here)
    if missing:
        print("skipped: " + "; ".join(missing))
        sys.exit(77)
    print("all as said")
