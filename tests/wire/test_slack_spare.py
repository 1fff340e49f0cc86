#!/usr/bin/env python3
# test_slack_spare.py - --slack-connections 2: one of two warm connections dies, no new one is to be had, and nothing said is missed
import pathlib
import tempfile
import time

import test_slack_adapter as wire
from test_slack_adapter import Bot, Slack, expect


def live(slack):
    return [link["link"] for link in slack.call("state")["links"] if link["ready"] and not link["draining"] and not link["ghost"]]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        wire.prepare(folder)
        ocean, url = wire.ocean_start(folder)
        slack = Slack()
        bot = Bot(folder, slack, url, "--slack-connections", "2")
        with wire.ending(slack, ocean, bot):
            slack.wait("link", n=2)
            deadline = time.monotonic() + 10
            while len(live(slack)) != 2:
                expect("two are live", time.monotonic() < deadline, str(live(slack)))
                time.sleep(0.05)
            first, second = live(slack)
            slack.call("link", {"status": 408, "times": 3})  # its successor takes some time
            slack.call("cut", {"link": first})
            for _ in range(6):
                slack.call("command", {"user": "U0BOB", "channel": "C0OPS", "text": "whoami"})
                time.sleep(0.1)
            slack.wait("post", slack.says("You are bob"), 6)
            expect("by the other one", live(slack)[:1] == [second], str(live(slack)))
            expect("nothing ran out", not slack.ledger("timeout") and not slack.ledger("lost"))
            expect("it was never down", "state=down" not in bot.text(), bot.text())
            deadline = time.monotonic() + 30
            while len(live(slack)) != 2:
                expect("and there are two again", time.monotonic() < deadline, str(live(slack)))
                time.sleep(0.05)
            bot.stop()
    print("ok")


if __name__ == "__main__":
    main()
