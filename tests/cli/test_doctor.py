#!/usr/bin/env python3
# test_doctor.py - sluice doctor from outside: all well, each thing that can be wrong with its remedy, and nothing changed by it
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import urllib.request

sys.dont_write_bytecode = True
from test_cli import SIM, SLUICE, CLEAN, SOURCE, TOKEN, answers, expect, simulator, sluice, terminal_policy


def doctor(folder, url, *words):
    done = sluice("doctor", "--policy", folder / "policy.yaml", "--state", folder / "state.db", "--listen", "", "--ocean-url",
                  url, "--metadata-url", url + "/metadata/v1/id", *words)
    expect("no token is said", TOKEN not in done.stdout + done.stderr, done.stdout)
    for line in done.stdout.splitlines():
        expect("a line fits a terminal", len(line) <= 132, line)
    return done


def all_well(folder, url):
    done = doctor(folder, url, "--console", "--console-as", "ana", "--console-in", "ops")
    answers(done, 0, "ok    policy", "ok    token     main/read+change+destroy: ", " droplets", "ok    clock", "ok    console",
            "is made at the first start", "note  droplet   not known: what answered as the metadata service gave no droplet's id",
            "Nothing is wrong.")
    answers(doctor(folder, url, "--console", "--console-as", "ana", "--console-in", "ops", "--metadata-url", "http://127.0.0.1:9/"), 0,
            "note  droplet   it runs on none of DigitalOcean's: the metadata service does not answer")
    answers(doctor(folder, url, "--console", "--console-as", "ana", "--console-in", "ops", "--own-droplet", "17"), 0,
            "ok    droplet   it runs on 17, as --own-droplet says")
    with simulator("--self", "440212003") as on_one:
        answers(doctor(folder, on_one, "--console", "--console-as", "ana", "--console-in", "ops"), 0,
                "ok    droplet   it runs on 440212003, which it will not switch off")
    answers(doctor(folder, url, "--console", "--console-as", "eve", "--console-in", "ops"), 0, "note  console   --console-as eve: the policy",
            'people: NAME: {term: "eve"}', "Nothing is wrong.")
    expect("no state file was made", not (folder / "state.db").exists())


def each_wrong(folder, url):
    console = ("--console", "--console-as", "ana", "--console-in", "ops")
    token = folder / "token"
    answers(doctor(folder, url), 1, "WRONG chat", "do: give --console, --xmpp-url", "1 thing to mend.")
    token.chmod(0o644)
    answers(doctor(folder, url, *console), 1, "WRONG policy", "do: sluice check says all")
    token.chmod(0o600)
    token.write_text("dop_v1_" + "6" * 64 + "\n")
    answers(doctor(folder, url, *console), 1, "WRONG token     main/read+change+destroy: ", "do: make a new token", "1 thing to mend.")
    token.write_text("")
    answers(doctor(folder, url, *console), 1, "WRONG token", "do: put the token there")
    token.unlink()
    answers(doctor(folder, url, *console), 1, "WRONG token", "do: put the token there")
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    answers(doctor(folder, "http://127.0.0.1:9", *console), 1, "WRONG token", "do: look at the network")
    (folder / "state.db").write_text("no database at all, but long enough to be looked at as one\n" * 40)
    answers(doctor(folder, url, *console), 1, "WRONG state", "is no database of Sluice")
    (folder / "state.db").unlink()
    answers(doctor(folder, url, *console, "--state", folder / "nowhere/state.db"), 1, "WRONG state", "do: make the folder")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answers(doctor(folder, url, *console, "--listen", "127.0.0.1:%d" % taken.getsockname()[1]), 1, "WRONG health",
                "do: give --listen another address")
    answers(doctor(folder, url, *console, "--xmpp-url", "wss://localhost:9/ws", "--xmpp-jid", "sluice@localhost",
                   "--xmpp-password", f"file:{folder}/absent"), 1, "WRONG xmpp      --xmpp-password: cannot", "do: put it there")
    answers(sluice("doctor", "elephant"), 2, '"elephant" is no setting', error=True)
    answers(sluice("doctor", "--help"), 0, "usage: sluice doctor")


def weak_tokens(folder):
    """A token that may not read tags, and one that may not read droplets."""
    console = ("--console", "--console-as", "ana", "--console-in", "ops")
    with simulator("--scopes", "droplet:read,account:read") as url:
        answers(doctor(folder, url, *console), 1, "tags cannot be trusted", "note  token", "without tag:read",
                "WRONG token", "it lacks actions:read", "do: give it the scopes that sluice scopes lists for it")
    # it tells its end: a fortnight before, that is something to mend; where the API tells nothing, nothing is said
    with simulator("--token-days", "200") as url:
        answers(doctor(folder, url, *console), 0, "it ends in 199 days", "Nothing is wrong.")
    with simulator("--token-days", "9") as url:
        answers(doctor(folder, url, *console), 1, "WRONG token", "it ends in 8 days", "do: make a new one")
    with simulator("--empty", "--droplet", "web-1 id=11 tags=web") as url:
        expect("one droplet is a droplet", re.search(r"\b1 droplet\n", doctor(folder, url, *console).stdout))
    with simulator("--token-days", "2") as url:
        answers(doctor(folder, url, *console), 1, "WRONG token", "it ends in 1 day")
        expect("one day is a day", "1 days" not in doctor(folder, url, *console).stdout)
    with simulator("--fault", "path=/v1/oauth/token/info kind=404") as url:
        answers(doctor(folder, url, *console), 0, "Nothing is wrong.")
    with simulator("--scopes", "account:read") as url:
        answers(doctor(folder, url, *console), 1, "WRONG token", "do: give it the scopes that sluice scopes lists")


