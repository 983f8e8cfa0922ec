"""Sessions as a list: what an admin sees of each, read by the thousand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from redis import Redis

from igym.store import keys

#: What is read of each session. Those of `_PACKED` are JSON.
FIELDS = (
    "version", "participant", "package", "release", "mode", "wave", "phase", "scene", "entered_ms",
    "started_ms", "game", "seat", "outcome", "code", "cells", "path", "ways",
)  # fmt: skip
_PACKED = ("cells", "path", "ways")

#: A walk over the keys goes so far and no farther.
MOST_ROUNDS = 300


def alive(redis: Redis, experiment: str, most: int) -> list[str]:
    """Sessions that have not ended."""
    found: Any = redis.zrange(keys.presence(experiment), 0, most - 1)
    return [one.decode() for one in found]


def everybody(redis: Redis, experiment: str, most: int) -> tuple[set[str], bool]:
    """Every session there is, and whether these are all. Costs some ms for each thousand keys."""
    prefix = keys.session(experiment, "")
    pattern = "".join(f"\\{c}" if c in "[]*?\\" else c for c in prefix) + "*"
    found: set[str] = set()
    cursor = 0
    some: Any
    for _ in range(MOST_ROUNDS):
        cursor, some = redis.scan(cursor, match=pattern, count=1_000)
        found |= {one.decode().removeprefix(prefix) for one in some}
        if cursor == 0 or len(found) >= most:
            break
    whole = cursor == 0 and len(found) <= most
    return (found if len(found) <= most else set(sorted(found)[:most])), whole


def versions(redis: Redis, experiment: str, ids: Sequence[str]) -> list[str]:
    """How often each was moved; "" for one that is gone."""
    with redis.pipeline(transaction=False) as pipe:
        for id in ids:
            pipe.hget(keys.session(experiment, id), "version")
        return [one.decode() if one else "" for one in pipe.execute()]


def some(redis: Redis, experiment: str, ids: Sequence[str]) -> list[dict[str, Any] | None]:
    """`FIELDS` of these; None for one that is gone."""
    with redis.pipeline(transaction=False) as pipe:
        for id in ids:
            pipe.hmget(keys.session(experiment, id), FIELDS)
        return [_fields(raw) for raw in pipe.execute()]


def _fields(raw: Sequence[bytes | None]) -> dict[str, Any] | None:
    if raw[0] is None:
        return None
    read: dict[str, Any] = {n: v.decode() if v else "" for n, v in zip(FIELDS, raw, strict=True)}
    for name in _PACKED:
        read[name] = json.loads(read[name] or "null")
    return read
