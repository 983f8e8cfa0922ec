"""Whether a participant costs the same with more web workers, and where one Redis ends.

The same numbers of people on stacks of 1, 2 and 4 web workers, and on the first once more in the
end, since a machine is not always as quick as itself. Redis' part is two things: what a command
and a byte cost it is measured on a Redis that does nothing else, how many of them a participant
causes in the stacks; together they say how many participants are 70 % of its core. The slope of
its own CPU time between two numbers of people is the other way to the same number.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

from bench.curve import ramp, servers
from bench.curve.servers import process_s
from bench.figure import Figure
from igym.cli.rehearsal import own_settings
from igym.cli.up import stack

#: Web workers in turn, and people on each stack.
SHAPES, PEOPLE = (1, 2, 4, 1), 120

#: CPU of a frame with 4 web workers, in that with 1.
FLAT = 1.15

#: Of Redis' one core is planned with.
FULL = 0.7

#: Bytes of the small and of the large message that are published.
SMALL, LARGE, TIMES = 100, 20_000, 20_000


def unit_costs() -> tuple[float, float]:
    """What a PUBLISH to one subscriber costs Redis in itself, µs, and each of its bytes, ns.

    Each command is a packet of its own, as it is where workers speak when they have something to
    say; a byte goes in and out again.
    """
    with (
        tempfile.TemporaryDirectory(prefix="igym-bench-") as home,
        stack(own_settings(Path(home), web=1, games=1), [servers.MOVERS]) as running,
    ):
        redis = running.deployment.redis
        (pid,) = [
            child.process.pid
            for child in running.supervisor.children
            if child.role == "redis" and child.process is not None
        ]
        heard = redis.pubsub()  # type: ignore[no-untyped-call]
        heard.subscribe("bench")
        took_us = {}
        for size in (SMALL, LARGE):
            message = bytes(size)
            before_s = process_s(pid)
            count = TIMES if size == SMALL else TIMES // 10
            for n in range(count):
                redis.publish("bench", message)
                heard.get_message()
                if n % 1000 == 0:
                    running.supervisor.watch()
            took_us[size] = (process_s(pid) - before_s) / count * 1e6
    byte_ns = (took_us[LARGE] - took_us[SMALL]) / (2 * (LARGE - SMALL)) * 1000
    return took_us[SMALL] - 2 * SMALL * byte_ns / 1000, byte_ns


def figures() -> list[Figure]:
    """By shape, then Redis.

    Raises:
        RuntimeError: not everybody played, or a window is not to be reported.
    """
    costs: dict[int, list[float]] = {}
    found = []
    last: dict[int, dict[str, Any]] = {}
    for web in SHAPES:
        with servers.igym(web, 1) as server:
            windows = ramp.climb(server, [PEOPLE], past=True)
        for one in windows:
            if one.get("failed") or one["doubts"]:
                raise RuntimeError(f"{server.name}: {one.get('failed') or one['doubts']}")
        costs.setdefault(web, []).append(windows[-1]["cpu_us_all"])
        last[web] = windows[-1]
    for web, us in costs.items():
        one = last[web]
        found.append(Figure(f"{PEOPLE} people, {web} web: CPU of a frame", mean(us), "µs"))
        found += [
            Figure(f"… {tier}", one["cpu_us"][tier], "µs")
            for tier in ("web", "games", "director", "redis")
        ]
        found += [
            Figure("… delivered", one["fps"], "fps"),
            Figure("… Redis commands", one["redis_commands"], "a frame"),
            Figure("… through Redis", one["redis_bytes"], "bytes a frame"),
        ]
    for web in sorted(costs)[1:]:
        ratio = mean(costs[web]) / mean(costs[1])
        bound = FLAT if web == max(costs) else None
        found.append(Figure(f"CPU of a frame, {web} web to 1", ratio, "times", bound))
    first, again = costs[1]
    found.append(Figure("… the last run with 1 to the first", again / first, "times"))
    command_us, byte_ns = unit_costs()
    found += [
        Figure("Redis: a command", command_us, "µs"),
        Figure("Redis: a byte in or out", byte_ns, "ns"),
    ]
    for web in sorted(last):
        one = last[web]
        frames = one["frames"] / one["seconds"] / PEOPLE
        each_us = one["redis_commands"] * command_us + one["redis_bytes"] * byte_ns / 1000
        modelled = FULL * 1e6 / (frames * each_us)
        measured = FULL * 1e6 / (frames * one["cpu_us"]["redis"])
        name = f"one Redis, {web} web: people at {FULL:.0%} of its core"
        found += [
            Figure(f"{name}, by commands and bytes", modelled, "people"),
            Figure("… by its CPU time", measured, "people"),
        ]
    return found
