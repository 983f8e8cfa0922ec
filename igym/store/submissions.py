"""Packages that wait for their check on the server, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from redis import Redis

from igym.store import keys


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A package whose check has not come to an end."""

    experiment: str
    package: str
    activate_by: str = ""  # in whose name it is activated once it has passed; "" = not at all
    tries: int = 0  # how often a worker has begun
    due_ms: float = 0  # when somebody is to be asked (again)


_unchecked = msgspec.json.Decoder(Unchecked).decode


def put(redis: Redis, waiting: Unchecked) -> None:
    """Have a package checked; also how a later `due_ms` is set."""
    redis.hset(keys.unchecked(), waiting.package, msgspec.json.encode(waiting))


def read(redis: Redis, package: str) -> Unchecked | None:
    """The package as it waits; None when it does not (any more)."""
    raw: Any = redis.hget(keys.unchecked(), package)
    return _unchecked(raw) if raw else None


def waiting(redis: Redis) -> list[Unchecked]:
    """All that wait."""
    found: Any = redis.hvals(keys.unchecked())
    return [_unchecked(one) for one in found]


def done(redis: Redis, package: str) -> None:
    """Its check came to an end."""
    redis.hdel(keys.unchecked(), package)


def put_report(redis: Redis, experiment: str, package: str, report: bytes) -> None:
    """Keep what the check found."""
    redis.set(keys.report(experiment, package), report, ex=keys.report.ttl_s)


def report(redis: Redis, experiment: str, package: str) -> bytes | None:
    """What the check found; None = it has not ended, or was long ago."""
    found: Any = redis.get(keys.report(experiment, package))
    return bytes(found) if found else None
