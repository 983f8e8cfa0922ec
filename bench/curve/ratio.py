"""`python -m bench ratio`: has a frame become dearer, as a multiple of the floor?

A stack of one web and one game worker and a floor serve their people side by side, and both are
asked in the same short windows for the CPU time of a delivered frame. Seconds of two machines, or
of one on two days, say little; how many floors a frame costs says what igym adds, since whatever
slows the machine slows both. Each tier is judged as well: what one of them gained does not pay for
what another lost.

    python -m bench ratio              # compare with bench/baseline.json; 1 when it got worse
    python -m bench ratio --times 10   # how far one measurement is from the next
    python -m bench ratio --record     # measure five times and write the baseline
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench.curve import servers
from bench.curve.ramp import Load
from bench.curve.servers import Server
from igym import __version__
from igym.cli.usage import TIERS

BASELINE = Path(__file__).parents[1] / "baseline.json"

#: Few enough that two cores are idle for most of the time, and enough for windows to be short.
PEOPLE, ONLOOKERS = 40, 60
SETTLE_S, WINDOW_S, WINDOWS = 2.0, 0.5, 16

#: A share that is worse than the baseline by more than this is a regression.
MORE = 1.2

#: So often it is looked at anew before it is called worse: noise goes away and a regression stays.
LOOKS = 3

#: Parts that are judged. Redis and the director are in `all`; alone they are too small to be told
#: from noise.
JUDGED = ("all", "web", "games")

#: A window in which others took more of the machine than this is not counted: they may change the
#: cost of a tick by half, and not that of a floor, whose few bytes stay in the cache.
OTHERS = 0.25

#: So long windows are looked for that count; a quiet machine needs a third of it.
PATIENCE_S = 25.0

#: Part -> CPU of a delivered frame in floors.
Ratios = Mapping[str, float]


class Pair:
    """A stack and a floor with everybody at home."""

    def __init__(self, floor: Server, igym: Server) -> None:
        floor.watch = igym.watch  # the stack's supervisor renews leases, whoever is waited for
        self._servers = (floor, igym)
        self._loads = (Load(floor), Load(igym))
        for load, count in zip(self._loads, (ONLOOKERS, PEOPLE), strict=True):
            came = load.ask(add=count)
            if came.get("failed"):
                raise RuntimeError(f"{came['failed']}: {came['refused']}")

    def look(self, seconds: float) -> tuple[Ratios, float]:
        """Both in one window, and the share of the machine that others took meanwhile.

        Raises:
            RuntimeError: somebody was lost.
        """
        tiers = {pid: tier for server in self._servers for pid, tier in server.pids().items()}
        ours = [*tiers, *(load.pid for load in self._loads), os.getpid()]
        before, busy_s, began_s = dict(_spent(ours)), _busy_s(), time.monotonic()
        for load in self._loads:
            load.order(look=seconds)
        seen = [load.answer() for load in self._loads]
        after, busy_s = dict(_spent(ours)), _busy_s() - busy_s
        took_s = time.monotonic() - began_s
        if any(one["lost"] for one in seen):
            raise RuntimeError("connections were lost")
        spent = {pid: after[pid] - before[pid] for pid in before.keys() & after.keys()}
        cost = dict.fromkeys(("floor", *TIERS), 0.0)
        for pid in tiers.keys() & spent.keys():
            frames = seen[0 if tiers[pid] == "floor" else 1]["frames"]
            cost[tiers[pid]] += spent[pid] / max(1, frames) * 1e6
        floor_us = cost.pop("floor")
        ratios = {tier: us / floor_us for tier, us in cost.items()}
        others = (busy_s - sum(spent.values())) / took_s / (os.cpu_count() or 1)
        return {"all": sum(ratios.values()), **ratios, "floor_us": floor_us}, others

    def middle(self) -> tuple[Ratios, float]:
        """The medians of windows in which the machine was ours, or of all where there are too few.

        Returns:
            Them, and the share of the machine that others took: 0 where it was ours.
        """
        ours: list[Ratios] = []
        every: list[tuple[Ratios, float]] = []
        until_s = time.monotonic() + PATIENCE_S
        while len(ours) < WINDOWS and time.monotonic() < until_s:
            every.append(self.look(WINDOW_S))
            if every[-1][1] <= OTHERS:
                ours.append(every[-1][0])
        quiet = len(ours) >= WINDOWS
        looks = ours if quiet else [ratios for ratios, _ in every]
        middle = {part: median(one[part] for one in looks) for part in looks[0]}
        return middle, 0.0 if quiet else median(others for _, others in every)

    def end(self) -> None:
        """Everybody leaves."""
        for load in self._loads:
            load.end()


def _busy_s() -> float:
    """What all processes of the machine, and of its neighbours on the same cores, computed."""
    now = psutil.cpu_times()
    return float(sum(now) - now.idle - now.iowait - now.guest - now.guest_nice)


def _spent(pids: Iterable[int]) -> Iterator[tuple[int, float]]:
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended
            yield pid, servers.process_s(pid)


@contextlib.contextmanager
def pair() -> Iterator[Pair]:
    """Both started and warm, and stopped in the end."""
    with servers.floor() as floor, servers.igym(1, 1) as igym:
        made = Pair(floor, igym)
        try:
            made.look(SETTLE_S)
            yield made
        finally:
            made.end()


def worse(now: Ratios, then: Ratios) -> list[str]:
    """The parts that cost more than they may, in words."""
    return [
        f"{part}: {now[part]:.2f} times the floor, {now[part] / then[part] - 1:+.0%} "
        f"to the baseline's {then[part]:.2f}"
        for part in JUDGED
        if now[part] > then[part] * MORE
    ]


def spread(measured: Sequence[Ratios]) -> dict[str, float]:
    """How far measurements are apart at the most, as a share of their middle."""
    made = {}
    for part in JUDGED:
        values = [one[part] for one in measured]
        made[part] = round((max(values) - min(values)) / median(values), 3)
    return made


def _said(now: Ratios) -> str:
    parts = ", ".join(f"{part} {value:.2f}" for part, value in now.items() if part != "floor_us")
    return f"CPU of a delivered frame in floors of {now['floor_us']:.1f} us: {parts}\n"


def _repeated(times: int) -> list[Ratios]:
    """Each with a stack of its own."""
    found = []
    for _ in range(times):
        with pair() as both:
            now, others = both.middle()
        if others:
            raise RuntimeError(f"others took {others:.0%} of the machine: this means nothing")
        found.append(now)
        sys.stdout.write(_said(now))
        sys.stdout.flush()
    sys.stdout.write(f"largest less smallest, of the median: {spread(found)}\n")
    return found


def record(times: int) -> None:
    """Write the baseline."""
    found = _repeated(times)
    content: dict[str, Any] = {
        "made by": "python -m bench ratio --record",
        "what": f"CPU of a delivered frame as a multiple of the floor's; {PEOPLE} people in games "
        f"of two, 1 web and 1 game worker, {ONLOOKERS} onlookers at the floor; medians of {times} "
        f"stacks of {WINDOWS} windows of {WINDOW_S} s",
        "where": f"{os.cpu_count()} cores, {platform.machine()}, Python "
        f"{platform.python_version()}, {platform.system()}",
        "igym": __version__,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "spread": spread(found),
        "floors": {part: round(median(one[part] for one in found), 2) for part in found[0]},
    }
    BASELINE.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def check() -> int:
    """Compare with the baseline.

    Returns:
        The exit code: 1 where a part is worse, and 2 where one seems to be on a machine on which
        others computed, too. They make a frame dearer and never cheaper, so that one which is not
        worse beside them is not worse.
    """
    then: Ratios = json.loads(BASELINE.read_text("utf-8"))["floors"]
    began_s, found = time.monotonic(), [""]
    others = 0.0
    with pair() as both:
        for _ in range(LOOKS):
            now, others = both.middle()
            sys.stdout.write(_said(now))
            if not (found := worse(now, then)):
                break
    sys.stdout.write(f"baseline: {_said(then)}{time.monotonic() - began_s:.0f} s\n")
    for one in found:
        sys.stdout.write(f"WORSE {one}\n")
    if found and others:
        sys.stdout.write(
            f"Others took {others:.0%} of the machine meanwhile, which may be why: measure again "
            "where nothing else computes.\n"
        )
        return 2
    if found:
        sys.stdout.write(
            f"A frame costs over {MORE - 1:.0%} more than bench/baseline.json says. Where it is "
            "worth it: python -m bench ratio --record, on an idle machine.\n"
        )
    return 1 if found else 0


def main(words: list[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench ratio", description=__doc__)
    parser.add_argument("--times", type=int, help="measure so often and say how far they spread")
    parser.add_argument("--record", action="store_true", help="write bench/baseline.json")
    said = parser.parse_args(words)
    os.environ.setdefault("IGYM_LOG_LEVEL", "error")  # games that are stopped say so as a warning
    if said.record:
        record(said.times or 5)
    elif said.times:
        _repeated(said.times)
    else:
        sys.exit(check())
