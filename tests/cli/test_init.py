#!/usr/bin/env python3
# test_init.py - sluice init from outside: a policy that checks clean and works, wrong answers, nothing written over, nothing half done
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

sys.dont_write_bytecode = True
from test_cli import SIM, TOKEN, answers, expect, simulator, sluice


def init(folder, url, *lines, policy="policy.yaml"):
    done = sluice("init", "--policy", folder / policy, "--ocean-url", url, text="".join(line + "\n" for line in lines),
                  env={"USER": "root-user!"})
    expect("no token is said", TOKEN not in done.stdout + done.stderr, done.stdout)
    return done


def terminal(folder, url):
    token = folder / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    done = init(folder, url, f"file:{token}", "", "ana", "", "", "zenith", "", "")
    answers(done, 0, "Acme: 15 droplets, 3 clients by tag.", "It checks clean.", "--console-as ana --console-in ops")
    policy = folder / "policy.yaml"
    expect("for its owner alone", policy.stat().st_mode & 0o777 == 0o600)
    answers(sluice("check", "--strict", policy), 0, "ok")
    words = ("--policy", policy, "--ocean-url", url, "--state", folder / "s.db", "--console", "--log", "error")
    answers(sluice("doctor", *words, "--console-as", "ana", "--console-in", "ops"), 0, "Nothing is wrong.")
    answers(sluice("run", *words, "--console-as", "ana", "--console-in", "ops", text="reboot shop-web-1\n"), 0, "Rebooted shop-web-1")
    answers(sluice("run", *words, "--console-as", "guest", "--console-in", "zenith", text="status\n"), 0, "Your 2 servers")
    # what is there is not written over
    before = policy.read_bytes()
    answers(init(folder, url, f"file:{token}", "", "ana", "", "", "", "", ""), 1, "is there already", error=True)
    expect("as it was", policy.read_bytes() == before)


def xmpp(folder, url):
    done = init(folder, url, f"file:{folder}/token", "2", "acme.example", "bob", "bob@acme.example", "ops@rooms.acme.example",
                "zenith@rooms.acme.example", "not a room", "", policy="xmpp.yaml")
    answers(done, 0, "Left out: it must look like", "--xmpp-jid sluice@DOMAIN")
    text = (folder / "xmpp.yaml").read_text()
    for part in ('chat: {xmpp: "acme.example"}', 'bob: {chat: "bob@acme.example"}', "zenith-channel"):
        expect(f"the policy has {part!r}", part in text, text)
    expect("no channel for orion", "orion" not in text, text)
    answers(sluice("check", "--strict", folder / "xmpp.yaml"), 0, "ok")


