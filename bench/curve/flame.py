"""`python -m bench flame --to DIR`: flame graphs of a game worker and a web worker under load.

A picture for each: what is wide takes long, and what lies on something was called by it. Static
SVG; a pointer that rests on a box says its name and share.
"""

from __future__ import annotations

import argparse
import os
import sys
import zlib
from collections import Counter, defaultdict
from html import escape
from pathlib import Path

from bench.curve import sampling, servers
from bench.curve.sampling import Stack

WIDE, LINE = 1200, 17

#: Narrower boxes are left out, of all samples.
LEAST = 0.0015

#: Of a character at this size.
CHARACTER = 6.6


def _colour(function: str) -> str:
    """Warm for igym's own, cool for what it stands on; the same for the same function."""
    hue, spread = (14, 32) if "(igym/" in function or "(workers/" in function else (185, 40)
    return f"hsl({hue + zlib.crc32(function.encode()) % spread} 62% 68%)"


def svg(stacks: Counter[Stack], title: str) -> str:
    """The graph of all samples."""
    total = sum(stacks.values())
    boxes: list[str] = []
    deepest = 0

    def put(group: Counter[Stack], depth: int, x: float) -> None:
        """The functions at that depth, of stacks that are the same below it."""
        nonlocal deepest
        called: defaultdict[str, Counter[Stack]] = defaultdict(Counter)
        for stack, count in group.items():
            if len(stack) > depth:
                called[stack[depth]][stack] += count
        for function, above in sorted(called.items()):
            wide = sum(above.values()) / total * WIDE
            if wide >= LEAST * WIDE:
                deepest = max(deepest, depth)
                most = int((wide - 6) / CHARACTER)
                name = function if len(function) <= most else function[: max(0, most - 1)] + "…"
                said = f"{function}: {wide / WIDE:.1%}"
                text = f'<text x="{x + 3:.1f}" y="{12 - depth * LINE}">{escape(name)}</text>'
                boxes.append(
                    f"<g><title>{escape(said)}</title>"
                    f'<rect x="{x:.1f}" y="-{depth * LINE}" width="{wide:.1f}" '
                    f'height="{LINE - 1}" fill="{_colour(function)}"/>'
                    + (text if most > 3 else "")
                    + "</g>"
                )
                put(above, depth + 1, x)
            x += wide

    put(stacks, 0, 0.0)
    high = (deepest + 1) * LINE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {high + 30}" role="img" '
        f'aria-label="{escape(title)}"><style>text{{font:11px monospace;fill:#222}}</style>'
        f'<rect width="{WIDE}" height="{high + 30}" fill="#fbfaf7"/>'
        f'<text x="4" y="15">{escape(title)}</text><g transform="translate(0 {high + 8})">'
        + "\n".join(boxes)
        + "</g></svg>\n"
    )


def main(words: list[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench flame", description=__doc__)
    parser.add_argument("--to", type=Path, required=True, metavar="DIR")
    parser.add_argument("--package", type=Path, default=servers.MOVERS)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=30)
    said = parser.parse_args(words)
    os.environ.setdefault("IGYM_LOG_LEVEL", "error")
    with servers.igym(1, 1, package=said.package) as server:
        told = sampling.sample(server, said.people, said.seconds)
    said.to.mkdir(parents=True, exist_ok=True)
    for tier, stacks in told.stacks.items():
        busy = told.cpu_s[tier] / told.seconds
        title = (
            f"{tier} worker, {told.people} people in {said.package.name}, {told.fps:.1f} fps, "
            f"busy {busy:.0%} of the time; waiting left out"
        )
        file = said.to / f"flame-{tier}.svg"
        file.write_text(svg(stacks, title), "utf-8")
        sys.stdout.write(f"{file}: {sum(stacks.values())} samples\n")
