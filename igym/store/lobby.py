"""Lobbies: who waits, and the one step in which they stop waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from redis import Redis

from igym.domain.strategies import Ticket
from igym.errors import Conflict
from igym.store import heard, keys, sockets
from igym.store.games import Game
from igym.store.records import Row, packed
from igym.store.script import Script
from igym.store.sessions import Session, texts

_seal = Script("match_seal.lua")
_json = msgspec.json.Encoder().encode


def names(redis: Redis, experiment: str) -> list[str]:
    """Lobbies that may hold somebody."""
    found: Any = redis.smembers(keys.lobbies(experiment))
    return sorted(name.decode() for name in found)


def tickets(redis: Redis, experiment: str, lobby: str) -> list[Ticket]:
    """Everybody who waits there, longest first."""
    found: Any = redis.zrange(keys.lobby(experiment, lobby), 0, -1, withscores=True)
    return [Ticket(member.decode(), score) for member, score in found]


def present(redis: Redis, experiment: str, lobby: str, within_s: float) -> set[str]:
    """Sessions that wait there, have the page open and were heard of in the last `within_s`.

    The others keep their place.
    """
    members = [ticket.session for ticket in tickets(redis, experiment, lobby)]
    connected = list(sockets.where(redis, experiment, members))
    return heard.present(redis, experiment, connected, within_s)


def drop(redis: Redis, experiment: str, lobby: str, session: str) -> None:
    """Take out a ticket whose session is not waiting (any more)."""
    redis.zrem(keys.lobby(experiment, lobby), session)


def seal(
    redis: Redis,
    lobby: str,
    game: Game,
    players: Sequence[tuple[Session, dict[str, Any]]],
    rows: Sequence[Row],
    now_ms: float,
) -> None:
    """Make `game` and seat `players` (session as read, fields to set) in it, at once.

    Raises:
        Conflict: somebody left or changed since they were read; `moved` names them.
            Nobody was seated.
    """
    experiment = game.experiment
    said = {
        "game_id": game.id,
        "now_ms": now_ms,
        "game": game.fields(),
        "rows": packed(rows),
        "players": [
            {
                "session": session.id,
                "version": str(session.version),
                "set": texts(fields),
            }
            for session, fields in players
        ],
    }
    moved = _seal(
        redis,
        [
            keys.lobby(experiment, lobby),
            keys.game(experiment, game.id),
            keys.games(experiment),
            keys.records(experiment, game.release),
            *(keys.session(experiment, session.id) for session, _ in players),
        ],
        [_json(said), keys.game.ttl_s],
    )
    if moved:
        raise Conflict("The lobby moved on.", moved=tuple(m.decode() for m in moved))
