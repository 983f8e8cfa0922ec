"""A load curve for people and for programs: lines of text, CSV, JSON and three pictures."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.curve import seen
from igym.archive import plots

#: Server -> its windows (`bench.curve.ramp.climb`), in the order of people.
Curves = Mapping[str, Sequence[dict[str, Any]]]

HEAD = (
    f"{'people':>6} {'fps':>6} {'worst':>6} {'age p50':>8} {'p99 ms':>8} {'reply p99':>9} "
    f"{'CPU us/frame':>12}  by tier"
)

STYLE = (
    "<style>text{font:12px system-ui,sans-serif;fill:#59625e}.grid{stroke:#dfdbd1}"
    "@media(prefers-color-scheme:dark){text{fill:#a5aeaa}.grid{stroke:#2c3336}}</style>"
)

#: Columns of memory: of a tier's processes together.
_MEMORY = ("web", "games", "redis")

_PLAIN = (
    "people", "seconds", "frames", "fps", "fps_worst", "of_nominal", "missing", "spoken", "lost",
    "cpu_us_all", "redis_commands", "redis_bytes", "load_cpu_s", "machine_load", "good",
)  # fmt: skip


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


def verdict(curves: Curves) -> list[str]:
    """How many people each served well, and what a frame costs beside the others."""
    made = []
    for name, windows in curves.items():
        counted = [one for one in windows if "frames" in one]
        strict = seen.largest(counted)
        loose = seen.largest(counted, share=0.95)
        made.append(f"{name}: {strict} people at 99 % of the rate, {loose} at 95 %")
        if len(counted) > 1 and "web" in counted[0]["memory_mb"]:
            kb = {tier: growth(counted, tier) for tier in _MEMORY}
            made.append(
                f"{name}: one more participant takes {kb['web']:.0f} kB of web workers and "
                f"{kb['redis']:.0f} kB of Redis, one more game of two {2 * kb['games']:.0f} kB of "
                "game workers"
            )
    cheapest = {
        name: min((w["cpu_us_all"] for w in windows if w.get("frames")), default=0.0)
        for name, windows in curves.items()
    }
    if floor := cheapest.pop("floor", 0.0):
        for name, cost in cheapest.items():
            made.append(
                f"{name}: {cost:.1f} us of CPU for a delivered frame, {cost / floor:.1f} times "
                "the floor"
            )
    return made


def growth(windows: Sequence[dict[str, Any]], tier: str) -> float:
    """Memory in kB that a tier has more for each of the people between first and last window."""
    first, last = windows[0], windows[-1]
    more_mb = last["memory_mb"][tier] - first["memory_mb"][tier]
    return float(1000 * more_mb / (last["people"] - first["people"]))


def write(folder: Path, curves: Curves) -> list[Path]:
    """`load.json`, `load.csv`, and a picture each of rate, age and CPU. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"load.json": json.dumps(curves, indent=1) + "\n"}
    table = folder / "load.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        ages, replies = ("p50", "p95", "p99"), ("p50", "p99")
        writer.writerow(
            ["server", *_PLAIN, *(f"age_ms_{p}" for p in ages), *(f"reply_ms_{p}" for p in replies)]
            + [f"memory_mb_{tier}" for tier in _MEMORY]
        )
        for name, windows in curves.items():
            for one in windows:
                if "frames" in one:
                    plain = [one[field] for field in _PLAIN]
                    aged = [one["age_ms"][p] for p in ages]
                    replied = [one["reply_ms"][p] for p in replies]
                    memory = [one["memory_mb"].get(tier) for tier in _MEMORY]
                    writer.writerow([name, *plain, *aged, *replied, *memory])
    pictures: dict[str, tuple[str, Callable[[dict[str, Any]], float]]] = {
        "fps.svg": ("frames a second", lambda one: one["fps"]),
        "age.svg": ("age of a frame, 99th percentile, ms", lambda one: one["age_ms"]["p99"]),
        "cpu.svg": ("CPU of a delivered frame, µs", lambda one: one["cpu_us_all"]),
    }
    for name, (label, value) in pictures.items():
        series = {
            server: [(one["people"], value(one)) for one in windows if one.get("frames")]
            for server, windows in curves.items()
        }
        svg = plots.lines(series, "people at once", label)
        files[name] = svg.replace(">", f">{STYLE}", 1) + "\n"
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")
    return [table, *(folder / name for name in files)]
