"""How many sessions are where, and how many got how far: counted by the scripts that move them.

Reading costs by the number of versions and modes, and not by the number of sessions
(`count.lua`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from igym.domain.outcome import Outcome
from igym.domain.participant import Phase
from igym.store import keys, records

#: How far a session can have got, in order. "screened" is missing where nobody is screened, and
#: "consented" where nobody is asked to consent.
MILESTONES = ("arrived", "screened", "consented", "waiting", "playing", "ended")


@dataclass
class Counts:
    """Sessions of one mode."""

    now: Counter[str] = field(default_factory=Counter)  # by phase
    ever: Counter[str] = field(default_factory=Counter)  # by milestone
    outcomes: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)  # that ended with a match, by bucket
    vain: Counter[str] = field(default_factory=Counter)  # and without one


def taken(counts: Counts) -> int:
    """Sessions that are in the study or completed it: what a cap counts (`count_taken`)."""
    here = sum(n for phase, n in counts.now.items() if phase != Phase.ENDED)
    return here + counts.outcomes[Outcome.COMPLETE]


def names(experiment: str, release: str, mode: str, at_ms: float) -> tuple[str, str]:
    """The keys that the scripts count in: counts and pace."""
    return keys.counts(experiment, release, mode), keys.pace(experiment, mode, hour(at_ms))


def hour(at_ms: float) -> str:
    """The key of `pace` that a moment belongs to."""
    return str(int(at_ms // 3_600_000))


def by_release(
    redis: Redis, experiment: str, releases: Sequence[str], modes: tuple[str, ...]
) -> dict[str, dict[str, int]]:
    """Version -> mode -> sessions that ever began it; modes in which nobody did are left out."""
    asked = [(release, mode) for release in releases for mode in modes]
    with redis.pipeline(transaction=False) as pipe:
        for release, mode in asked:
            pipe.hget(keys.counts(experiment, release, mode), "ever:arrived")
        found: list[Any] = pipe.execute() if asked else []
    made: dict[str, dict[str, int]] = {release: {} for release in releases}
    for (release, mode), count in zip(asked, found, strict=True):
        if count:
            made[release][mode] = int(count)
    return made


_PARTS = {"now": "now", "ever": "ever", "outcome": "outcomes", "wait": "waits", "vain": "vain"}


def read(redis: Redis, experiment: str, modes: tuple[str, ...]) -> dict[str, Counts]:
    """Mode -> its counts, over all versions; modes in which nobody came are left out."""
    releases = records.releases(redis, experiment)
    made: dict[str, Counts] = {}
    asked = [(mode, release) for mode in modes for release in releases]
    for (mode, _), raw in zip(asked, _raw(redis, experiment, asked), strict=True):
        if raw:
            _add(made.setdefault(mode, Counts()), raw)
    return made


def of_each(redis: Redis, experiment: str, mode: str) -> dict[str, Counts]:
    """Version -> its counts of that mode."""
    releases = records.releases(redis, experiment)
    found = _raw(redis, experiment, [(mode, release) for release in releases])
    return {release: _add(Counts(), raw) for release, raw in zip(releases, found, strict=True)}


def _raw(redis: Redis, experiment: str, asked: list[tuple[str, str]]) -> list[Any]:
    with redis.pipeline(transaction=False) as pipe:
        for mode, release in asked:
            pipe.hgetall(keys.counts(experiment, release, mode))
        return pipe.execute() if asked else []


def _add(counts: Counts, raw: dict[bytes, bytes]) -> Counts:
    for name, count in raw.items():
        part, _, what = name.decode().partition(":")
        getattr(counts, _PARTS[part])[what] += int(count)
    return counts


def pace(
    redis: Redis, experiment: str, mode: str, now_ms: float, minutes: int
) -> dict[str, list[int]]:
    """Milestone -> sessions that got so far in each of the last `minutes` minutes, oldest first.

    Args:
        minutes: up to 1440; the current one, which is not over, is the last.
    """
    last = int(now_ms // 60_000)
    first = last - minutes + 1
    with redis.pipeline(transaction=False) as pipe:
        for one in range(first // 60, last // 60 + 1):
            pipe.hgetall(keys.pace(experiment, mode, str(one)))
        found: list[Any] = pipe.execute()
    made = {milestone: [0] * minutes for milestone in MILESTONES}
    for raw in found:
        for name, count in raw.items():
            minute, _, milestone = name.decode().partition(":")
            if first <= int(minute) <= last:
                made[milestone][int(minute) - first] = int(count)
    return made
