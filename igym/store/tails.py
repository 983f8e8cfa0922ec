"""Lines that admins read: what participants' browsers log, and what our own processes warn of.

Bounded streams with a life: they are for looking into something that happens, and are no record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis

from igym.store import keys

#: About so many lines of an experiment's browsers, and of all our processes, are kept.
MOST_BROWSER, MOST_SERVER = 5_000, 3_000

#: An id of a session, game or episode is followed for so long after somebody asked for it.
FOLLOWED_S = 900

Line = dict[str, str]


def heard(redis: Redis, experiment: str, lines: Sequence[Mapping[str, str | float]]) -> None:
    """Keep what a browser logged."""
    _add(redis, keys.browser_lines(experiment), lines, MOST_BROWSER, keys.browser_lines.ttl_s)


def warned(redis: Redis, lines: Sequence[Mapping[str, str | float]]) -> None:
    """Keep what a process logged."""
    _add(redis, keys.server_lines(), lines, MOST_SERVER, keys.server_lines.ttl_s)


def _add(
    redis: Redis, name: str, lines: Sequence[Mapping[str, str | float]], most: int, ttl_s: int
) -> None:
    with redis.pipeline(transaction=False) as pipe:
        for line in lines:
            fields: dict[Any, Any] = dict(line)
            pipe.xadd(name, fields, maxlen=most, approximate=True)
        pipe.expire(name, ttl_s)
        pipe.execute()


def after(redis: Redis, name: str, last: str, most: int) -> list[tuple[str, Line]]:
    """Entries of stream `name` after id `last`, oldest first; the latest `most` where `last` is
    ""."""
    found: Any
    if last:
        found = redis.xrange(name, f"({last}", "+", count=most)
    else:
        found = reversed(redis.xrevrange(name, count=most))  # type: ignore[arg-type]
    return [
        (id.decode(), {k.decode(): v.decode() for k, v in fields.items()}) for id, fields in found
    ]


def follow(redis: Redis, id: str) -> None:
    """From now on keep also what is no warning, where it is about `id`; for `FOLLOWED_S`."""
    redis.hset(keys.followed(), id, "1")
    redis.expire(keys.followed(), FOLLOWED_S)


def followed(redis: Redis) -> frozenset[str]:
    """Ids of which everything is kept at the moment."""
    found: Any = redis.hkeys(keys.followed())
    return frozenset(one.decode() for one in found)