def slack(folder, url):
    """The tokens' places, and ids by name out of the workspace; guests and bots are not there."""
    for name, text in (("app", "xapp-1-A0SIM-1-sim"), ("bot", "xoxb-sim-1")):
        (folder / name).write_text(text + "\n")
        (folder / name).chmod(0o600)
    with subprocess.Popen([str(SIM), "slack", "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sim:
        base = sim.stdout.readline().split()[-1].rstrip("/")

        def tell(word, **args):
            urllib.request.urlopen(f"{base}/_sim/{word}", json.dumps(args).encode()).close()

        def ask(policy, *lines):
            done = sluice("init", "--policy", folder / policy, "--ocean-url", url, "--slack-api-url", base + "/api",
                          text="".join(line + "\n" for line in (f"file:{folder}/token", "3") + lines), env={"USER": "root-user!"})
            expect("no token is said", "xoxb-" not in done.stdout.replace("xoxb-...", "").replace("begin with xoxb-", "")
                   and TOKEN not in done.stdout + done.stderr, done.stdout)
            return done

        tell("user", id="U0GUEST", team_id="T0SIM", name="gil", is_restricted=True)
        tell("user", id="U0CHEN2", team_id="T0SIM", name="chen.w", real_name="Chen")
        tell("channel", id="C0ZEN", name="zenith", is_channel=True, is_member=False, members=[])
        places = (f"file:{folder}/app", f"file:{folder}/bot")
        done = ask("slack.yaml", *places, "ana", "", "#ops", "Bob, chen.w, gil, Chen", "zenith", "nowhere", "")
        answers(done, 0, "5 people", 'Nothing there is called "gil"', 'Several are called "Chen"', "U0CHEN2",
                'The bot is not in #zenith yet: write "/invite @sluice" there.', "Left out.", "It checks clean.",
                f"--slack-app-token file:{folder}/app")
        text = (folder / "slack.yaml").read_text()
        for part in ('team: {slack: "T0SIM"}', 'ana: {team: "U0ANA"}', 'bob: {team: "U0BOB"}', 'chen-w: {team: "U0CHEN2"}',
                     'ops:   {at: "team/C0OPS"', "zenith-channel", 'team/C0ZEN', "bob looks and changes nothing"):
            expect(f"the policy has {part!r}", part in text, text)
        expect("no guest, nobody twice", "gil" not in text and "U0CHEN\"" not in text and "xapp-1" not in text, text)
        answers(sluice("check", "--strict", folder / "slack.yaml"), 0, "ok")
        answers(sluice("doctor", "--policy", folder / "slack.yaml", "--ocean-url", url, "--state", folder / "slack.db", "--listen", "",
                       "--slack-api-url", base + "/api", "--slack-app-token", places[0], "--slack-bot-token", places[1]), 1,
                "cannot work in the channel C0ZEN", "1 thing to mend.")
        # mixed up, a token instead of its place, a token that Slack does not know
        answers(ask("absent.yaml", *reversed(places), *reversed(places), *reversed(places)), 1, "does not begin with xapp-", "Nothing was written.")
        answers(ask("absent.yaml", "xapp-1-A0SIM-1-sim", *places, "nobody", "nobody", "nobody"), 1, "That looks like a secret.",
                'Nothing there is called "nobody"', "Nothing was written.")
        tell("token", token="xoxb-sim-1", kind="bot", scopes="", state="token_revoked")
        answers(ask("absent.yaml", *places, *places, *places), 1, "the bot token: the token was revoked", "Nothing was written.")
        sim.stdin.close()


def wrong(folder, url):
    absent = folder / "absent.yaml"
    # a token instead of its place is not taken, not shown, not kept
    done = init(folder, url, TOKEN, TOKEN, TOKEN, policy="absent.yaml")
    answers(done, 1, "That looks like a secret.", "Nothing was written.")
    # places where there is none, and one that DigitalOcean refuses
    other = folder / "other"
    other.write_text("dop_v1_" + "7" * 64 + "\n")
    other.chmod(0o600)
    answers(init(folder, url, f"file:{folder}/none", f"file:{other}", "env:NOT_SET_HERE", policy="absent.yaml"), 1,
            "refused the token", "Nothing was written.")
    # a name that is a word of the policy's own, answers that never fit, the end of the input at every question
    answers(init(folder, url, f"file:{folder}/token", "", "everyone", "everyone", "", "", "", "", policy="absent.yaml"), 1,
            "Nothing was written.")
    answers(init(folder, url, f"file:{folder}/token", "9", "x", "", policy="absent.yaml"), 1, "one of the numbers above")
    lines = [f"file:{folder}/token", "", "ana", "", "", "", ""]
    for n in range(len(lines) + 1):
        answers(init(folder, url, *lines[:n], policy="absent.yaml"), 1, "Nothing was written.")
    answers(init(folder, url, "x" * 100_000, policy="absent.yaml"), 1, "Nothing was written.")
    answers(init(folder / "nowhere", url, f"file:{folder}/token", "", "ana", "", "", "", "", "", policy="p.yaml"), 1, "cannot write",
            error=True)
    expect("nothing was left behind", not absent.exists())
    answers(sluice("init", "--polcy", "x"), 2, "usage: sluice init", error=True)
    answers(sluice("init", "--help"), 0, "usage: sluice init")


def main():
    with tempfile.TemporaryDirectory() as name, simulator() as url:
        folder = pathlib.Path(name)
        terminal(folder, url)
        xmpp(folder, url)
        slack(folder, url)
        wrong(folder, url)
    from test_cli import checks
    print(f"{checks} checks")


main()
