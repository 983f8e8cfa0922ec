"""Every process is made new, one after the other, while forty people play."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.figure import Figure
from bench.hundred import endless
from igym.cli.rehearsal import measured

#: People, and for how long they play: longer than six processes take.
PEOPLE, SECONDS = 40, 60.0

#: It begins so long after half of them have seen a game.
AFTER_S = 3.0


def figures() -> list[Figure]:
    """How long pictures stood still for whom, and what was lost."""
    with tempfile.TemporaryDirectory(prefix="igym-bench-") as home:
        package = endless(Path(home) / "package")
        told = measured(
            package, PEOPLE, SECONDS, web=2, games=2, directors=2, max_load=1, rolling_s=AFTER_S
        )
    lost = told["ticks_missing"] + told["ticks_duplicate"]
    made = [
        Figure(f"{PEOPLE} people: processes restarted", sum(told["restarted"].values()), ""),
        Figure("… each took, p50", told["restart_s"]["p50"] or 0.0, "s"),
    ]
    for tier, of in (("web", "their web worker went"), ("game", "their game went elsewhere")):
        pause = told["pause_s"][tier]
        made += [
            Figure(f"picture stood still when {of}, p50", pause["p50"] or 0.0, "s"),
            Figure("… p95", pause["p95"] or 0.0, "s", 3.0),
            Figure("… pictures", pause["of"], ""),
        ]
    made += [
        Figure("frames delivered", told["fps_delivered"], "fps"),
        Figure("ticks lost or repeated", lost, ""),
        Figure("stuck", told["stuck"], "people"),
    ]
    return made
