"""The latest decisions of the matcher, for admins who look. The log itself is in the data."""

from __future__ import annotations

from typing import Any

import msgspec
from redis import Redis

from igym.store import keys

#: So many are kept of an experiment, with so many of the tickets that each looked at.
MOST, MOST_TICKETS = 50, 40

_encode = msgspec.json.Encoder().encode


def keep(redis: Redis, experiment: str, entry: dict[str, Any]) -> None:
    """Remember an entry of the match log (`igym.domain.matchlog`) for a while."""
    looked_at = entry["considered"]
    some = {**entry, "considered": looked_at[:MOST_TICKETS], "looked_at": len(looked_at)}
    name = keys.decided(experiment)
    with redis.pipeline(transaction=False) as pipe:
        pipe.lpush(name, _encode(some))
        pipe.ltrim(name, 0, MOST - 1)
        pipe.expire(name, keys.decided.ttl_s)
        pipe.execute()


def latest(redis: Redis, experiment: str, most: int) -> list[dict[str, Any]]:
    """The latest of them, newest first."""
    found: Any = redis.lrange(keys.decided(experiment), 0, most - 1)
    return [msgspec.json.decode(one) for one in found]
