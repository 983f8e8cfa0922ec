"""Sessions: one participant's run through one experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from redis import Redis

from igym.domain.participant import Phase
from igym.domain.strategies import Ticket
from igym.errors import Conflict, NotFound, NotOpen
from igym.store import counts, keys, quotas
from igym.store.quotas import Give, Take
from igym.store.records import Row, packed
from igym.store.script import Script

_create = Script("session_create.lua", "quota.lua", "count.lua")
_move = Script("session_move.lua", "quota.lua", "count.lua")
_json = msgspec.json.Encoder().encode


class Session(msgspec.Struct, frozen=True):
    """A session as last written. Times are ms since the epoch."""

    id: str
    experiment: str
    package: str
    release: str  # version of the experiment they began with
    participant: str
    mode: str
    version: int
    phase: Phase
    scene: str
    visit: int  # how many scenes were entered before this one
    entered_ms: float  # the scene
    started_ms: float
    max_s: float = 0  # of a rehearsal: the longest a game may last; 0 = no limit
    game: str = ""
    seat: str = ""
    outcome: str = ""
    code: str = ""
    wave: str = ""
    cells: dict[str, str] = {}  # treatment -> cell, their own or their group's
    holds: dict[str, str] = {}  # treatment -> the unit whose place it is: this session, or a game
    attributes: dict[str, Any] = {}  # "scene.item" -> answer, where a scene's roles need it
    groups: dict[str, str] = {}  # game scene -> the game they were in
    met: list[str] = []  # participants they were in a game with
    query: dict[str, str] = {}  # of their link, until an entry function has seen it
    given: dict[str, str] = {}  # parameters of their link that the ending's addresses pass on
    reason: str = ""  # why it ended, in a sentence for them, where the page does not say it
    path: list[str] = []  # the scenes in drawn order; empty until they are drawn
    ways: dict[str, str] = {}  # branch -> the way that was taken
    attempt: int = 0  # attempts at this quiz that were not right
    wrong: list[str] = []  # items that were wrong in the last of them, as far as they are told
    back: str = ""  # the quiz that sent them back to read again, until they are there
    played: dict[str, Any] = {}  # game scene -> seat and results, where a bonus depends on them
    bonus: str = ""  # as they read it, once it is worked out
    again: int = 0  # times they chose to wait on, in this lobby

    def changed(self, **fields: Any) -> Session:
        """A copy with these fields."""
        return msgspec.structs.replace(self, **fields)


#: Fields that are JSON in the hash.
_PACKED = (
    "cells",
    "holds",
    "attributes",
    "groups",
    "met",
    "query",
    "given",
    "wrong",
    "path",
    "ways",
    "played",
)


def texts(fields: Mapping[str, Any]) -> dict[str, str]:
    """`fields` as the session's hash holds them."""
    return {k: _json(v).decode() if k in _PACKED else str(v) for k, v in fields.items()}


def lobby_name(package: str, scene: str, mode: str) -> str:
    """Who may meet: same package, same scene, same mode."""
    return f"{package[:16]}:{scene}:{mode}"


def recruit_field(mode: str, participant: str, wave: str = "") -> str:
    """The field of `keys.recruits` for a participant; `wave` is "" where there is none."""
    return f"{mode}:{participant}:{wave}" if wave else f"{mode}:{participant}"


def _done_field(session: Session) -> str:
    return f"{session.mode}:{session.participant}:{session.wave}:outcome"


