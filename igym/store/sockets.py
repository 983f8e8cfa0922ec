"""Which connection of which web worker a session's browser has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import Redis

from igym.store import heard, keys
from igym.store.script import Script

_forget = Script("socket_forget.lua")

#: (web worker, connection number in it)
Where = tuple[str, int]


def parse(raw: bytes) -> Where:
    """A value of `keys.sockets`."""
    web, conn = raw.decode().rsplit("|", 1)
    return web, int(conn)


def connect(redis: Redis, experiment: str, session: str, web: str, conn: int) -> Where | None:
    """The session's browser is here now. Returns where it was before, None if nowhere."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.hget(keys.sockets(experiment), session)
        pipe.hset(keys.sockets(experiment), session, f"{web}|{conn}")
        pipe.expire(keys.sockets(experiment), keys.sockets.ttl_s)
        heard.note(pipe, experiment, {session: 0})
        before = pipe.execute()[0]
    return parse(before) if before else None


def disconnect(redis: Redis, experiment: str, session: str, web: str, conn: int) -> None:
    """That connection is gone. A newer one of the same session is left alone.

    In one script: once Redis is back after a while everybody's old connections are forgotten in
    the moment in which their new ones come, and who is taken for gone hears of nothing any more.
    """
    _forget(redis, [keys.sockets(experiment)], [session, f"{web}|{conn}"])


def where(redis: Redis, experiment: str, sessions: Sequence[str]) -> dict[str, Where]:
    """Session -> where its socket is; those without one are left out."""
    if not sessions:
        return {}
    found: Any = redis.hmget(keys.sockets(experiment), list(sessions))
    return {s: parse(raw) for s, raw in zip(sessions, found, strict=True) if raw}
