"""A hundred people in fifty games on one machine, the people included."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from bench.figure import Figure
from igym.cli.rehearsal import measured

EXAMPLE = Path(__file__).parents[1] / "examples" / "slime_volleyball"
PARTICIPANTS, SECONDS = 100, 30.0

#: Lives to play for a long time with; the picture still shows three points at the most.
LONGER = {
    "max_lives = POINTS": "max_lives = 900",
    "return POINTS - right, POINTS - left": "return min(3, 900 - right), min(3, 900 - left)",
}


def endless(folder: Path) -> Path:
    """The example with matches that no score ends, so that everybody plays at once for long."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    court = folder / "court.py"
    text = court.read_text("utf-8")
    for was, becomes in LONGER.items():
        assert was in text, f"the example has no {was!r} any more"
        text = text.replace(was, becomes)
    court.write_text(text, "utf-8")
    return folder


def figures() -> list[Figure]:
    """Delivered rate, age of frames, and CPU time by tier."""
    with tempfile.TemporaryDirectory(prefix="igym-bench-") as home:
        package = endless(Path(home) / "package")
        told = measured(package, PARTICIPANTS, SECONDS, web=2, games=1, max_load=1)
    cpu = told["cpu_s"]
    served = sum(seconds for tier, seconds in cpu.items() if tier != "load")
    who = f"{PARTICIPANTS} people in {told['games']} games"
    period_ms = 1000 / told["fps_nominal"]
    return [
        Figure(f"{who}: frames delivered", told["fps_delivered"], "fps", 29.7, at_least=True),
        Figure("… of them to the worst served", told["fps_worst"], "fps"),
        Figure("frame age, p50", told["frame_age_ms"]["p50"], "ms"),
        Figure("frame age, p99", told["frame_age_ms"]["p99"], "ms", round(period_ms, 1)),
        Figure("key to frame, p50", told["action_to_frame_ms"]["p50"], "ms"),
        Figure("key to frame, p99", told["action_to_frame_ms"]["p99"], "ms"),
        Figure("tick lateness, p99", told["tick_lateness_ms"]["p99"], "ms"),
        Figure("finished", told["finished"], "people", PARTICIPANTS, at_least=True),
        Figure("ticks missing or duplicate", told["ticks_missing"] + told["ticks_duplicate"], ""),
        *(Figure(f"CPU of {tier}", seconds, "s") for tier, seconds in cpu.items()),
        Figure("CPU per delivered frame, all tiers", served / told["frames"] * 1e6, "µs"),
        Figure("CPU per packet, load generator", told["load_cpu_us_per_packet"], "µs"),
    ]
