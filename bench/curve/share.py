"""`python -m bench share`: what of a frame's CPU is the environment, and what is igym.

A real run with people: the processes' CPU time is measured, and divided by what py-spy finds them
at. So it can be done for any package, and nothing in igym measures itself.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections import Counter
from html import escape
from pathlib import Path

from bench.curve import report, sampling, servers
from bench.curve.sampling import RATE, Sampled, Stack

#: Whatever happens below one of these is part of it: authors' code, and what it calls.
AUTHORS = (
    ("env.step", ("Sim.step (igym/sim/host.py", "Sim.reset (igym/sim/host.py")),
    ("drawing", ("Sim.draw (igym/", "Sim.hud (igym/", "Sim.render (igym/")),
    (
        "policies",
        ("igym/engine/player.py", "igym/engine/python.py", "igym/engine/onnx.py", "OnnxSeat."),
    ),
)

#: What other functions are part of: the innermost one that is listed decides, and of its entries
#: the first.
PARTS = (
    (
        "comparing and encoding",
        (
            "(igym/sim/draw.py", "igym/services/games/views.py", "igym/engine/camera.py",
            "igym/services/games/audience.py", "(igym/wire/",
        ),
    ),
    (
        "journal",
        ("igym/services/games/journal.py", "igym/services/games/snapshots.py", "igym/store/group."),
    ),
    ("Redis", ("(redis/", "(hiredis", "(igym/store/")),
    (
        "keys",
        ("igym/web/door.py", "igym/web/hearing.py", "igym/web/inlet.py", "igym/web/sockets.py"),
    ),
    (
        "sockets",
        (
            "(engineio/", "(geventwebsocket/", "(socketio/", "igym/web/outlet.py",
            "igym/web/pipe.py", "(igym/web/", "(gevent/pywsgi.py",
        ),
    ),
    ("tick and seats", ("(igym/engine/", "(igym/services/games/", "(igym/sim/", "(workers/")),
)  # fmt: skip

LOOP = "event loop"
OTHER = "other"


def part(stack: Stack) -> str:
    """What a sample was part of."""
    for name, marks in AUTHORS:
        if any(mark in function for function in stack for mark in marks):
            return name
    for function in reversed(stack):
        for name, marks in PARTS:
            if any(mark in function for mark in marks):
                return name
    return OTHER


def shares(told: Sampled) -> dict[str, dict[str, float]]:
    """Tier -> part -> µs of CPU for each delivered frame.

    What no sample accounts for is gevent's loop. Where samples say more than the clock, since
    whoever waits for a core is seen at work, all of them are scaled down to it.
    """
    made = {}
    frames = max(1, told.frames)
    for tier, cpu_s in told.cpu_s.items():
        total_us = cpu_s / frames * 1e6
        counts: Counter[str] = Counter()
        for stack, count in told.stacks.get(tier, {}).items():
            counts[part(stack)] += count
        if not counts:
            made[tier] = {"all of it": total_us}
            continue
        found = {name: n / RATE / frames * 1e6 for name, n in counts.most_common()}
        seen_us = sum(found.values())
        if seen_us > total_us:
            found = {name: us * total_us / seen_us for name, us in found.items()}
        else:
            found[LOOP] = total_us - seen_us
        made[tier] = found
    return {tier: parts for tier, parts in made.items() if sum(parts.values()) >= 0.05}


def table(found: dict[str, dict[str, float]]) -> list[str]:
    """Lines of text."""
    total_us = sum(sum(parts.values()) for parts in found.values()) or 1.0
    lines = [f"{'':>10} {'':<24} {'us a frame':>10} {'of all':>7}"]
    for tier, parts in found.items():
        lines.append(
            f"{tier:>10} {'':<24} {sum(parts.values()):>10.1f} "
            f"{sum(parts.values()) / total_us:>7.1%}"
        )
        for name, us in parts.items():
            if len(parts) > 1:
                lines.append(f"{'':>10} {name:<24} {us:>10.1f} {us / total_us:>7.1%}")
    return [*lines, f"{'all':>10} {'':<24} {total_us:>10.1f}"]


def picture(found: dict[str, dict[str, float]], title: str) -> str:
    """Bars, as SVG."""
    rows = [(f"{tier}: {name}", us) for tier, parts in found.items() for name, us in parts.items()]
    title = escape(title, quote=True)
    most, line = max(us for _, us in rows), 20
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 {30 + line * len(rows)}" '
        f'role="img" aria-label="{title}">{report.STYLE}<text x="0" y="14">{title}</text>'
    ]
    for n, (name, us) in enumerate(rows):
        y, wide = 26 + n * line, us / most * 340
        svg.append(
            f'<text x="210" y="{y + 12}" text-anchor="end">{name}</text>'
            f'<rect x="218" y="{y}" width="{wide:.1f}" height="15" fill="#2b68b0"/>'
            f'<text x="{224 + wide:.1f}" y="{y + 12}">{us:.1f}</text>'
        )
    return "\n".join([*svg, "</svg>\n"])


def write(folder: Path, about: Sampled, found: dict[str, dict[str, float]], title: str) -> None:
    """`share.json`, `share.csv` and `share.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"people": about.people, "fps": about.fps, "us_a_frame": found}
    (folder / "share.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    with (folder / "share.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["tier", "part", "us_a_frame"])
        for tier, parts in found.items():
            writer.writerows([tier, name, round(us, 2)] for name, us in parts.items())
    (folder / "share.svg").write_text(picture(found, title), "utf-8")


def main(words: list[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench share", description=__doc__)
    parser.add_argument("--package", type=Path, default=servers.MOVERS)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--shape", default="1x1", metavar="WEBxGAMES")
    parser.add_argument("--to", type=Path, metavar="DIR", help="CSV, JSON and a picture go there")
    said = parser.parse_args(words)
    os.environ.setdefault("IGYM_LOG_LEVEL", "error")
    web, _, games = said.shape.partition("x")
    with servers.igym(int(web), int(games), package=said.package) as server:
        told = sampling.sample(server, said.people, said.seconds)
    found = shares(told)
    title = f"{said.package.name}, {told.people} people, {told.fps:.1f} fps: us of CPU a frame"
    sys.stdout.write("\n".join([title, *table(found)]) + "\n")
    if said.to:
        write(said.to, told, found, title)
