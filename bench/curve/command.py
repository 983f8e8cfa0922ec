"""`python -m bench load`: the command line of the load curve."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench.curve import ramp, seen, servers

STEPS = (20, 100, 200, 300, 400, 500, 600, 700, 800, 1000)

HEAD = (
    f"{'people':>6} {'fps':>6} {'worst':>6} {'age p50':>8} {'p99 ms':>8} {'reply p99':>9} "
    f"{'CPU us/frame':>12}  by tier"
)


def row(told: dict[str, Any]) -> str:
    """A window in a line."""
    if told.get("failed"):
        return f"{told['people']:>6} {told['failed']} {' '.join(told['refused'])}"
    tiers = ", ".join(f"{tier} {us:.0f}" for tier, us in told["cpu_us"].items() if us >= 0.5)
    line = (
        f"{told['people']:>6} {told['fps']:>6.2f} {told['fps_worst']:>6.2f} "
        f"{told['age_ms']['p50']:>8.1f} {told['age_ms']['p99']:>8.1f} "
        f"{told['reply_ms']['p99'] or 0:>9.1f} {told['cpu_us_all']:>12.1f}  {tiers}; "
        f"load {1e6 * told['load_cpu_s'] / max(1, told['frames']):.0f}"
    )
    return "\n".join([line, *(f"       not to be reported: {why}" for why in told["doubts"])])


def main(words: list[str]) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="bench load", description=__doc__)
    parser.add_argument("--web", type=int, default=2)
    parser.add_argument("--games", type=int, default=1)
    parser.add_argument("--nginx", action="store_true", help="through nginx")
    parser.add_argument(
        "--against", choices=["floor", "mug"], action="append", help="this in the same run"
    )
    parser.add_argument("--steps", default=",".join(map(str, STEPS)), help="numbers of people")
    parser.add_argument("--past", action="store_true", help="every step, whatever they show")
    parser.add_argument("--package", type=Path, default=servers.MOVERS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write it there")
    said = parser.parse_args(words)
    steps = [int(one) for one in said.steps.split(",")]

    def told(one: dict[str, Any]) -> None:
        sys.stdout.write(row(one) + "\n")
        sys.stdout.flush()

    made: dict[str, list[dict[str, Any]]] = {}
    measured = [
        servers.igym(said.web, said.games, package=said.package, behind_nginx=said.nginx),
        *({"floor": servers.floor, "mug": servers.mug}[one]() for one in said.against or ()),
    ]
    for one in measured:
        with one as server:
            sys.stdout.write(f"\n{server.name}\n{HEAD}\n")
            windows = ramp.climb(server, steps, past=said.past, told=told)
            made[server.name] = windows
            clean = [w for w in windows if "frames" in w]
            sys.stdout.write(f"served well: {seen.largest(clean)} people\n")
    if said.json:
        said.json.write_text(json.dumps(made, indent=1) + "\n", "utf-8")