def create(
    redis: Redis,
    session: Session,
    recruit: str,
    rows: Sequence[Row],
    *,
    takes: Sequence[Take] = (),
    look_ms: float = 0,
    replaces: str = "",
    room: int = -1,
) -> str:
    """Write a new session and its first rows, unless `recruit` already has one.

    Args:
        recruit: see `recruit_field`; "" = it is not to be found by anything but its token.
        replaces: the session that `recruit` had so far and shall have no longer.
        takes: places to reserve in the same step; their cells are added to the session's.
        look_ms: when to look whether the session has gone silent; 0 = never.
        room: how many sessions of this version may be under way or complete; -1 = any number.

    Returns:
        The id of the session that `recruit` has now: `session.id`, or the earlier one's.

    Raises:
        Full: there is no free place. Nothing was written.
        NotOpen: there are as many as `room` says. Nothing was written.
    """
    experiment = session.experiment
    said = {
        "room": room,
        "set": texts(msgspec.to_builtins(session)),
        "rows": packed(rows),
        "takes": quotas.asked(takes),
        "look_ms": look_ms,
        "replaces": replaces,
        "took": recruit_field(session.mode, session.participant) if recruit else "",
    }
    made = _create(
        redis,
        [
            keys.recruits(experiment),
            keys.session(experiment, session.id),
            keys.records(experiment, session.release),
            *quotas.names(experiment, session.release, session.mode),
            keys.presence(experiment),
            *counts.names(experiment, session.release, session.mode, session.started_ms),
        ],
        [
            session.id,
            recruit,
            _json(said),
            keys.session.ttl_s,
            keys.recruits.ttl_s,
            keys.presence.ttl_s,
            keys.pace.ttl_s,
        ],
    ).decode()
    if not made:
        raise quotas.Full()
    if made == "!":
        raise NotOpen(
            "This study has all the participants it needs at the moment.",
            hint="Thank you for your interest.",
        )
    return str(made)


def of_recruit(redis: Redis, experiment: str, recruit: str) -> str:
    """The id of the session that `recruit` has, which may have run out; "" = none."""
    found: Any = redis.hget(keys.recruits(experiment), recruit)
    return "" if found is None else str(found.decode())


def took_part(redis: Redis, experiment: str, mode: str, participant: str) -> bool:
    """Whether the participant ever began a session of that experiment, in that mode."""
    return bool(redis.hexists(keys.recruits(experiment), recruit_field(mode, participant)))


def wave_outcome(redis: Redis, experiment: str, mode: str, participant: str, wave: str) -> str:
    """How the participant's session of that wave ended; "" = it did not."""
    field = f"{mode}:{participant}:{wave}:outcome"
    return of_recruit(redis, experiment, field)


def read(redis: Redis, experiment: str, session_id: str) -> Session:
    """The session. Raises `NotFound` where there is none (any more)."""
    found: Any = redis.hgetall(keys.session(experiment, session_id))
    if not found:
        raise NotFound(
            "We can't find your session.", hint="Open the link you were given once more."
        )
    fields: dict[str, Any] = {k.decode(): v.decode() for k, v in found.items()}
    for name in _PACKED:
        if name in fields:
            fields[name] = msgspec.json.decode(fields[name])
    return msgspec.convert(fields, Session, strict=False)


def packages_of(redis: Redis, experiment: str, ids: Sequence[str]) -> set[str]:
    """The packages that those sessions run with. One round trip."""
    with redis.pipeline(transaction=False) as pipe:
        for id in ids:
            pipe.hget(keys.session(experiment, id), "package")
        return {raw.decode() for raw in pipe.execute() if raw}


def mark(redis: Redis, session: Session, why: str, rows: Sequence[Row]) -> str:
    """Note that the session's data are not to be used, and `rows`; with "" that they are.

    It is no move: the session's version stays, since nothing that its screen shows has changed.

    Returns:
        What was noted before.
    """
    name = keys.session(session.experiment, session.id)
    with redis.pipeline(transaction=True) as pipe:
        pipe.hget(name, "excluded")
        pipe.hset(name, "excluded", why)
        for table, row in packed(rows):
            pipe.xadd(keys.records(session.experiment, session.release), {"t": table, "d": row})
        before: bytes | None = pipe.execute()[0]
    return before.decode() if before else ""


