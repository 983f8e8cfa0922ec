"""What one participant who plays costs: of each tier's core, of Redis' commands, of its line.

Over a window in which everybody plays and nobody comes or goes; what the same stack costs while
nobody is there is measured first and taken off. CPU time, not wall time: a busy machine changes
it little, but for cores that share a real one.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figure import Figure
from bench.hundred import endless
from igym.cli.rehearsal import own_settings, run_crowd
from igym.cli.up import Stack, stack
from igym.cli.usage import Usage

#: People, how long they play, and how long of that is measured.
PEOPLE, SECONDS, WINDOW_S = 20, 40.0, 20.0

#: How long an empty stack is measured.
IDLE_S = 10.0

TIERS = ("web", "games", "director", "redis")


@dataclass
class Count:
    """Everything that only grows, at one moment."""

    at_s: float
    cpu_s: dict[str, float]
    commands: Counter[str]
    input_bytes: int
    output_bytes: int
    memory_bytes: int

    @classmethod
    def of(cls, running: Stack, usage: Usage) -> Count:
        """As it is now."""
        redis = running.deployment.redis
        about: dict[str, Any] = redis.info()  # type: ignore[assignment]
        stats: dict[str, Any] = redis.info("commandstats")  # type: ignore[assignment]
        return cls(
            time.monotonic(),
            usage.cpu_s(),
            Counter({name.removeprefix("cmdstat_"): one["calls"] for name, one in stats.items()}),
            about["total_net_input_bytes"],
            about["total_net_output_bytes"],
            about["used_memory"],
        )


@dataclass
class Rate:
    """What happened a second between two counts."""

    cpu: dict[str, float]  # cores
    commands: dict[str, float]
    input_bytes: float
    output_bytes: float

    @classmethod
    def between(cls, one: Count, other: Count) -> Rate:
        """From `one` to `other`."""
        took_s = other.at_s - one.at_s
        return cls(
            {tier: (other.cpu_s[tier] - one.cpu_s[tier]) / took_s for tier in TIERS},
            {name: n / took_s for name, n in (other.commands - one.commands).items()},
            (other.input_bytes - one.input_bytes) / took_s,
            (other.output_bytes - one.output_bytes) / took_s,
        )


def measure() -> tuple[Rate, Rate, int, dict[str, Any]]:
    """An empty stack, a full one, what a participant adds to Redis' memory, and the crowd's say."""
    with tempfile.TemporaryDirectory(prefix="igym-bench-") as home:
        package = endless(Path(home) / "package")
        settings = own_settings(Path(home) / "data", web=2, games=2, max_load=1)
        with stack(settings, [package]) as running:
            usage, counts = Usage(running.supervisor), list[Count]()

            def wait(seconds: float) -> None:
                until_s = time.monotonic() + seconds
                while time.monotonic() < until_s:
                    running.supervisor.watch()
                    time.sleep(0.2)

            wait(3.0)
            counts.append(Count.of(running, usage))
            wait(IDLE_S)
            counts.append(Count.of(running, usage))
            begins_s = [0.0]

            def half() -> None:
                begins_s[0] = time.monotonic() + 5.0  # the other half is there as well

            def meanwhile() -> None:
                running.supervisor.watch()
                now_s = time.monotonic()
                due_s = begins_s[0] + (WINDOW_S if len(counts) == 3 else 0.0)
                if begins_s[0] and len(counts) < 4 and now_s >= due_s:
                    counts.append(Count.of(running, usage))

            url = f"{running.url}/e/{running.plans[0].experiment}"
            told = run_crowd(url, PEOPLE, SECONDS, meanwhile, half=half)
    assert len(counts) == 4, "they did not play for long enough"
    added = (counts[3].memory_bytes - counts[1].memory_bytes) // PEOPLE
    return Rate.between(*counts[:2]), Rate.between(*counts[2:]), added, told


def figures() -> list[Figure]:
    """By tier and participant."""
    idle, full, memory, told = measure()
    made = [
        Figure(f"{PEOPLE} people: frames delivered", told["fps_delivered"], "fps"),
        Figure("empty stack: commands", sum(idle.commands.values()), "/s"),
    ]
    for tier in TIERS:
        made.append(Figure(f"empty stack: {tier}", 1000 * idle.cpu[tier], "ms CPU/s"))
    for tier in TIERS:
        each = (full.cpu[tier] - idle.cpu[tier]) / PEOPLE
        made.append(Figure(f"a participant who plays: {tier}", 1000 * each, "ms CPU/s"))
    commands = Counter(full.commands)
    commands.subtract(idle.commands)
    each = sum(commands.values()) / PEOPLE
    made.append(Figure("a participant who plays: Redis commands", each, "/s"))
    for name, rate in commands.most_common(6):
        made.append(Figure(f"… {name}", rate / PEOPLE, "/s"))
    for what, rate in (
        ("into Redis", full.input_bytes - idle.input_bytes),
        ("out of Redis", full.output_bytes - idle.output_bytes),
    ):
        made.append(Figure(f"a participant who plays: {what}", rate / PEOPLE / 1000, "kB/s"))
    made.append(Figure("a participant who plays: Redis memory", memory / 1000, "kB"))
    return made
