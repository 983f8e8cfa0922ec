"""Commands of admins: written down before anything is done, and moved on by whoever does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from redis import Redis

from igym.domain.commands import FINAL, Command, Event, State, becomes, before
from igym.store import keys
from igym.store.script import Script

_add = Script("command_add.lua")
_move = Script("command_move.lua")
_encode = msgspec.json.Encoder().encode
#: Made at import, as in `store.packages`.
_decode = msgspec.json.Decoder(Command).decode

#: Commands of an experiment that are listed. A message to everybody is one for each.
MOST = 2_000

#: Commands that leave in one write.
_BATCH = 200


def add(redis: Redis, commands: Sequence[Command]) -> list[bool]:
    """Write them down. With the id of an earlier one, it is that one: False, nothing changes."""
    made: list[bool] = []
    for start in range(0, len(commands), _BATCH):
        with redis.pipeline(transaction=False) as pipe:
            for one in commands[start : start + _BATCH]:
                _add(
                    pipe,
                    [
                        keys.command(one.experiment, one.id),
                        keys.commands(one.experiment),
                        keys.commands_open(one.experiment),
                        keys.commands_for(one.experiment, one.target),
                    ],
                    [
                        one.id,
                        _encode(one),
                        one.made_ms,
                        one.until_ms,
                        keys.command.ttl_s,
                        MOST,
                        "1" if one.kind.by != "server" else "0",
                    ],
                )
            made += [bool(one) for one in pipe.execute()]
    return made


def move(
    redis: Redis,
    command: Command,
    event: Event,
    now_ms: float,
    why: str = "",
    hint: str = "",
    *,
    unlogged: bool = False,
    read: bool = False,
) -> bool:
    """Something happened to it. False: that came too late, or was said before.

    Args:
        unlogged: its end is not in the audit log: it stays among the open ones until `logged`.
        read: whoever it is about has read it.
    """
    to = becomes(event)
    ends = to in FINAL
    return bool(
        _move(
            redis,
            [
                keys.command(command.experiment, command.id),
                keys.commands_open(command.experiment),
                keys.commands_for(command.experiment, command.target),
            ],
            [
                command.id,
                to,
                now_ms,
                why,
                hint,
                "1" if ends else "0",
                "1" if unlogged else "0",
                "1" if read else "0",
                *before(event),
            ],
        )
    )


def logged(redis: Redis, command: Command) -> None:
    """Its end is in the audit log: nobody has to look at it any more."""
    redis.zrem(keys.commands_open(command.experiment), command.id)


def read(redis: Redis, experiment: str, ids: Sequence[str]) -> list[Command]:
    """Those commands as they are; without those that are gone. One round trip."""
    with redis.pipeline(transaction=False) as pipe:
        for id in ids:
            pipe.hgetall(keys.command(experiment, id))
        found: list[Any] = pipe.execute() if ids else []
    return [_command(raw) for raw in found if b"said" in raw]  # of who was erased it is gone


def _command(raw: dict[bytes, bytes]) -> Command:
    return replace(
        _decode(raw[b"said"]),
        state=State(raw[b"state"].decode()),
        at_ms=float(raw[b"at_ms"]),
        why=raw.get(b"why", b"").decode(),
        hint=raw.get(b"hint", b"").decode(),
        read_ms=float(raw.get(b"read_ms", 0)),
    )


def latest(redis: Redis, experiment: str, most: int) -> list[Command]:
    """The latest commands, the last one first."""
    found: Any = redis.zrevrange(keys.commands(experiment), 0, most - 1)
    return read(redis, experiment, [one.decode() for one in found])


def still_open(redis: Redis, experiment: str, most: int) -> list[Command]:
    """Commands that have not ended, or whose end is not logged; what expires first, first."""
    name = keys.commands_open(experiment)
    found: Any = redis.zrange(name, 0, most - 1)
    ids = [one.decode() for one in found]
    there = read(redis, experiment, ids)
    if gone := set(ids) - {one.id for one in there}:
        redis.zrem(name, *gone)
    return there


def due(redis: Redis, experiment: str, target: str) -> list[Command]:
    """What that session's browser, or that game's worker, has to carry out, in order."""
    found: Any = redis.zrange(keys.commands_for(experiment, target), 0, -1)
    return read(redis, experiment, [one.decode() for one in found])


def ended(redis: Redis, experiment: str, sessions: Sequence[str]) -> set[str]:
    """Those of `sessions` that have ended."""
    named = [one for one in dict.fromkeys(sessions) if one]
    if not named:
        return set()
    found: Any = redis.zmscore(keys.ended(experiment), named)
    return {session for session, at_ms in zip(named, found, strict=True) if at_ms is not None}