def move(
    redis: Redis,
    session: Session,
    fields: Mapping[str, Any],
    rows: Sequence[Row],
    *,
    join: str = "",
    leave: str = "",
    at_ms: float = 0,
    takes: Sequence[Take] = (),
    gives: Sequence[Give] = (),
    ends: bool = False,
    bot: bool = False,
    chooses_until_ms: float = 0,
    pays: bool = False,
    decides: str = "",
    agreed: bool = False,
) -> int:
    """Write `fields` and `rows` if nobody moved the session since it was read.

    Args:
        join, leave: a lobby the session enters or leaves in the same step. It gets a ticket
            with everything that matching has to know, and loses it.
        takes: places to reserve in the same step; their cells are added to the session's.
        gives: places to settle in the same step.
        ends: whether this is the session's last move.
        bot: they join to play with the policy of `fill`.
        chooses_until_ms: when a choice is made for them, if they have one now.
        pays: whether a bonus is to be worked out from now on.
        decides: the branch about which a function is to be asked from now on; "" = none.
        agreed: whether they consented with this move.

    Returns:
        The new version.

    Raises:
        Conflict: it moved on, or was no longer in the lobby. Nothing was written.
        Full: there is no free place. Nothing was written.
        NotFound: it has expired.
    """
    said = {
        "set": texts(fields),
        "rows": packed(rows),
        "lobby": "join" if join else "leave" if leave else "",
        "lobby_name": join or leave,
        "member": session.id,
        "score": at_ms,
        "takes": quotas.asked(takes),
        "gives": quotas.given(gives),
        "ends": ends,
        "pays": pays,
        "decides": decides,
        "agreed": agreed,
        "now_ms": at_ms,
        "ticket": _ticket(session, fields, at_ms, bot) if join else "",
        "chooses_until_ms": chooses_until_ms,
        "done": [_done_field(session), str(fields.get("outcome", ""))]
        if ends and session.wave
        else [],
    }
    experiment = session.experiment
    version = int(
        _move(
            redis,
            [
                keys.session(experiment, session.id),
                keys.records(experiment, session.release),
                keys.lobby(experiment, join or leave),
                keys.lobbies(experiment),
                *quotas.names(experiment, session.release, session.mode),
                keys.presence(experiment),
                keys.tickets(experiment, join or leave),
                keys.proposals(experiment, join or leave),
                keys.choosing(experiment),
                keys.recruits(experiment),
                keys.paying(experiment),
                keys.deciding(experiment),
                keys.ended(experiment),
                *counts.names(experiment, session.release, session.mode, at_ms),
            ],
            [
                session.version,
                _json(said),
                keys.session.ttl_s,
                keys.lobby.ttl_s,
                keys.holders.ttl_s,
                keys.choosing.ttl_s,
                keys.recruits.ttl_s,
                keys.paying.ttl_s,
                keys.deciding.ttl_s,
                keys.ended.ttl_s,
                keys.pace.ttl_s,
            ],
        )
    )
    if version == -3:
        raise quotas.Full()
    if version == -2:
        raise NotFound("We can't find your session.", hint="Open your link once more.")
    if version == -1:
        raise Conflict("The session moved on.", moved=(session.id,))
    return version


def _ticket(session: Session, fields: Mapping[str, Any], at_ms: float, bot: bool) -> str:
    """The ticket of a session that joins a lobby, as it will be once `fields` are written."""
    now: dict[str, Any] = {**msgspec.to_builtins(session), **fields}
    ticket = Ticket(
        session=session.id,
        since_ms=at_ms,
        participant=session.participant,
        cells=now["cells"],
        attributes=now["attributes"],
        met=tuple(now["met"]),
        groups=now["groups"],
        version=session.version + 1,
        visit=now["visit"],
        joined_ms=at_ms,
        package=session.package,
        max_s=session.max_s,
        bot=bot,
    )
    return _json(ticket).decode()
