#!/usr/bin/env python3
# test_cli.py - the program from outside: exit codes, sentences, the terminal as chat, the demo's refusals
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or SOURCE / "build/dev")
SLUICE = BUILD / "sluice"
SIM = BUILD / "sluice-sim"
TOKEN = "dop_v1_" + "5" * 64
SECONDS = 60
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
checks = 0


def expect(what, condition, shown=""):
    global checks
    checks += 1
    if not condition:
        print(f"not so: {what}\n{shown}")
        sys.exit(1)


def sluice(*words, text="", env=None, folder=None):
    return subprocess.run([str(SLUICE), *map(str, words)], input=text, text=True, capture_output=True, check=False,
                          timeout=SECONDS, cwd=folder or SOURCE, env={**CLEAN, **(env or {})})


def answers(done, code, *parts, error=False):
    said = done.stderr if error else done.stdout
    shown = f"{done.args}\nexit {done.returncode}\n--- out\n{done.stdout}\n--- err\n{done.stderr}"
    expect(f"exit code {code}", done.returncode == code, shown)
    for part in parts:
        expect(f"says {part!r}", part in said, shown)
    # a failure is a sentence, never a backtrace
    expect("no sanitizer report", "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, shown)


def test_words():
    answers(sluice(), 2, "usage: sluice", error=True)
    answers(sluice("--help"), 0, "usage: sluice", "check", "demo")
    expect("a version", re.fullmatch(r"sluice \d+\.\d+\.\d+\n", sluice("--version").stdout))
    answers(sluice("chekc"), 2, 'no command "chekc"', 'did you mean "check"', error=True)
    commands = re.findall(r"^  ([\w-]+) ", sluice("--help").stdout, re.M)
    expect("they are listed", len(commands) > 15 and "audit" in commands, commands)
    for command in commands:  # in the middle of a line too, whatever else stands there
        for words in (("--help",), ("-h",), ("verify", "--help"), ("--state", "x", "--help"), ("enroll", "bob", "-h")):
            answers(sluice(command, *words), 0, f"usage: sluice {command}")
        answers(sluice("help", command), 0, f"usage: sluice {command}")
    run = sluice("run", "--help").stdout
    for flag in ("--policy", "--ocean-url", "--xmpp-url", "--console-as"):
        expect(f"{flag} in the help", flag in run, run)


def test_settings(folder):
    answers(sluice("run", "--polcy", "x"), 2, 'did you mean "--policy"', error=True)
    answers(sluice("run", "--state"), 2, "needs a value", error=True)
    answers(sluice("run", "elephant"), 2, '"elephant"', error=True)
    answers(sluice("run", env={"SLUICE_LOG": "loud"}), 2, "SLUICE_LOG", "debug, info, warn or error", error=True)
    answers(sluice("run", "--ocean-url", "http://api.example"), 2, "without TLS only to this machine", error=True)
    done = sluice("run", "--xmpp-password", "hunter2-the-secret")
    answers(done, 2, "file:/PATH", error=True)
    expect("the secret is not said again", "hunter2" not in done.stderr + done.stdout, done.stderr)
    done = sluice("run", "--policy", folder / "absent.yaml")
    answers(done, 2, "absent.yaml", error=True)


def test_check_and_can(folder):
    example = SOURCE / "policy.yaml.example"
    done = sluice("check", example)
    answers(done, 0, "ok")
    # what the README shows is a policy too
    shown = re.search(r"```yaml\n(.*?)```", (SOURCE / "README.md").read_text(encoding="utf-8"), re.S)
    expect("README shows a policy", shown is not None)
    small = folder / "small.yaml"
    small.write_text("\n".join(line[3:] for line in shown.group(1).splitlines()) + "\n", encoding="utf-8")
    small.chmod(0o600)
    answers(sluice("check", small), 0, "ok")
    question = ("--as", "ana", "--in", "here", "droplet.power.reboot")
    answers(sluice("can", "--policy", small, *question, "--droplet", "name=web-1"), 0, "allow")
    answers(sluice("can", "--policy", small, *question, "--droplet", "name=db-1"), 1, "deny")
    answers(sluice("can", "--policy", small, "--as", "stranger", *question[2:], "--droplet", "name=web-1"), 1, "deny")
    broken = folder / "broken.yaml"
    broken.write_text(small.read_text().replace("droplet.show", "droplet.shw"), encoding="utf-8")
    broken.chmod(0o600)
    done = sluice("check", broken)
    both = done.stdout + done.stderr
    expect("exit 2 for errors", done.returncode == 2, both)
    for part in ("broken.yaml:", "E033", "droplet.shw", 'did you mean "droplet.show"', "^", "1 error"):
        expect(f"the checker says {part!r}", part in both, both)
    answers(sluice("check", folder / "absent.yaml"), 2)


@contextlib.contextmanager
def simulator(*words):
    with subprocess.Popen([str(SIM), "--listen", "127.0.0.1:0", "--speed", "20", "--token", TOKEN, "--exit-with-stdin",
                           *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.stdin.close()
            process.wait(SECONDS)


def terminal_policy(folder):
    """The example, whose token is a file of ours."""
    token = folder / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    text = (SOURCE / "policy.yaml.example").read_text(encoding="utf-8")
    text = re.sub(r'"file:/etc/sluice/\w+\.token"', f'"file:{token}"', text)
    policy = folder / "policy.yaml"
    policy.write_text(text, encoding="utf-8")
    policy.chmod(0o600)
    return policy


def terminal(folder, url, person, channel):
    return ("run", "--policy", folder / "policy.yaml", "--state", folder / "state.db", "--ocean-url", url, "--console",
            "--console-as", person, "--console-in", channel, "--log", "error")


def test_terminal(folder):
    terminal_policy(folder)
    with simulator() as url:
        done = sluice(*terminal(folder, url, "bob", "ops"), text="list tag:staging\n")
        answers(done, 0, "s-web-1")
        expect("no colour in a pipe", "\x1b" not in done.stdout, done.stdout)
        expect("the token is nowhere", TOKEN not in done.stdout + done.stderr)
        # the two words of the demo are nothing here: the terminal stays the one person of the configuration
        done = sluice(*terminal(folder, url, "dora", "ops"), text="/as bob\n/in zenith\nreboot shop-web-1\n")
        answers(done, 0, "Nothing ran.")
        expect("dora did not become bob", "Rebooting" not in done.stdout, done.stdout)
        done = sluice(*terminal(folder, url, "bob", "ops"), text="reboot shop-web-1\n")
        answers(done, 0, "Rebooted shop-web-1")
        # ten megabytes in one message: a sentence, and the next line is heard
        done = sluice(*terminal(folder, url, "bob", "ops"), text="x" * 10_000_000 + "\nwhoami\n")
        answers(done, 0, "too long", "bob")
        done = sluice(*terminal(folder, url, "bob", "ops"), text="reboot\x00shop-web-1\nwhoami\n")
        answers(done, 0, "bob")
        answers(sluice("audit", "--state", folder / "state.db", "verify"), 0, "ok, ")
        log = sluice("audit", "--state", folder / "state.db")
        answers(log, 0, "shop-web-1", "bob", "dora")
        expect("no token in the log", TOKEN not in log.stdout)
        test_stop(folder, url)
    # DigitalOcean is away: a sentence to the person, no crash, and nothing is claimed
    done = sluice(*terminal(folder, "http://127.0.0.1:9", "bob", "ops"), text="list\n")
    answers(done, 0)
    expect("the person is told", "DigitalOcean" in done.stdout, done.stdout + done.stderr)


def test_unknown_terminal(folder):
    """Who types as somebody whom the policy does not know is met with silence, and told why at the start."""
    terminal_policy(folder)
    with simulator() as url:
        for person, channel, *parts in (
                ("eve", "ops", "--console-as eve: the policy knows nobody by that", 'do: a line under people:  NAME: {term: "eve"}'),
                ("bob", "nowhere", "--console-in nowhere: the policy has no such place", "do: term/nowhere under at: of a channel")):
            done = sluice(*terminal(folder, url, person, channel), text="whoami\n")
            answers(done, 0, *parts, error=True)
        done = sluice(*terminal(folder, url, "bob", "ops"), "--console-workspace", "other", text="whoami\n")
        answers(done, 0, "does not list this terminal (other)", "do: a line under workspaces:  term: {console: other}", error=True)
        words = [word for word in terminal(folder, url, "bob", "ops") if word not in ("--console-as", "bob")]
        answers(sluice(*words, text="whoami\n"), 0, "--console-as is not given", "do: --console-as ID", error=True)
        done = sluice(*terminal(folder, url, "bob", "ops"), text="whoami\n")
        expect("nothing is said where all is known", done.stderr == "", done.stderr)


def test_stop(folder, url):
    """SIGHUP keeps the old policy when the new one is wrong; SIGTERM ends it with 0."""
    words = [str(SLUICE), *map(str, terminal(folder, url, "bob", "ops"))]
    policy = folder / "policy.yaml"
    good = policy.read_text(encoding="utf-8")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=CLEAN) as process:
        process.stdin.write("whoami\n")
        process.stdin.flush()
        while "bob" not in (line := process.stdout.readline()):
            expect("it speaks before it ends", line != "")
        policy.write_text(good.replace("version: 1", "version: 9"), encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        expect("a wrong policy does not end it", process.poll() is None)
        policy.write_text(good, encoding="utf-8")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=SECONDS)
        expect("SIGTERM ends it with 0", process.returncode == 0, errors)
        expect("the refusal is in the log", "policy.refused" in errors, errors)
        expect("the reason is in the log", "E009" in errors, errors)
    answers(sluice("audit", "--state", folder / "state.db", "verify"), 0, "ok, ")


def test_start_refusals(folder):
    policy = folder / "policy.yaml"
    words = terminal(folder, "http://127.0.0.1:9", "bob", "ops")
    token = folder / "token"
    token.chmod(0o644)
    answers(sluice(*words, text=""), 2, "E022", "token", error=True)
    answers(sluice("check", policy), 0, "warning E022")
    token.unlink()
    answers(sluice(*words, text=""), 1, "token", error=True)
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    policy.chmod(0o666)
    answers(sluice(*words, text=""), 2, "E021", error=True)
    policy.chmod(0o600)
    # the second chat cannot be opened: the first, the terminal, is closed again
    xmpp = ("--xmpp-url", "wss://127.0.0.1:9/x", "--xmpp-jid", "sluice@acme.example", "--xmpp-password", "env:NOT_THERE")
    answers(sluice(*words, *xmpp, text=""), 1, '--xmpp-password: the environment has no "NOT_THERE"', "do: put it there", error=True)
    answers(sluice(*words, *xmpp[:4], text=""), 1, "--xmpp-password is missing", "do: say where it is: file:/PATH", error=True)
    answers(sluice(*words, "--slack-app-token", f"file:{folder}/none", text=""), 1, "--slack-app-token: cannot read", error=True)
    # what stands beside a token would be sent with it: refused, and no part of it is said
    for spoilt in (f"{TOKEN} old", f"{TOKEN}\n{TOKEN}\n", f"Bearer {TOKEN}"):
        token.write_text(spoilt)
        done = sluice(*words, text="")
        answers(done, 1, f'the secret in "file:{token}" has ', error=True)
        expect("nothing of it is said", TOKEN[:20] not in done.stderr + done.stdout, done.stderr)
    token.write_text(TOKEN + "\n")
    done = sluice("run", "--policy", policy, "--state", folder / "no" / "such" / "folder.db", "--console", "--console-as", "bob")
    answers(done, 1, "folder.db", error=True)
    (folder / "garbage.db").write_bytes(b"not a database " * 1000)
    done = sluice("run", "--policy", policy, "--state", folder / "garbage.db", "--console", "--console-as", "bob")
    answers(done, 1, "garbage.db", error=True)
    answers(sluice("audit", "--state", folder / "absent.db", "verify"), 2, "absent.db", error=True)
    answers(sluice("run", "--policy", policy, "--state", folder / "x.db"), 1, "--console", error=True)


def test_demo(folder):
    script = folder / "script"
    script.write_text("/as dora\n/in ops\nreboot shop-web-1\n/as bob\nreboot shop-web-1\n/in zenith\n/as stranger\nlist\n")
    done = sluice("demo", "--script", script)
    answers(done, 0, "Nothing ran.", "Rebooted shop-web-1", "z-web-1")
    client = done.stdout[done.stdout.rindex("list"):]
    expect("a client sees only its own", "shop-web-1" not in client and "o-web-1" not in client, client)
    for words in (("--ocean-url", "http://127.0.0.1:9"), ("--policy", "x"), ("--elephant",)):
        answers(sluice("demo", *words), 2, words[0], error=True)
    answers(sluice("demo", env={"SLUICE_OCEAN_URL": "http://127.0.0.1:9"}), 2, "SLUICE_OCEAN_URL", error=True)
    for name in ("DIGITALOCEAN_TOKEN", "ANYTHING"):
        done = sluice("demo", env={name: TOKEN})
        answers(done, 2, "real token", name, error=True)
        expect("the token is not said again", TOKEN not in done.stderr, done.stderr)
    answers(sluice("demo", "--script", folder / "absent"), 2, "absent", error=True)


def main():
    if not SLUICE.exists() or not SIM.exists():
        print("sluice and sluice-sim are not built")
        sys.exit(1)
    tests = [test_words, test_settings, test_check_and_can, test_terminal, test_unknown_terminal, test_start_refusals, test_demo]
    for test in tests:
        with tempfile.TemporaryDirectory(prefix="sluice-cli-") as folder:
            if test is test_start_refusals:
                terminal_policy(pathlib.Path(folder))
            test(*([pathlib.Path(folder)] if test.__code__.co_argcount else []))
            print(f"{test.__name__}: fine")
    print(f"{checks} checks")


if __name__ == "__main__":
    main()
