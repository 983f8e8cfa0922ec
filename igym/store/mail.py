"""A session's mail: reliable messages, numbered from 1, until its browser has acknowledged them.

The numbers are the ids of a stream, which remembers the last one it gave even when it is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from igym import wire
from igym.store import keys, sockets
from igym.store.script import Script
from igym.wire import packets

_add = Script("mail_add.lua")

#: The most that waits for one browser. One that never acknowledges gets a snapshot instead.
MOST = 64


@dataclass(frozen=True)
class Gap:
    """What came after the number a browser has."""

    head: int  # the last number given
    messages: list[tuple[int, bytes]]  # (number, finished packet), in order
    whole: bool  # whether that is everything after it; else only a snapshot helps


def add(
    redis: Redis, experiment: str, session: str, message: wire.Message, once: str = ""
) -> tuple[int, bytes, sockets.Where | None]:
    """Put `message` in. With the same `once` as one that is still there, it is that one.

    Returns:
        Its number, its finished packet, and where the session's socket is.
    """
    kept = packets.sealed(message)
    with redis.pipeline(transaction=False) as pipe:
        _add(pipe, [keys.mail(experiment, session)], [kept, once, MOST, keys.mail.ttl_s])
        pipe.hget(keys.sockets(experiment), session)
        seq, where = pipe.execute()
    return seq, packets.numbered(kept, seq), sockets.parse(where) if where else None


def after(redis: Redis, experiment: str, session: str, seq: int) -> Gap:
    """Everything after number `seq`, in one look."""
    name = keys.mail(experiment, session)
    with redis.pipeline(transaction=True) as pipe:
        pipe.xrange(name, min=f"(0-{seq}")
        pipe.xinfo_stream(name)
        entries, info = pipe.execute(raise_on_error=False)
    if isinstance(info, ResponseError):  # there never was any
        return Gap(0, [], seq == 0)
    for failed in (entries, info):
        if isinstance(failed, Exception):
            raise failed
    head = _number(info["last-generated-id"])
    messages = [(_number(id), fields[b"m"]) for id, fields in entries]
    whole = seq + len(messages) == head
    return Gap(
        head, [(n, packets.numbered(kept, n)) for n, kept in messages] if whole else [], whole
    )


def last(redis: Redis, sessions: Sequence[tuple[str, str]]) -> list[int]:
    """For each (experiment, session), the last number that is kept; 0 = nothing is.

    In one round trip, and far cheaper than `after` for each of them.
    """
    with redis.pipeline(transaction=False) as pipe:
        for experiment, session in sessions:
            pipe.xrevrange(keys.mail(experiment, session), count=1)
        return [_number(found[0][0]) if found else 0 for found in pipe.execute()]


def got(redis: Redis, experiment: str, session: str, seq: int) -> None:
    """The browser has everything up to `seq`: forget it. An old number does nothing."""
    redis.xtrim(keys.mail(experiment, session), minid=f"0-{seq + 1}", approximate=False)


def _number(id: Any) -> int:
    return int(bytes(id).rpartition(b"-")[2])
