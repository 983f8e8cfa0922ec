"""Lobbies: who waits, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from redis import Redis

from igym.domain.strategies import Ticket
from igym.store import heard, keys, sockets
from igym.store.proposals import Proposal, decode
from igym.store.script import Script

_rtt = Script("lobby_rtt.lua")
_extend = Script("lobby_extend.lua")
_ticket = msgspec.json.Decoder(Ticket).decode

#: The most tickets a round looks at: those who wait longest. Bounds the work of a round.
MOST = 1_000


class Lobby(msgspec.Struct):
    """Everything a round of matching has to know, as of one moment."""

    name: str
    waiting: int  # in all
    tickets: dict[str, Ticket]  # session -> ticket, by place in the queue
    proposals: list[Proposal]
    states: dict[str, str]  # session -> proposal it is in, with "!" once confirmed
    here: dict[str, sockets.Where]  # session -> its socket; the others have closed the page

    @property
    def free(self) -> list[Ticket]:
        """Who is here and in no proposal."""
        return [
            ticket
            for ticket in self.tickets.values()
            if ticket.session in self.here and ticket.session not in self.states
        ]


def names(redis: Redis, experiment: str) -> list[str]:
    """Lobbies that may hold somebody."""
    found: Any = redis.smembers(keys.lobbies(experiment))
    return sorted(name.decode() for name in found)


def scene_of(name: str) -> tuple[str, str]:
    """(scene, mode) of the lobby of that name."""
    _, scene, mode = name.rsplit(":", 2)
    return scene, mode


def look(redis: Redis, experiment: str, name: str, within_s: float = 0, most: int = MOST) -> Lobby:
    """The lobby as it is, in two round trips however many wait.

    Who has a socket and was heard of in the last `within_s` seconds is here; 0 = whenever.
    """
    queue, proposed = keys.lobby(experiment, name), keys.proposals(experiment, name)
    with redis.pipeline(transaction=True) as pipe:
        pipe.zcard(queue)
        pipe.zrange(queue, 0, most - 1, withscores=True)
        pipe.hgetall(proposed)
        waiting, order, proposals_raw = pipe.execute()
    if not order and not proposals_raw:
        return Lobby(name, 0, {}, [], {}, {})
    proposals, states = decode(proposals_raw)
    sessions = [member.decode() for member, _ in order]
    # Whoever is in a proposal is looked at with it, however far back they have gone.
    known = set(sessions)
    sessions += [s for p in proposals for s in p.sessions if s not in known]
    place = {member.decode(): score for member, score in order}
    tickets: dict[str, Ticket] = {}
    here: dict[str, sockets.Where] = {}
    if sessions:
        with redis.pipeline(transaction=False) as pipe:
            pipe.hmget(keys.tickets(experiment, name), sessions)
            pipe.hmget(keys.tickets(experiment, name), [f"rtt:{s}" for s in sessions])
            pipe.hmget(keys.tickets(experiment, name), [f"cells:{s}" for s in sessions])
            pipe.hmget(keys.tickets(experiment, name), [f"more:{s}" for s in sessions])
            pipe.hmget(keys.sockets(experiment), sessions)
            heard.queue_ago(pipe, experiment, sessions)
            facts, rtts, cells, mores, where, now, at = pipe.execute()
        recent = heard.recent(sessions, now, at, within_s)
        for session, raw, rtt, cell, more, socket in zip(
            sessions, facts, rtts, cells, mores, where, strict=True
        ):
            if socket and (session in recent or not within_s):
                here[session] = sockets.parse(socket)
            if raw is None:
                continue
            ticket = _ticket(raw)
            tickets[session] = replace(
                ticket,
                since_ms=place.get(session, ticket.since_ms),
                rtt_ms=float(rtt) if rtt else -1,
                cells=msgspec.json.decode(cell) if cell else {},
                more_s=_more_s(more),
            )
    return Lobby(name, waiting, tickets, proposals, states, here)


def tickets(redis: Redis, experiment: str, lobby: str) -> list[Ticket]:
    """Everybody who waits there, longest first."""
    return list(look(redis, experiment, lobby).tickets.values())


def present(redis: Redis, experiment: str, lobby: str, within_s: float) -> list[str]:
    """Sessions that wait there, have the page open and were heard of in the last `within_s`.

    By place in the queue. The others keep their place.
    """
    found: Any = redis.zrange(keys.lobby(experiment, lobby), 0, MOST - 1)
    members = [member.decode() for member in found]
    connected = sockets.where(redis, experiment, members)
    here = heard.present(redis, experiment, list(connected), within_s)
    return [member for member in members if member in here]


def drop(redis: Redis, experiment: str, lobby: str, session: str) -> None:
    """Take out a ticket whose session is not waiting (any more)."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.zrem(keys.lobby(experiment, lobby), session)
        fields = (session, f"rtt:{session}", f"cells:{session}", f"more:{session}")
        pipe.hdel(keys.tickets(experiment, lobby), *fields)
        pipe.hdel(keys.proposals(experiment, lobby), f"s:{session}", f"m:{session}")
        pipe.execute()


def measured(redis: Redis, experiment: str, lobby: str, session: str, rtt_ms: float) -> bool:
    """Note the round trip of somebody who waits. Returns whether it is the first."""
    found = _rtt(
        redis,
        [keys.lobby(experiment, lobby), keys.tickets(experiment, lobby)],
        [session, f"{rtt_ms:.1f}"],
    )
    return bool(found)


def extend(
    redis: Redis, experiment: str, lobby: str, session: str, once: str, more_s: float
) -> float | None:
    """Let somebody wait longer. Returns how much longer than the scene says, s; None: they do not
    wait there. With the same `once` as the last time, nothing changes."""
    made = _extend(
        redis,
        [keys.lobby(experiment, lobby), keys.tickets(experiment, lobby)],
        [session, more_s, once],
    )
    return float(made) if made else None


def more_s(redis: Redis, experiment: str, lobby: str, session: str) -> float:
    """How much longer than the scene says that session may wait, s."""
    found: Any = redis.hget(keys.tickets(experiment, lobby), f"more:{session}")
    return _more_s(found)


def _more_s(raw: bytes | None) -> float:
    return float(raw.split()[0]) if raw else 0.0


def due(redis: Redis, experiment: str, now_ms: float) -> Sequence[str]:
    """Sessions whose choice has to be made for them."""
    found: Any = redis.zrangebyscore(keys.choosing(experiment), 0, now_ms, start=0, num=200)
    return [one.decode() for one in found]


def chooses_until(redis: Redis, experiment: str, session: str) -> float:
    """When the choice of that session is made for it, ms; 0 where it has none."""
    return float(redis.zscore(keys.choosing(experiment), session) or 0)


def chosen(redis: Redis, experiment: str, session: str) -> None:
    """That session has no choice (any more)."""
    redis.zrem(keys.choosing(experiment), session)


def filled(redis: Redis, experiment: str, lobby: str) -> int:
    """In how many games of the lobby's scene a policy sits in a person's seat."""
    found: Any = redis.hget(keys.fills(experiment), fill_field(lobby))
    return int(found or 0)


def fill_field(lobby: str) -> str:
    """Where `keys.fills` counts for that lobby. Every version of the study counts together."""
    return ":".join(scene_of(lobby))
