"""Which sessions to look at, and when: so that nobody who went silent is forgotten.

The scripts that make and end sessions put them in and take them out; whoever looks says when
to look again. Looking costs by the number of sessions that are due, not of all.
"""

from __future__ import annotations

from typing import Any

from redis import Redis

from igym.store import keys


def due(redis: Redis, experiment: str, now_ms: float, most: int) -> list[str]:
    """Sessions that should be looked at by now, the longest overdue first, `most` at most."""
    found: Any = redis.zrange(
        keys.presence(experiment), "-inf", now_ms, byscore=True, offset=0, num=most
    )
    return [session.decode() for session in found]


def some(redis: Redis, experiment: str, first: int, most: int) -> list[str]:
    """Sessions that have not ended, `most` at most, from the `first`-th on."""
    found: Any = redis.zrange(keys.presence(experiment), first, first + most - 1)
    return [session.decode() for session in found]


def again(redis: Redis, experiment: str, session: str, at_ms: float) -> None:
    """Look at it again then, unless it has ended meanwhile."""
    redis.zadd(keys.presence(experiment), {session: at_ms}, xx=True)


def forget(redis: Redis, experiment: str, session: str) -> None:
    """There is nothing left to look at."""
    redis.zrem(keys.presence(experiment), session)
