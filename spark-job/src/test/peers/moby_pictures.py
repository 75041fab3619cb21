#!/usr/bin/env python3
"""What moby-pictures.sh needs besides the job: chapters as a table, the loss as a picture, neighbours of chapters.

    moby_pictures.py chapters BOOK         JSON lines (number, title, text) of a book with a title and a text in turns
    moby_pictures.py loss WINDOWS          SVG of the mean log probabilities of windows, a folder of JSON lines
    moby_pictures.py neighbours VECTORS    chapters with the three nearest by the cosine of their centred vectors
"""

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path

# The book whose last tenth the model was not trained on.
HELD_OUT = 0.9
WIDTH, HEIGHT = 760, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 30, 40


def rows(folder: str) -> Iterator[dict]:
    for file in sorted(Path(folder).glob("part-*")):
        with file.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def chapters(book: str) -> None:
    lines = Path(book).read_text(encoding="utf-8").splitlines()
    for number, (title, text) in enumerate(zip(lines[::2], lines[1::2])):
        print(json.dumps({"number": number, "title": title.rstrip("."), "text": text}))


def loss(folder: str) -> None:
    points = sorted((row["pos"], -row["log_probability"] / math.log(2), row["tokens"]) for row in rows(folder))
    length = points[-1][0] + points[-1][2]
    low, high = math.floor(min(p[1] for p in points) * 4) / 4, math.ceil(max(p[1] for p in points) * 4) / 4

    def x(position: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * position / length

    def y(bits: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - bits) / (high - low)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<rect x="{x(HELD_OUT * length):.1f}" y="{TOP}" width="{x(length) - x(HELD_OUT * length):.1f}" '
        f'height="{HEIGHT - TOP - BOTTOM}" fill="#f3ead7"/>',
        f'<text x="{x(0.95 * length):.1f}" y="{TOP + 14}" text-anchor="middle" fill="#7a6a45">held out</text>',
        f'<text x="{LEFT}" y="18" fill="#222222">Bits per byte of the next byte, Moby-Dick in windows of 2,048 bytes</text>',
    ]
    ticks = int((high - low) / 0.5)
    for i in range(ticks + 1):
        bits = low + 0.5 * i
        out.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(bits):.1f}" y2="{y(bits):.1f}" stroke="#dddddd"/>'
            f'<text x="{LEFT - 8}" y="{y(bits) + 4:.1f}" text-anchor="end" fill="#444444">{bits:.2f}</text>'
        )
    for position in range(0, length, 200_000):
        out.append(
            f'<text x="{x(position):.1f}" y="{HEIGHT - 20}" text-anchor="middle" fill="#444444">{position:,}</text>'
        )
    out.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 5}" text-anchor="middle" fill="#444444">position</text>'
    )
    path = " ".join(f"{x(p + n / 2):.1f},{y(bits):.1f}" for p, bits, n in points)
    out.append(f'<polyline points="{path}" fill="none" stroke="#1f5a96" stroke-width="1.2"/>')
    out.append("</svg>")
    print("\n".join(out))


def neighbours(folder: str) -> None:
    table = sorted(rows(folder), key=lambda row: row["number"])
    width = len(table[0]["features"])
    mean = [math.fsum(row["features"][i] for row in table) / len(table) for i in range(width)]
    vectors = []
    for row in table:
        centred = [number - m for number, m in zip(row["features"], mean)]
        norm = math.sqrt(math.fsum(c * c for c in centred))
        vectors.append([c / norm for c in centred])
    for row, vector in zip(table, vectors):
        cosines = sorted(
            ((math.fsum(a * b for a, b in zip(vector, other)), it["title"]) for it, other in zip(table, vectors) if it is not row),
            reverse=True,
        )
        near = ", ".join(f"{title} ({cosine:.2f})" for cosine, title in cosines[:3])
        print(f"{row['title']}: {near}")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("chapters", "loss", "neighbours"):
        sys.exit(__doc__)
    {"chapters": chapters, "loss": loss, "neighbours": neighbours}[sys.argv[1]](sys.argv[2])
