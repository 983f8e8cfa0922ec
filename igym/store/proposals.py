"""Proposals: a group that is asked whether everybody is there, before anybody is seated.

Every step is one script that refuses a director whose fencing token is not the highest seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from redis import Redis
from redis.client import Pipeline

from igym.errors import Conflict, LeaseLost
from igym.store import counts, keys, quotas
from igym.store.games import Game
from igym.store.quotas import Take
from igym.store.records import Row, packed, packed_json
from igym.store.script import Script
from igym.store.sessions import texts

_propose = Script("match_propose.lua")
_confirm = Script("match_confirm.lua")
_release = Script("match_release.lua")
_seal = Script("match_seal.lua", "quota.lua", "count.lua")
_json = msgspec.json.Encoder().encode


class Proposal(msgspec.Struct, frozen=True):
    """A group on its way to a game. Times are ms since the epoch."""

    id: str
    sessions: list[str]  # in the order of the queue
    decision: str  # of the match log
    made_ms: float
    until_ms: float  # when whoever has not answered counts as silent
    token: int  # of the director that made it
    asked: bool = True  # False: nobody had to be asked
    filled: int = 0  # seats in which the policy of `fill` sits
    considered: int = 0  # tickets the decision looked at


class Player(msgspec.Struct, frozen=True):
    """Somebody who is to be seated: the version of the session that was judged, and what to set."""

    session: str
    version: int
    fields: dict[str, Any]


_decode = msgspec.json.Decoder(Proposal).decode


def decode(raw: Mapping[bytes, bytes]) -> tuple[list[Proposal], dict[str, str]]:
    """The hash `keys.proposals` as proposals, oldest first, and session -> state."""
    found: list[Proposal] = []
    states: dict[str, str] = {}
    for field, value in raw.items():
        kind, _, name = field.decode().partition(":")
        if kind == "p":
            found.append(_decode(value))
        elif kind == "s":
            states[name] = value.decode()
    return sorted(found, key=lambda p: (p.made_ms, p.id)), states


def queue_propose(
    pipe: Redis | Pipeline, experiment: str, lobby: str, proposal: Proposal, token: int
) -> Any:
    """Ask for a group to be put aside; `settled` reads the answer."""
    return _propose(
        pipe,
        [
            keys.lobby(experiment, lobby),
            keys.proposals(experiment, lobby),
            keys.fence(experiment),
        ],
        [
            token,
            proposal.id,
            _json(proposal),
            keys.proposals.ttl_s,
            keys.fence.ttl_s,
            "0" if proposal.asked else "1",
            *proposal.sessions,
        ],
    )


def settled(answer: Sequence[bytes]) -> list[str]:
    """What a script of a director answered, past its first word.

    Raises:
        LeaseLost: a newer director acts. Nothing was changed.
        Conflict: somebody left or changed in the meantime; `moved` names them. Nothing was changed.
        Full: a treatment of the group has no free place. Nothing was changed.
    """
    word, *rest = (part.decode() for part in answer)
    if word == "fenced":
        raise LeaseLost("Another director makes the matches now.")
    if word == "full":
        raise quotas.Full()
    if word in ("moved", "filled"):
        raise Conflict("The lobby moved on.", moved=tuple(rest))
    return rest


def propose(redis: Redis, experiment: str, lobby: str, proposal: Proposal, token: int) -> None:
    """Put a group aside. Raises as `settled`."""
    settled(queue_propose(redis, experiment, lobby, proposal, token))


def confirm(redis: Redis, experiment: str, lobby: str, session: str, proposal: str) -> int:
    """Somebody is there. 2 = now everybody is, 1 = noted, 0 = they are not in that proposal."""
    return int(_confirm(redis, [keys.proposals(experiment, lobby)], [session, proposal]))


def release(
    redis: Redis,
    experiment: str,
    release_of: str,
    lobby: str,
    proposal: str,
    token: int,
    rows: Sequence[Row],
    now_ms: float,
    *,
    blame: bool,
) -> dict[str, int]:
    """Give a proposal up: who answered keeps their place.

    Args:
        release_of: version of the experiment, whose data the rows are.
        blame: who has not answered goes to the back, and their silence is counted.

    Returns:
        Session -> how often it was silent in this wait, of those who were now.

    Raises:
        LeaseLost: a newer director acts.
    """
    said = settled(
        _release(
            redis,
            [
                keys.lobby(experiment, lobby),
                keys.proposals(experiment, lobby),
                keys.fence(experiment),
                keys.records(experiment, release_of),
            ],
            [token, proposal, "1" if blame else "0", now_ms, keys.fence.ttl_s, packed_json(rows)],
        )
    )
    return {session: int(times) for session, times in zip(said[::2], said[1::2], strict=True)}


def queue_seal(
    pipe: Redis | Pipeline,
    lobby: str,
    proposal: str,
    token: int,
    game: Game,
    players: Sequence[Player],
    rows: Sequence[Row],
    now_ms: float,
    *,
    fill: str = "",
    fills_at_most: int = 0,
    takes: Sequence[Take] = (),
) -> Any:
    """Make `game` and seat `players` in it, at once; `settled` reads the answer.

    Args:
        fill: where `keys.fills` counts a game in which a policy sits in a person's seat.
        takes: places of the group's treatments; their cells become the game's and the players'.
    """
    experiment = game.experiment
    said = {
        "token": token,
        "proposal": proposal,
        "game_id": game.id,
        "now_ms": now_ms,
        "game": game.fields(),
        "rows": packed(rows),
        "players": [
            {"session": p.session, "version": str(p.version), "set": texts(p.fields)}
            for p in players
        ],
        "fill": fill,
        "fills_at_most": fills_at_most,
        "takes": quotas.asked(takes),
    }
    return _seal(
        pipe,
        [
            keys.lobby(experiment, lobby),
            keys.tickets(experiment, lobby),
            keys.proposals(experiment, lobby),
            keys.fence(experiment),
            keys.fills(experiment),
            keys.game(experiment, game.id),
            keys.games(experiment),
            keys.records(experiment, game.release),
            *quotas.names(experiment, game.release, game.mode),
            *counts.names(experiment, game.release, game.mode, now_ms),
            *(keys.session(experiment, player.session) for player in players),
        ],
        [
            _json(said),
            keys.game.ttl_s,
            keys.fence.ttl_s,
            keys.fills.ttl_s,
            keys.holders.ttl_s,
            keys.pace.ttl_s,
        ],
    )


def seal(
    redis: Redis,
    lobby: str,
    proposal: str,
    token: int,
    game: Game,
    players: Sequence[Player],
    rows: Sequence[Row],
    now_ms: float,
    **more: Any,
) -> None:
    """The same now. Raises as `settled`."""
    settled(queue_seal(redis, lobby, proposal, token, game, players, rows, now_ms, **more))
