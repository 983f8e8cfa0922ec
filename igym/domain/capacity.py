"""How much a deployment can still take, and what about it is a cause for alarm. Pure.

Figures come from `igym.services.operations.standing`; nothing here is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

#: A tick that begins so much late is one that people at 30 fps see.
LATE_S = 0.0333

Severity = Literal["critical", "warning"]


def quantile(bounds: Sequence[float], counts: Sequence[int], share: float) -> float | None:
    """The bound below which `share` of what was counted lies; None where nothing was.

    What is above the last bound counts as twice that bound.
    """
    wanted, so_far = share * sum(counts), 0
    if not wanted:
        return None
    for bound, count in zip((*bounds, bounds[-1] * 2), counts, strict=True):
        so_far += count
        if so_far >= wanted:
            return bound
    return None


@dataclass(frozen=True, slots=True)
class Worker:
    """A game worker that takes games."""

    load: float  # share of its time it is busy
    games: int


def room(workers: Sequence[Worker], most_load: float, late_s: float | None) -> int | None:
    """How many games more these workers take before ticks begin late; None = nobody can say.

    A game is taken to cost what one costs now, on average. Above `most_load` a worker takes none,
    since from there on lateness grows faster than load.

    Args:
        late_s: how late the worst hundredth of ticks began lately; None where none did.
    """
    games = sum(worker.games for worker in workers)
    cost = sum(worker.load for worker in workers) / games if games else 0.0
    if cost <= 0:
        return None
    if late_s is not None and late_s > LATE_S:
        return 0
    return sum(max(0, int((most_load - worker.load) / cost + 1e-9)) for worker in workers)


@dataclass(frozen=True, slots=True)
class Figures:
    """What alarms are raised from. None = not known."""

    redis_up: bool = True
    redis_latency_s: float = 0
    memory: float = 0
    memory_limit: float = 0  # 0 = none
    evicted: int = 0
    keeps_file: bool | None = None  # an append-only file
    file_written: bool | None = None  # its last write worked
    disk: float = 0  # 0 = not known
    disk_free: float = 0
    ready: dict[str, int] = field(default_factory=dict)  # role -> processes that take what comes
    waiting: int = 0  # games that wait for a worker
    late_s: float | None = None
    archive_lag_s: float = 0
    skewed: tuple[str, ...] = ()  # processes whose clock is off
    stuck: tuple[str, ...] = ()  # game workers whose loop stands still


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something somebody should look at now."""

    severity: Severity
    text: str
    href: str  # where to look


def alarms(now: Figures) -> list[Alarm]:
    """What is wrong, the worst first."""
    if not now.redis_up:
        return [Alarm("critical", "Redis does not answer: people see “reconnecting”.", _HEALTH)]
    found = [*_processes(now), *_redis(now), *_disk(now), *_ticks(now)]
    return sorted(found, key=lambda alarm: alarm.severity != "critical")


_HEALTH = "/admin/doctor"


def _processes(now: Figures) -> Iterator[Alarm]:
    if not now.ready.get("games"):
        yield Alarm("critical", "No game worker takes games: whoever is matched waits.", _HEALTH)
    if not now.ready.get("director"):
        yield Alarm(
            "critical", "No director runs: nobody is matched, nothing is archived.", _HEALTH
        )
    for name in now.stuck:
        yield Alarm("critical", f"{name} stands still in a step of an environment.", "/admin/games")
    if now.skewed:
        names = ", ".join(now.skewed)
        yield Alarm("warning", f"Clocks differ by more than half a second: {names}.", _HEALTH)


def _redis(now: Figures) -> Iterator[Alarm]:
    if now.evicted:
        yield Alarm("critical", f"Redis has thrown {now.evicted} keys away.", _HEALTH)
    if now.file_written is False:
        yield Alarm("critical", "Redis could not write its append-only file.", _HEALTH)
    if now.keeps_file is False:
        yield Alarm("warning", "Redis keeps no file: what is in it ends with it.", _HEALTH)
    full = now.memory / now.memory_limit if now.memory_limit else 0
    if full > 0.7:
        said = f"Redis has used {full:.0%} of its memory."
        yield Alarm("critical" if full > 0.9 else "warning", said, _HEALTH)
    if now.redis_latency_s > 0.02:
        said = f"A round trip to Redis takes {now.redis_latency_s * 1000:.0f} ms."
        yield Alarm("warning", said, _HEALTH)


def _disk(now: Figures) -> Iterator[Alarm]:
    free = now.disk_free / now.disk if now.disk else 1.0
    if now.disk and (free < 0.1 or now.disk_free < 2e9):
        bad = free < 0.03 or now.disk_free < 5e8
        said = f"The data volume has {now.disk_free / 1e9:.1f} GB free."
        yield Alarm("critical" if bad else "warning", said, _HEALTH)
    if now.archive_lag_s > 120:
        said = f"The data are {now.archive_lag_s / 60:.0f} min behind: they wait in Redis."
        yield Alarm("warning", said, "/admin/logs?of=server")


def _ticks(now: Figures) -> Iterator[Alarm]:
    if now.waiting:
        yield Alarm("warning", f"{now.waiting} games wait for a worker.", "/admin/games")
    if now.late_s is not None and now.late_s > LATE_S:
        said = f"One tick in a hundred begins {now.late_s * 1000:.0f} ms late or more."
        yield Alarm("critical" if now.late_s > 0.125 else "warning", said, "/admin#h-load")
