#!/usr/bin/env python3
# test_chart.py - sluice-chart from outside: the picture decoded (size, paper, a peak, a gap), and requests that it refuses
import os
import pathlib
import struct
import subprocess
import sys
import zlib

PROGRAM = pathlib.Path(os.environ["BUILD_DIR"]) / "sluice-chart"
HEAD = "sluice-chart 1\nzone 60\n"
WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 720, 372, 124, 690, 104, 314


def panel(points, scale="0 100", label="CPU", caption="12 % now, 96 % at most"):
    return f"panel {label}\nunit %\ncaption {caption}\nscale {scale}\ntime 1764298800000 1764302400000\npoints {points}\n"


def run(text):
    data = text if isinstance(text, bytes) else text.encode()
    return subprocess.run([PROGRAM], input=data, capture_output=True, timeout=60, check=False)


def decode(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
    at, idat = 8, b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 2), (depth, colour)
        idat += body if kind == b"IDAT" else b""
        at += 12 + size
    raw, rows, before = zlib.decompress(idat), [], bytearray(width * 3)
    for y in range(height):
        kind, row = raw[y * (width * 3 + 1)], bytearray(raw[y * (width * 3 + 1) + 1:(y + 1) * (width * 3 + 1)])
        for i in range(len(row)):
            left, up, corner = (row[i - 3] if i > 2 else 0), before[i], (before[i - 3] if i > 2 else 0)
            guess = left + up - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            row[i] = (row[i] + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
        rows.append(row)
        before = row
    return width, height, lambda x, y: tuple(rows[y][x * 3:x * 3 + 3])


def is_line(colour):
    return colour[0] < 60 and 50 < colour[1] < 120 and colour[2] > 130


def column(pixel, x, y0=0):
    return [y for y in range(y0 + TOP - 3, y0 + BOTTOM + 3) if is_line(pixel(x, y))]


def test_picture():
    # 4001 points on 566 pixels: one of them is a peak, the middle was not measured
    points = ["10"] * 4001
    points[1000] = "96"
    points[1800:2201] = ["-"] * 401
    done = run(HEAD + panel(" ".join(points)) + panel("20 - 80", label="Memory"))
    assert done.returncode == 0, done.stderr
    width, height, pixel = decode(done.stdout)
    assert (width, height) == (WIDTH, 2 * PANEL), (width, height)
    assert pixel(3, 3) == (255, 255, 255) and pixel(WIDTH - 3, height - 3) == (255, 255, 255)
    peak = LEFT + (RIGHT - LEFT) // 4
    tops = [y for x in (peak - 1, peak, peak + 1) for y in column(pixel, x)]
    assert min(tops) < TOP + 20, "the peak was averaged away"
    assert any(abs(y - 293) < 5 for y in column(pixel, 200)), "10 % stands at a tenth of the height"
    assert not column(pixel, (LEFT + RIGHT) // 2), "a line where nothing was measured"
    assert column(pixel, LEFT + 1, PANEL) and not column(pixel, 300, PANEL), "points alone are dots"
    assert any(sum(pixel(x, y)) < 200 for x in range(24, 120) for y in range(14, 46)), "no label"
    assert any(sum(pixel(x, y)) < 330 for x in range(40, 112) for y in range(94, 116)), "no tick"


def test_refused():
    good = HEAD + panel("1 2 3")
    assert run(good).returncode == 0
    bad = ["", "\n", HEAD, "sluice-chart 2\n" + good, good[:-1], good + "points 1\n", good + "panel x\n", HEAD + panel("1 nan"),
           HEAD + panel("1 0x10"), HEAD + panel("1e3"), HEAD + panel("inf"), HEAD + panel("1  2"), HEAD + panel("1", "0"),
           HEAD + panel(" ".join(["1"] * 4097)), HEAD + panel("1") * 9, HEAD + panel("1", label="a" * 121),
           HEAD.replace("60", "9999") + panel("1"), HEAD + "points 1\n", b"\0" * 100, good.encode().replace(b"CPU", b"\xff\xfe"),
           "x" * (600 * 1024)]
    for text in bad:
        done = run(text)
        assert done.returncode == 1 and not done.stdout and done.stderr.startswith(b"sluice-chart: "), (text[:80], done)
    for points in ("-", "5", "- -", "0 0 0", "-5 -7", "999999999999999 1"):
        assert run(HEAD + panel(points, "0 0", caption="x" * 120)).returncode == 0, points


if __name__ == "__main__":
    test_picture()
    test_refused()
    sys.exit(0)
