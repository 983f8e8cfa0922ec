"""How many sessions of an experiment are in which phase, and how the others ended."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from igym.store import Redis, keys

#: Sessions are counted from themselves, which costs a walk over the keys: not oftener than this,
#: and not more than so many.
FRESH_S, MOST_SESSIONS, MOST_ROUNDS = 5.0, 5_000, 40


@dataclass
class Census:
    """Sessions by mode."""

    phases: dict[str, Counter[str]] = field(default_factory=lambda: {"live": Counter()})
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    whole: bool = True  # whether all of them were counted


def count(redis: Redis, experiment: str) -> Census:
    """Count by a bounded walk over the sessions' keys. Costs some ms for each thousand keys."""
    made, cursor, found = Census(), 0, 0
    for _ in range(MOST_ROUNDS):
        cursor, some = redis.scan(cursor, match=_pattern(keys.session(experiment, "")), count=1_000)
        with redis.pipeline(transaction=False) as pipe:
            for one in some:
                pipe.hmget(one, "mode", "phase", "outcome")
            read: Any = pipe.execute()
        for mode, phase, outcome in read:
            if mode and phase:
                made.phases.setdefault(mode.decode(), Counter())[phase.decode()] += 1
            if mode and outcome:
                made.outcomes.setdefault(mode.decode(), Counter())[outcome.decode()] += 1
        found += len(some)
        if cursor == 0 or found >= MOST_SESSIONS:
            break
    made.whole = cursor == 0
    return made


def _pattern(prefix: str) -> str:
    """`prefix` and anything after it, for SCAN."""
    return "".join(f"\\{c}" if c in "[]*?\\" else c for c in prefix) + "*"


class Counted:
    """Censuses of one process, each kept for a moment: asking often costs nothing."""

    def __init__(self, redis: Redis, now_s: Callable[[], float] = time.monotonic) -> None:
        self._redis, self._now_s = redis, now_s
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Census]] = {}

    def of(self, experiment: str) -> Census:
        """The census of that experiment, at most `FRESH_S` old."""
        with self._lock:
            at_s, census = self._kept.get(experiment, (-FRESH_S, None))
            if census is None or self._now_s() - at_s >= FRESH_S:
                census = count(self._redis, experiment)
                self._kept[experiment] = (self._now_s(), census)
            return census
