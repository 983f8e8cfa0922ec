"""Rows on their way to the data tables. They ride in the script that makes them true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from redis import Redis

from igym.store import keys

#: (table, row). A row has its table's primary key and `day_ms`, the rest as far as known.
Row = tuple[str, dict[str, Any]]

_json = msgspec.json.Encoder().encode


def packed(rows: Sequence[Row]) -> list[list[str]]:
    """`rows` as the scripts take them: [[table, row JSON], ...]."""
    return [[table, _json(row).decode()] for table, row in rows]


def packed_json(rows: Sequence[Row]) -> bytes:
    """`packed` as JSON."""
    return _json(packed(rows))


def add(redis: Redis, experiment: str, release: str, rows: Sequence[Row]) -> None:
    """Append rows that no other change has to go with."""
    with redis.pipeline(transaction=False) as pipe:
        for table, row in rows:
            pipe.xadd(keys.records(experiment, release), {"t": table, "d": _json(row)})
        pipe.execute()


def releases(redis: Redis, experiment: str) -> list[str]:
    """Versions of the experiment whose records may wait."""
    found: Any = redis.smembers(keys.releases(experiment))
    return sorted(one.decode() for one in found)


def waiting(redis: Redis, experiment: str, release: str, most: int) -> tuple[str, list[Row]]:
    """The oldest rows not yet archived, and the id to pass to `archived` once they are.

    Events get their place in the stream as `event_id`: the same at every reading.
    """
    entries: Any = redis.xrange(keys.records(experiment, release), count=most)
    rows: list[Row] = []
    for place, fields in entries:
        row = msgspec.json.decode(fields[b"d"])
        rows.append((fields[b"t"].decode(), {"event_id": place.decode(), **row}))
    return (entries[-1][0].decode() if entries else ""), rows


def oldest_ms(redis: Redis, experiment: str) -> float | None:
    """When the oldest row that waits was written, ms; None = none waits."""
    versions = releases(redis, experiment)
    with redis.pipeline(transaction=False) as pipe:
        for release in versions:
            pipe.xrange(keys.records(experiment, release), count=1)
        found: list[Any] = pipe.execute() if versions else []
    return min((float(some[0][0].split(b"-")[0]) for some in found if some), default=None)


def latest(redis: Redis, experiment: str, release: str, session: str, most: int) -> list[Row]:
    """Rows of one session among the `most` latest that are not yet archived, newest first."""
    entries: Any = redis.xrevrange(keys.records(experiment, release), count=most)
    mine = f'"session_id":"{session}"'.encode()
    return [
        (fields[b"t"].decode(), msgspec.json.decode(fields[b"d"]))
        for _, fields in entries
        if mine in fields[b"d"]
    ]


def archived(redis: Redis, experiment: str, release: str, up_to: str) -> None:
    """Forget rows up to and including that id: they are on the data volume."""
    milli, seq = up_to.split("-")
    redis.xtrim(
        keys.records(experiment, release), minid=f"{milli}-{int(seq) + 1}", approximate=False
    )


def problem(redis: Redis, said: dict[str, Any]) -> None:
    """Tell researchers and admins of a problem. The last 200 are kept."""
    with redis.pipeline() as pipe:
        pipe.lpush(keys.problems(), _json(said))
        pipe.ltrim(keys.problems(), 0, 199)
        pipe.expire(keys.problems(), keys.problems.ttl_s)
        pipe.execute()


def problems(redis: Redis, most: int = 50) -> list[dict[str, Any]]:
    """The latest problems, newest first."""
    found: Any = redis.lrange(keys.problems(), 0, most - 1)
    return [msgspec.json.decode(one) for one in found]


def event_row(
    at_ms: float,
    kind: str,
    *,
    session: str = "",
    game: str = "",
    detail: str = "",
    browser_ms: float | None = None,
) -> Row:
    """One row of the events table."""
    return (
        "events",
        {
            "at_ms": at_ms,
            "day_ms": at_ms,
            "kind": kind,
            "session_id": session or None,
            "game_id": game or None,
            "detail": detail,
            "browser_ms": browser_ms,
        },
    )
