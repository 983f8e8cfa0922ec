"""Leases: for loops that only one process may run, and for being alive at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redis import Redis

from igym.store import keys
from igym.store.script import Script

_take = Script("lease_take.lua")
_drop = Script("lease_drop.lua")


def take(redis: Redis, loop: str, holder: str, life_s: float) -> int:
    """Take or renew the lease of `loop`. The fencing token, or 0 if somebody else has it."""
    return int(
        _take(redis, [keys.lease(loop), keys.lease_token(loop)], [holder, int(life_s * 1000)])
    )


def drop(redis: Redis, loop: str, holder: str) -> None:
    """Give the lease back so that another can take it at once."""
    _drop(redis, [keys.lease(loop)], [holder])


def beat(redis: Redis, worker: str, life_s: float, about: Mapping[str, str]) -> None:
    """Say that a game worker is alive. Its games' leases live exactly as long as this."""
    fields: dict[Any, Any] = dict(about)
    with redis.pipeline(transaction=True) as pipe:
        pipe.hset(keys.worker(worker), mapping=fields)
        pipe.pexpire(keys.worker(worker), int(life_s * 1000))
        pipe.execute()


def alive(redis: Redis, worker: str) -> bool:
    """Whether that game worker's lease runs."""
    return bool(redis.exists(keys.worker(worker)))


def gone(redis: Redis, worker: str) -> None:
    """A game worker has stopped: do not wait for its lease to run out."""
    redis.delete(keys.worker(worker))