def slack(folder, url):
    """Both tokens of Slack, against the simulated one: right, mixed up, revoked."""
    tokens = {}
    for name, text in (("app", "xapp-1-A0SIM-1-sim"), ("bot", "xoxb-sim-1"), ("gone", "xoxb-nobody-1")):
        (folder / name).write_text(text + "\n")
        (folder / name).chmod(0o600)
        tokens[name] = f"file:{folder / name}"
    with subprocess.Popen([str(SIM), "slack", "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sim:
        api = sim.stdout.readline().split()[-1].rstrip("/") + "/api"

        def look(app, bot, team="T0SIM"):
            return doctor(folder, url, "--slack-api-url", api, "--slack-app-token", tokens[app], "--slack-bot-token", tokens[bot],
                          "--slack-team", team)

        answers(look("app", "bot"), 0, "ok    slack     logged in, workspace T0SIM", "Nothing is wrong.")
        answers(look("app", "bot", "T01ACME00"), 1, "WRONG slack     the Slack bot token is of the workspace T0SIM")
        answers(look("bot", "app"), 1, "WRONG slack", "have the two been mixed up?")
        answers(look("app", "gone"), 1, "WRONG slack")
        answers(doctor(folder, url, "--slack-app-token", tokens["app"]), 1, "--slack-bot-token is missing")
        for text in ("xapp-1-A0SIM", "xoxb-sim-1", "xoxb-nobody"):
            expect("no token is said", text not in look("app", "gone").stdout)
        # what the token may not do, and where the bot is not
        def tell(word, **args):
            urllib.request.urlopen(f"{api[:-4]}/_sim/{word}", json.dumps(args).encode()).close()

        def scopes(text):
            tell("token", token="xoxb-sim-1", kind="bot", scopes=text, state="")

        some = "commands,chat:write,im:write,files:write,users:read,channels:read,groups:read,app_mentions:read,im:history"
        scopes(some)
        answers(look("app", "bot"), 1, "WRONG slack     The Slack app lacks the scopes usergroups:read", "do: Add them under OAuth",
                "ok    slack     logged in", "1 thing to mend.")
        scopes(some.replace("chat:write,", ""))
        answers(look("app", "bot"), 1, "WRONG slack     The Slack app lacks the scopes chat:write, usergroups:read", "1 thing to mend.")
        scopes("commands,chat:write,im:write,files:write,users:read,usergroups:read")  # the minimal app, on purpose
        answers(look("app", "bot"), 0, "Nothing is wrong.")
        scopes(some + ",usergroups:read")
        policy = folder / "policy.yaml"
        before = policy.read_text()
        policy.write_text(before.replace("T01ACME00", "T0SIM").replace("C01OPS000", "C0OPS").replace("C01ZENITH", "C0DEV"))
        answers(look("app", "bot"), 0, "Nothing is wrong.")
        tell("channel", id="C0DEV", is_member=False, members=[])
        answers(look("app", "bot"), 1, "WRONG slack     cannot work in the channel C0DEV", 'Write "/invite @sluice" there.',
                "1 thing to mend.")
        policy.write_text(before)
        sim.stdin.close()


def beside_a_bot(folder, url):
    """While a bot runs its login and its address are left alone."""
    with subprocess.Popen([str(SLUICE), "run", "--policy", folder / "policy.yaml", "--state", folder / "state.db", "--listen",
                           "127.0.0.1:0", "--ocean-url", url, "--console", "--console-as", "ana", "--console-in", "ops"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=CLEAN,
                          cwd=SOURCE) as bot:
        bot.stdin.write("whoami\n")
        bot.stdin.flush()
        while "You are ana." not in bot.stdout.readline():
            expect("the bot runs", bot.poll() is None)
        secret = folder / "password"
        secret.write_text("x\n")
        secret.chmod(0o600)
        answers(doctor(folder, url, "--listen", "127.0.0.1:9464", "--xmpp-url", "wss://localhost:9/ws", "--xmpp-jid",
                       "sluice@localhost", "--xmpp-password", f"file:{secret}"), 0, "a bot is working on it",
                "belongs to the bot that runs", "note  xmpp      not tried", "Nothing is wrong.")
        bot.stdin.close()
        expect("the bot was not disturbed", bot.wait(60) == 0)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        terminal_policy(folder)
        with simulator() as url:
            all_well(folder, url)
            each_wrong(folder, url)
            slack(folder, url)
            beside_a_bot(folder, url)
        weak_tokens(folder)
    from test_cli import checks
    print(f"{checks} checks")


main()
