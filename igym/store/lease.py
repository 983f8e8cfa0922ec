"""Leases: for loops that only one process may run, and for being alive at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
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


def holder(redis: Redis, loop: str) -> str:
    """Who has the lease of `loop`; "" while nobody has."""
    found: Any = redis.get(keys.lease(loop))
    return found.decode().partition(":")[2] if found else ""


def drop(redis: Redis, loop: str, holder: str) -> None:
    """Give the lease back so that another can take it at once."""
    _drop(redis, [keys.lease(loop)], [holder])


def beat(redis: Redis, worker: str, life_s: float, about: Mapping[str, str]) -> None:
    """Say that a game worker is alive. Its games' leases live exactly as long as this."""
    fields: dict[Any, Any] = dict(about)
    with redis.pipeline(transaction=True) as pipe:
        pipe.hset(keys.worker(worker), mapping=fields)
        pipe.hdel(keys.worker(worker), "gone")
        pipe.pexpire(keys.worker(worker), int(life_s * 1000))
        pipe.execute()


class Life(StrEnum):
    """What is known of a game worker."""

    ALIVE = "alive"  # its lease runs
    GONE = "gone"  # whoever watched it saw it end
    SILENT = "silent"  # its lease ran out: dead, or it could not be renewed


def lives(redis: Redis, workers: Iterable[str]) -> dict[str, Life]:
    """How those game workers are. One round trip."""
    names = list(workers)
    if not names:
        return {}
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hmget(keys.worker(name), "pid", "gone")
        found = pipe.execute()
    return {
        name: Life.GONE if gone else Life.ALIVE if pid else Life.SILENT
        for name, (pid, gone) in zip(names, found, strict=True)
    }


def life(redis: Redis, worker: str) -> Life:
    """How that game worker is."""
    return lives(redis, [worker])[worker]


def gone(redis: Redis, worker: str) -> None:
    """A game worker has ended: do not wait for its lease to run out."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.delete(keys.worker(worker))
        pipe.hset(keys.worker(worker), "gone", "1")
        pipe.expire(keys.worker(worker), keys.worker.ttl_s)
        pipe.execute()
