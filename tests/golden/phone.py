#!/usr/bin/env python3
# phone.py - draws docs/phone.svg: the conversation in README.md, which cli/readme holds to what a screen of 40 columns shows
#
#   phone.py           draws it anew
#   phone.py --check   exit 1 when docs/phone.svg is not what today's conversation makes
import pathlib
import re
import sys
from xml.sax.saxutils import escape

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PICTURE = SOURCE / "docs/phone.svg"
SAID = re.compile(r"(#\S+) (\S+)> (.+)")

WIDTH, MARGIN, PAD = 420, 16, 10
LINE, CHAR = 18, 7.9  # of 13 px monospace
INK, QUIET, PAPER = "#1f2933", "#616e7c", "#f5f7fa"
BOT, PERSON = "#ffffff", "#dbeafe"


class Picture:
    def __init__(self):
        self.y = 20
        self.parts = []

    def text(self, x, words, colour=INK, size=13, more=""):
        self.parts.append(f'<text x="{x:g}" y="{self.y:g}" font-size="{size}" fill="{colour}"{more}>{escape(words)}</text>')

    def channel(self, name):
        self.y += 22
        self.text(WIDTH / 2, name, QUIET, 12, ' text-anchor="middle"')
        self.y += 12

    def bubble(self, lines, colour, right=False, who=None):
        width = max(len(line) for line in lines) * CHAR + 2 * PAD
        x = WIDTH - MARGIN - width if right else MARGIN
        if who is not None:
            self.y += 14
            self.text(WIDTH - MARGIN if right else MARGIN, who, QUIET, 11, ' text-anchor="end"' if right else "")
            self.y += 5
        height = len(lines) * LINE + PAD
        self.parts.append(f'<rect x="{x:g}" y="{self.y:g}" width="{width:g}" height="{height:g}" rx="9" fill="{colour}"/>')
        self.y += LINE
        for line in lines:
            self.text(x + PAD, line, more=' xml:space="preserve"')
            self.y += LINE
        self.y += PAD - LINE + 7

    def svg(self):
        height = self.y + 18
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"',
            '     font-family="ui-monospace, \'DejaVu Sans Mono\', Menlo, Consolas, monospace">',
            "<title>Sluice on a phone</title>",
            f'<rect width="{WIDTH}" height="{height:g}" rx="22" fill="{PAPER}" stroke="#cbd2d9"/>',
            *self.parts, "</svg>", ""])


def conversation():
    """(channel, person, words) of what is said, and the lines of each form of each answer."""
    for block in re.findall(r"^```\n(.*?)^```$", (SOURCE / "README.md").read_text(encoding="utf-8"), re.M | re.S):
        if SAID.match(block):
            break
    else:
        sys.exit("README.md shows no conversation")
    lines = []
    for line in block.splitlines():
        said = SAID.match(line)
        if (said or line.startswith("~ ")) and lines:
            yield lines
            lines = []
        if said:
            yield said.groups()
        else:
            lines.append(line[2:])
    yield lines


def draw():
    picture, channel = Picture(), None
    for item in conversation():
        if isinstance(item, list):
            private = item[0].startswith("(only ")
            picture.bubble(item[1:] if private else item, BOT, who=f"sluice {item[0]}" if private else "sluice")
            continue
        if item[0] != channel:
            channel = item[0]
            picture.channel(channel)
        picture.bubble([item[2]], PERSON, right=True, who=item[1])
    return picture.svg()


def main():
    if "--check" not in sys.argv:
        PICTURE.write_text(draw(), encoding="utf-8")
    elif not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != draw():
        print("docs/phone.svg is not what README.md's conversation makes: run tests/golden/phone.py")
        sys.exit(1)


if __name__ == "__main__":
    main()
