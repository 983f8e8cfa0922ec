"""`python -m bench load`: how many people at once, and what they feel."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from bench.curve import ramp, report, servers

STEPS = "20,100,200,300,400,500,600,700,800,1000"


def shape(text: str) -> tuple[int, int]:
    """ "2x1" as web and game workers."""
    web, _, games = text.partition("x")
    return int(web), int(games)


def main(words: list[str]) -> None:
    """Climb with each server in turn, and print what came of it."""
    parser = argparse.ArgumentParser(prog="bench load", description=__doc__)
    parser.add_argument(
        "--shapes", default="2x1", metavar="WEBxGAMES,…", help="stacks to measure; default 2x1"
    )
    parser.add_argument("--nginx", action="store_true", help="through nginx")
    parser.add_argument(
        "--against", choices=["floor", "mug"], action="append", help="this in the same run"
    )
    parser.add_argument("--steps", default=STEPS, help=f"numbers of people; default {STEPS}")
    parser.add_argument("--past", action="store_true", help="every step, whatever they show")
    parser.add_argument("--package", type=Path, default=servers.MOVERS)
    parser.add_argument("--to", type=Path, metavar="DIR", help="CSV, JSON and pictures go there")
    said = parser.parse_args(words)
    steps = [int(one) for one in said.steps.split(",")]

    def told(one: dict[str, Any]) -> None:
        sys.stdout.write(report.row(one) + "\n")
        sys.stdout.flush()

    others = {"floor": servers.floor, "mug": servers.mug}
    measured = [
        *(
            servers.igym(*shape(one), package=said.package, behind_nginx=said.nginx)
            for one in said.shapes.split(",")
        ),
        *(others[one]() for one in said.against or ()),
    ]
    made: dict[str, list[dict[str, Any]]] = {}
    for one in measured:
        with one as server:
            sys.stdout.write(f"\n{server.name}\n{report.HEAD}\n")
            share = 0.95 if server.url.startswith("mug+") else 0.99
            made[server.name] = ramp.climb(server, steps, share=share, past=said.past, told=told)
    sys.stdout.write("\n" + "\n".join(report.verdict(made)) + "\n")
    if said.to:
        report.write(said.to, made)
