"""Which processes there are, and asking one to leave: each says so itself, every second."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from redis import Redis

from igym.store import keys


class State(StrEnum):
    """How a process stands."""

    STARTING = "starting"
    READY = "ready"  # it takes what comes
    LEAVING = "leaving"  # it takes nothing new and gives away, or ends, what it has
    LEFT = "left"  # it has nothing any more and may be stopped


class Leave(StrEnum):
    """What a process can be asked to do."""

    DRAIN = "drain"  # leave, and stay there with nothing until it is stopped
    RESTART = "restart"  # leave and end: whoever started it starts the next one


@dataclass(frozen=True)
class Process:
    """One of them, as it described itself within the last seconds."""

    name: str
    role: str  # web, games, inference or director
    node: str  # the machine or container it is on
    state: State
    holds: int  # sockets of a web worker, games of a game worker
    binding: str = ""  # of a game worker: it runs only such games
    pid: int = 0


def say(redis: Redis, name: str, about: Mapping[str, str]) -> Leave | None:
    """The process is there and is as `about` says. What it was asked to do; None = nothing."""
    fields: dict[Any, Any] = dict(about)
    at_ms = time.time() * 1000
    with redis.pipeline(transaction=False) as pipe:
        pipe.hset(keys.process(name), mapping=fields)
        pipe.expire(keys.process(name), keys.process.ttl_s)
        pipe.zadd(keys.processes(), {name: at_ms})
        pipe.expire(keys.processes(), keys.processes.ttl_s)
        pipe.get(keys.leave(name))
        asked = pipe.execute()[-1]
    return Leave(asked.decode()) if asked else None


def gone(redis: Redis, name: str) -> None:
    """The process has ended."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.delete(keys.process(name), keys.leave(name))
        pipe.zrem(keys.processes(), name)
        pipe.execute()


def ask(redis: Redis, names: Iterable[str], what: Leave) -> None:
    """Ask those processes to leave. They notice within about a second.

    In one step, so that none of them takes another of them for an heir.
    """
    with redis.pipeline(transaction=True) as pipe:
        for name in names:
            pipe.set(keys.leave(name), what.value, ex=keys.leave.ttl_s)
        pipe.execute()


def known(redis: Redis) -> list[Process]:
    """Every process that is there, by role and name. The dead are forgotten."""
    oldest_ms = (time.time() - keys.process.ttl_s) * 1000
    with redis.pipeline(transaction=False) as pipe:
        pipe.zremrangebyscore(keys.processes(), 0, oldest_ms)
        pipe.zrange(keys.processes(), 0, -1)
        names = [one.decode() for one in pipe.execute()[-1]]
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hgetall(keys.process(name))
        found = pipe.execute()
    made = [_read(name, raw) for name, raw in zip(names, found, strict=True) if raw]
    return sorted(made, key=lambda one: (one.role, one.name))


def _read(name: str, raw: Mapping[bytes, bytes]) -> Process:
    said = {key.decode(): value.decode() for key, value in raw.items()}
    return Process(
        name,
        said["role"],
        said["node"],
        State(said["state"]),
        int(said["holds"]),
        said["binding"],
        int(said["pid"]),
    )


def heirs(redis: Redis, name: str, role: str) -> list[str]:
    """Who can take over what that process has: others of its role that take what comes."""
    found = [
        one.name
        for one in known(redis)
        if one.role == role and one.name != name and one.state is State.READY and not one.binding
    ]
    with redis.pipeline(transaction=False) as pipe:
        for one in found:
            pipe.exists(keys.leave(one))
        asked = pipe.execute()
    return [one for one, leaves in zip(found, asked, strict=True) if not leaves]
