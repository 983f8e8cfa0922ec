"""Sessions that have ended and whose bonus is not worked out yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from redis import Redis

from igym.store import keys
from igym.store.records import Row, packed_json
from igym.store.script import Script

_paid = Script("paid.lua")


class Due(msgspec.Struct, frozen=True):
    """One of them."""

    question: str = ""  # to the author's function; "" = not asked yet
    asked: int = 0  # how often: a question is lost with the worker that had it
    inputs: str = ""  # what it was asked with, as JSON


def due(redis: Redis, experiment: str) -> dict[str, Due]:
    """Session id -> how far it is. `session_move.lua` puts them in."""
    found: Any = redis.hgetall(keys.paying(experiment))
    return {id.decode(): msgspec.json.decode(raw, type=Due) for id, raw in found.items()}


def ask(redis: Redis, experiment: str, session: str, asked: Due) -> None:
    """Keep the question that was asked about them."""
    redis.hset(keys.paying(experiment), session, msgspec.json.encode(asked))


def drop(redis: Redis, experiment: str, session: str) -> None:
    """There is nothing to pay for any more."""
    redis.hdel(keys.paying(experiment), session)


def paid(
    redis: Redis, experiment: str, release: str, session: str, told: str, rows: Sequence[Row]
) -> bool:
    """It is worked out. False: it was before, and nothing was written."""
    names = [
        keys.paying(experiment),
        keys.session(experiment, session),
        keys.records(experiment, release),
    ]
    return bool(_paid(redis, names, [session, told, packed_json(rows)]))
