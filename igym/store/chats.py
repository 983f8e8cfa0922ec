"""The chats of games: their last lines, and who has said how much."""

from __future__ import annotations

from typing import Any

import msgspec
from redis import Redis

from igym import wire
from igym.errors import TooMuch
from igym.store import keys
from igym.store.script import Script

_say = Script("chat_say.lua")
_json = msgspec.json.Encoder().encode
_line = msgspec.msgpack.Decoder(wire.ChatLine).decode

#: Lines a page shows after a reload; all of them are in the messages table.
KEPT = 50

#: What one person may write: so many lines within so many ms.
MOST, WITHIN_MS = 5, 10_000


def say(
    redis: Redis,
    experiment: str,
    release: str,
    game: str,
    *,
    session: str,
    seat: str,
    count: int,
    text: str,
    row: dict[str, Any],
    now_ms: float,
) -> wire.ChatLine | None:
    """Add a line. Said again with the same `count` it is the line it was.

    Returns:
        The line; None where it was said so long ago that nobody waits for it.

    Raises:
        TooMuch: this session writes faster than anybody reads. Nothing was added.
    """
    found = _say(
        redis,
        [
            keys.chat(experiment, game),
            keys.chatters(experiment, game),
            keys.records(experiment, release),
        ],
        [
            session,
            count,
            seat,
            text,
            int(now_ms),
            MOST,
            WITHIN_MS,
            KEPT,
            keys.chat.ttl_s,
            _json({**row, "seat": seat, "text": text}),
        ],
    )
    if found[0] == 0:
        raise TooMuch("You write faster than anybody can read.", hint="Wait a few seconds.")
    return _line(found[1]) if found[0] > 0 else None


def lines(
    redis: Redis, experiment: str, game: str, session: str
) -> tuple[list[wire.ChatLine], int]:
    """The last lines, oldest first, and the highest count of that session."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.lrange(keys.chat(experiment, game), 0, -1)
        pipe.hget(keys.chatters(experiment, game), session)
        kept, said = pipe.execute()
    return [_line(one) for one in kept], (msgspec.json.decode(said)["count"] if said else 0)
