"""`python -m bench [--record] [--to DIR] [PART …]`: measure and print; with --record also put into
README.md, with --to also into one report for people and one for programs.

Some are commands of their own: `python -m bench load` climbs to the most people that are served
well (`bench/curve`), `python -m bench ratio` says whether a frame became dearer, `python -m bench
soak --minutes 10` whether anything grows.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    archive,
    author,
    board,
    deploy,
    encoders,
    hundred,
    inference,
    matching,
    memory,
    pictures,
    report,
    rolling,
    scaling,
    scenes,
    scroll,
    soak,
    tick,
    wire,
    workers,
)
from bench.curve import command as curve
from bench.curve import flame, ratio, share
from bench.figure import HEAD
from igym import __version__

PARTS = {
    "wire": wire,
    "pictures": pictures,
    "encoders": encoders,
    "tick": tick,
    "inference": inference,
    "author": author,
    "memory": memory,
    "scenes": scenes,
    "board": board,
    "scroll": scroll,
    "hundred": hundred,
    "matching": matching,
    "deploy": deploy,
    "scaling": scaling,
    "workers": workers,
    "rolling": rolling,
    "archive": archive,
}
README = Path(__file__).parent / "README.md"


def machine() -> str:
    """What the figures were measured on."""
    load1 = os.getloadavg()[0]
    return (
        f"igym {__version__}, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
        f"{platform.machine()}, Python {platform.python_version()}, {platform.system()}; "
        f"load average before the start {load1:.2f}"
    )


def recorded(text: str, part: str, content: str) -> str:
    """`text` with `content` between the marks of that part."""
    pattern = rf"(<!-- {part} -->\n).*?(<!-- /{part} -->)"
    return re.sub(pattern, lambda m: f"{m[1]}{content}\n{m[2]}", text, flags=re.S)


def main() -> None:
    """The command line."""
    others = {
        "soak": soak.main,
        "load": curve.main,
        "ratio": ratio.main,
        "share": share.main,
        "flame": flame.main,
    }
    if other := others.get(sys.argv[1] if len(sys.argv) > 1 else ""):
        other(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, "all", []], help="default: all of them")
    parser.add_argument("--record", action="store_true", help="also write them to bench/README.md")
    parser.add_argument("--to", type=Path, metavar="DIR", help="figures.md and figures.json")
    said = parser.parse_args()
    parts = PARTS if not said.part or "all" in said.part else said.part
    made: dict[str, report.Part] = {}
    for part in parts:
        about = machine()
        try:
            found = PARTS[part].figures()
        except Exception as why:  # noqa: BLE001 - the others are measured all the same
            traceback.print_exc()
            made[part] = report.Part(about, (), f"{type(why).__name__}: {why}")
            continue
        made[part] = report.Part(about, found)
        table = "\n".join([HEAD, *(figure.row() for figure in found)])
        content = f"*{about}*\n\n{table}\n"
        print(f"## {part}\n{content}", flush=True)
        if said.record:
            text = recorded(README.read_text("utf-8"), part, content)
            README.write_text(text, "utf-8")
        if said.to:
            report.write(said.to, made)  # after each, since all of them take half an hour
    print("\n".join(report.verdict(made)))
    if any(one.failed for one in made.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
