#!/usr/bin/env python3
"""test_slack_manifest.py - what `sluice slack manifest` prints is a Manifest by the type of Slack's own client (npm @slack/web-api)

The compiler of TypeScript reads each variant as a value of that type, and refuses one with a misspelt key; the scopes and events
are held against its lists by the same way. The address carries the same manifest.
"""
import json
import os
import pathlib
import subprocess
import sys
import urllib.parse

PACKAGES = ("typescript@5.6.3", "@slack/web-api@8.2.0", "yaml@2.5.1")
BUILD = pathlib.Path(os.environ["BUILD_DIR"])
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
FOLDER = BUILD / "npm-slack-manifest"
READ = "const y = require('yaml'); process.stdout.write(JSON.stringify(y.parse(require('fs').readFileSync(0, 'utf8'))))"
CHECK = "import type { Manifest } from '@slack/web-api/dist/types/request/manifest';\nexport const manifest: Manifest = "


def skip(why):
    print(why)
    sys.exit(77)


def install():
    if (FOLDER / "installed").exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "package.json").write_text('{"private": true}\n')
    try:
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES], cwd=FOLDER,
                              capture_output=True, text=True, timeout=300)
    except FileNotFoundError:
        skip("skipped: no npm here (apt-get install npm)")
    except subprocess.TimeoutExpired:
        skip("skipped: npm did not bring Slack's client within 300 s")
    if done.returncode != 0:
        skip(f"skipped: npm could not install Slack's client: {done.stderr.strip()[-200:]}")
    (FOLDER / "installed").touch()


def manifest(*options):
    return subprocess.run([BUILD / "sluice", "slack", "manifest", *options], check=True, capture_output=True, text=True)


def parse(yaml):
    return json.loads(subprocess.run(["node", "-e", READ], cwd=FOLDER, input=yaml, check=True, capture_output=True, text=True).stdout)


def complaints(value):
    (FOLDER / "check.ts").write_text(CHECK + json.dumps(value) + ";\n")
    done = subprocess.run(["node", "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck",
                           "--module", "commonjs", "--moduleResolution", "node", "--target", "es2022", "check.ts"],
                          cwd=FOLDER, capture_output=True, text=True)
    return done.stdout.strip()


def main():
    install()
    checked = 0
    for options in ((), ("--minimal",), ("--name", "dropbot", "--command", "/do")):
        value = parse(manifest(*options).stdout)
        said = complaints(value)
        assert said == "", f"{options}: {said}"
        url = manifest(*options, "--url").stdout.strip()
        assert parse(urllib.parse.unquote(url.split("manifest_yaml=", 1)[1])) == value, "the address carries another one"
        assert len(value["features"]["slash_commands"][0]["usage_hint"]) <= 1000
        checked += 1

    full, minimal = parse(manifest().stdout), parse(manifest("--minimal").stdout)
    assert set(minimal["oauth_config"]["scopes"]["bot"]) < set(full["oauth_config"]["scopes"]["bot"])
    assert "im:history" not in minimal["oauth_config"]["scopes"]["bot"]
    assert "only mention it" in manifest("--minimal").stderr and manifest().stderr == ""

    # charts as files in both; words out of the command table
    for value in (full, minimal):
        assert {"files:write", "chat:write", "commands"} <= set(value["oauth_config"]["scopes"]["bot"])
        assert "show NAME" in value["features"]["slash_commands"][0]["usage_hint"]
        assert "say:create" in [shortcut["callback_id"] for shortcut in value["features"]["shortcuts"]]
        assert value["settings"]["socket_mode_enabled"] and value["settings"]["interactivity"]["is_enabled"]

    # what the app is told of is what the adapter hears
    heard = (SOURCE / "adapters/slack/heard.c").read_text()
    for event in full["settings"]["event_subscriptions"]["bot_events"]:
        assert f'"{event.split(".")[0]}"' in heard, f"the app is told of {event}, and nothing hears it"

    # the check can fail
    for spoil in (lambda v: v["features"].update(bot_usr={}),
                  lambda v: v["oauth_config"]["scopes"]["bot"].append("chat:wrote"),
                  lambda v: v["settings"]["event_subscriptions"]["bot_events"].append("app_mentioned")):
        value = parse(manifest().stdout)
        spoil(value)
        assert "error TS" in complaints(value), f"not complained of: {value}"
        checked += 1

    for words in (("slack",), ("slack", "manifesto"), ("slack", "manifest", "--name"), ("slack", "manifest", "--name", "a b"),
                  ("slack", "manifest", "--command", "droplet"), ("slack", "manifest", "--name", "x" * 36)):
        assert subprocess.run([BUILD / "sluice", *words], capture_output=True).returncode == 2, words
    print(f"{checked} manifests checked by the type of {PACKAGES[1]}")


main()
