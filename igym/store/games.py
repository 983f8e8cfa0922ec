"""Games: one group's visit to a game scene, and who may run it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from redis import Redis
from redis.exceptions import NoScriptError, RedisError, ResponseError

from igym.errors import NotFound
from igym.store import keys
from igym.store.records import Row, packed_json
from igym.store.script import Script

_claim = Script("game_claim.lua")
_append = Script("log_append.lua")
_take = Script("game_take.lua")
_end = Script("game_end.lua")


#: Fields that are JSON in the hash.
_PACKED = (
    "seats",
    "away",
    "scores",
    "earned",  # in the episode that is on; no field of `Game`
    "cells",
    "holds",
    "replaced",
    "gone",
    "filled",
    "results",
    "asked",
    "cast",
    "benched",
)


class Game(msgspec.Struct, frozen=True):
    """A game as last written. `seats` maps each human seat to the session that sits there."""

    id: str
    experiment: str
    package: str
    release: str  # version of the experiment
    scene: str
    mode: str
    seed: int
    seats: dict[str, str]
    created_ms: float
    max_s: float = 0  # of a rehearsal: end the game after so long; 0 = no limit
    generation: int = 1
    owner: str = ""
    phase: str = "offered"  # offered, live, over
    outcome: str = ""
    away: list[str] = []  # seats whose people were away when it ended
    ended_ms: float = 0
    claimed_ms: float = 0
    fruitless: int = 0  # takeovers in a row with hardly a tick between them
    offered_ms: float = 0  # to another worker, after the first one was gone
    episode: str = ""  # id of the episode last written to
    logged: int = 0  # ticks of it that are in its log
    attempt: int = 0  # how often the running episode began anew
    done: int = 0  # episodes that were played to their end
    played: int = 0  # ticks of those
    scores: dict[str, float] = {}  # seat -> sum of rewards over those that count
    results: list[dict[str, Any]] = []  # of those (`igym.domain.rounds.Result`)
    begun: str = ""  # id of the last episode whose callbacks were told that it begins
    cast: dict[str, str] = {}  # adaptive seat -> its cell, in the episode that is next or on
    cast_for: int = -1  # the episode `cast` was chosen for
    asked: dict[str, int] = {}  # what people are asked -> the last episode that is settled
    asking_ms: float = 0  # until when they are being asked; 0 = they are not
    cells: dict[str, str] = {}  # treatment (per group) -> cell
    holds: dict[str, str] = {}  # treatment -> the game whose place it is: this one
    replaced: list[str] = []  # seats in which something sits in for a person who may come back
    benched: dict[str, str] = {}  # seat a policy plays by an admin's word -> that admin
    paused_ms: float = 0  # since when it stands still by an admin's word; 0 = it does not
    paused_by: str = ""
    gone: list[str] = []  # seats whose person has left for good
    filled: list[str] = []  # human seats in which the policy of `fill` sits
    binding: str = ""  # which workers may run it; "" = the shared ones (`igym.domain.bound`)

    def fields(self) -> dict[str, str]:
        """As the game's hash holds it."""
        return texts(msgspec.to_builtins(self))


def texts(fields: Mapping[str, Any]) -> dict[str, str]:
    """`fields` as the game's hash holds them."""
    return {
        k: msgspec.json.encode(v).decode() if k in _PACKED else str(v) for k, v in fields.items()
    }


def episode_id(game: str, episode: int, attempt: int = 0) -> str:
    """The id of a game's n-th episode, counted from 0; `attempt` where it began anew."""
    return f"{game}-{episode:03d}" + (f".{attempt}" if attempt else "")


def read(redis: Redis, experiment: str, game_id: str) -> Game:
    """The game. Raises `NotFound` where there is none (any more)."""
    found: Any = redis.hgetall(keys.game(experiment, game_id))
    if not found:
        raise NotFound("That game is over.", hint="Reload the page to go on.")
    return _game(found)


def _game(found: Mapping[bytes, bytes]) -> Game:
    fields: dict[str, Any] = {k.decode(): v.decode() for k, v in found.items()}
    for name in _PACKED:
        if name in fields:
            fields[name] = msgspec.json.decode(fields[name])
    return msgspec.convert(fields, Game, strict=False)


def open_games(redis: Redis, experiment: str) -> list[str]:
    """Games that still need care, oldest first."""
    found: Any = redis.zrange(keys.games(experiment), 0, -1)
    return [one.decode() for one in found]


#: Takeovers in vain of a game that shall have no further one.
CONDEMNED = 1_000


class Glance(msgspec.Struct, frozen=True):
    """What tells whether a game needs care. Fields as in `Game`."""

    id: str
    owner: str
    phase: str
    generation: int
    created_ms: float
    offered_ms: float
    ended_ms: float
    fruitless: int


_GLANCED = Glance.__struct_fields__[1:]


def glance(redis: Redis, experiment: str, ids: Sequence[str]) -> list[Glance | None]:
    """Those games, None for one that is not there (any more). One round trip."""
    with redis.pipeline(transaction=False) as pipe:
        for id in ids:
            pipe.hmget(keys.game(experiment, id), _GLANCED)
        found = pipe.execute()
    return [_glance(id, raw) for id, raw in zip(ids, found, strict=True)]


def _glance(id: str, raw: Sequence[bytes | None]) -> Glance | None:
    if raw[2] is None:
        return None
    known = {name: value.decode() for name, value in zip(_GLANCED, raw, strict=True) if value}
    blank = dict.fromkeys(_GLANCED[3:], "0") | {"owner": ""}
    return msgspec.convert({"id": id} | blank | known, Glance, strict=False)


def settled(redis: Redis, experiment: str, game_id: str) -> None:
    """The game is over and everybody in it has moved on: nobody needs to look at it again."""
    redis.zrem(keys.games(experiment), game_id)


def condemn(redis: Redis, experiment: str, game_id: str) -> None:
    """Offer the game to no other worker: it would stop that one too. For when its own stands still.

    Whoever takes it from its worker then finds as many takeovers in vain as there may be.
    """
    key = keys.game(experiment, game_id)
    found: Any = redis.hmget(key, "episode", "logged")
    here = b":".join(one or b"" for one in found).decode()
    redis.hset(key, mapping={"taken_at": here, "fruitless": str(CONDEMNED)})


def claim(
    redis: Redis, experiment: str, game_id: str, generation: int, worker: str, now_ms: float
) -> bool:
    """Take this generation of the game. False: it is another worker's, over, or superseded.

    A worker may ask again; it is for the worker to run a game once.
    """
    return bool(_claim(redis, [keys.game(experiment, game_id)], [generation, worker, int(now_ms)]))


#: Games whose flushes one call of the script writes: Redis does nothing else meanwhile, 1 to 2 ms.
TOGETHER = 128


class Flush(NamedTuple):
    """What a game writes to its log, and with it.

    `logged` is the number of the episode's ticks that are in the log once this is written; one
    that is sent twice is written once. `fields` of the game change with it.
    """

    game: Game  # in the name of its generation
    episode: str
    chunk: bytes
    logged: int
    now_ms: float
    rows: Sequence[Row] = ()
    close: bool = False
    fields: Mapping[str, Any] = {}


def append(redis: Redis, flushes: Sequence[Flush]) -> list[bool | RedisError]:
    """Write flushes of many games in one round trip.

    Returns:
        Of each: true if it was written, false if another generation owns the game, or the error
        of Redis.

    Raises:
        RedisError: Redis is away. What was written is not known; say all of it again.
    """
    places: dict[str, list[int]] = defaultdict(list)  # by experiment: a call has keys of one only
    for n, flush in enumerate(flushes):
        places[flush.game.experiment].append(n)
    calls = [
        mine[n : n + TOGETHER] for mine in places.values() for n in range(0, len(mine), TOGETHER)
    ]
    try:
        answers = _append_calls(redis, flushes, calls)
    except NoScriptError:  # Redis was started anew
        _append.load(redis)
        answers = _append_calls(redis, flushes, calls)
    results: list[bool | RedisError] = [False] * len(flushes)
    for call, answer in zip(calls, answers, strict=True):
        for n, said in zip(call, answer, strict=True):
            results[n] = ResponseError(said.decode()) if isinstance(said, bytes) else bool(said)
    return results


def _append_calls(
    redis: Redis, flushes: Sequence[Flush], calls: Sequence[Sequence[int]]
) -> list[list[Any]]:
    with redis.pipeline(transaction=False) as pipe:
        for call in calls:
            named: list[str] = []
            args: list[str | bytes | int | float] = [keys.log.ttl_s]
            for n in call:
                flush = flushes[n]
                game = flush.game
                named += (
                    keys.game(game.experiment, game.id),
                    keys.log(game.experiment, flush.episode),
                    keys.closed(game.experiment),
                    keys.records(game.experiment, game.release),
                )
                args += (
                    game.generation,
                    flush.chunk,
                    flush.episode,
                    "1" if flush.close else "0",
                    flush.logged,
                    int(flush.now_ms),
                    packed_json(flush.rows) if flush.rows else "",
                    msgspec.json.encode(texts(flush.fields)),
                )
            _append.queue(pipe, named, args)
        return pipe.execute()


#: What kills its worker may let it log a flush or two before: that is no progress.
FEW_TICKS = 30


def take(
    redis: Redis, game: Game, owner: str, rows: Sequence[Row], *, now_ms: float, given: bool = False
) -> tuple[int, int]:
    """Make the next generation of a game whose `owner` is dead, or has `given` it away.

    Returns:
        (the new generation, takeovers in a row with hardly a tick between them); (0, 0) where
        somebody was faster or the game is over.
    """
    generation, fruitless = _take(
        redis,
        [keys.game(game.experiment, game.id), keys.records(game.experiment, game.release)],
        [game.generation, owner, packed_json(rows), int(now_ms), FEW_TICKS, int(given)],
    )
    return int(generation), int(fruitless)


#: Games of an experiment that are remembered once they are over, for the admin page.
MOST_FINISHED = 200


def end(
    redis: Redis,
    game: Game,
    outcome: str,
    rows: Sequence[Row],
    *,
    away: Sequence[str] = (),
    unclosed: str = "",
    now_ms: float,
) -> bool:
    """End the game in the name of `game.generation`. False: it was over, or is not ours."""
    return bool(
        _end(
            redis,
            [
                keys.game(game.experiment, game.id),
                keys.records(game.experiment, game.release),
                keys.closed(game.experiment),
                keys.finished(game.experiment),
            ],
            [
                game.generation,
                outcome,
                packed_json(rows),
                unclosed,
                int(now_ms),
                msgspec.json.encode(away),
                game.id,
                MOST_FINISHED,
                keys.finished.ttl_s,
            ],
        )
    )


class Ended(msgspec.Struct, frozen=True, array_like=True):
    """A game that is over, as admins see it in a list. Whatever was in its hash is text."""

    id: str
    outcome: str
    ended_ms: str
    scene: str
    mode: str
    created_ms: str
    generation: str
    done: str
    scores: str  # JSON: seat -> sum of rewards over the episodes that count
    episode: str  # the last that was written to; "" = none


_ended = msgspec.json.Decoder(Ended).decode


def finished(redis: Redis, experiment: str, most: int) -> list[Ended]:
    """The last games that ended, newest first."""
    found: Any = redis.lrange(keys.finished(experiment), 0, most - 1)
    return [_ended(one) for one in found]


# --- connections of a game's seats -----------------------------------------------------------


def link(redis: Redis, experiment: str, game_id: str, seat: str, web: str, conn: int) -> str:
    """Note where the seat's socket is. Returns the game's owner, "" while it has none."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.hset(keys.links(experiment, game_id), seat, f"{web}|{conn}")
        pipe.expire(keys.links(experiment, game_id), keys.links.ttl_s)
        pipe.hget(keys.game(experiment, game_id), "owner")
        owner = pipe.execute()[2]
    return owner.decode() if owner else ""


def links(redis: Redis, experiment: str, game_id: str) -> dict[str, tuple[str, int]]:
    """Seat -> (web worker, connection)."""
    found: Any = redis.hgetall(keys.links(experiment, game_id))
    made = {}
    for seat, where in found.items():
        web, conn = where.decode().rsplit("|", 1)
        made[seat.decode()] = (web, int(conn))
    return made


# --- logs ----------------------------------------------------------------------------------------


def closed(redis: Redis, experiment: str, most: int) -> list[str]:
    """Episodes whose log waits for the archiver, oldest first."""
    found: Any = redis.zrange(keys.closed(experiment), 0, most - 1)
    return [one.decode() for one in found]


def log(redis: Redis, experiment: str, episode: str) -> list[bytes]:
    """Every chunk of an episode's log, in order."""
    found: Any = redis.xrange(keys.log(experiment, episode))
    return [fields[b"c"] for _, fields in found]


def archived(redis: Redis, experiment: str, episodes: Sequence[str]) -> None:
    """Forget logs: they are on the data volume."""
    if not episodes:
        return
    with redis.pipeline(transaction=True) as pipe:
        pipe.delete(*(keys.log(experiment, episode) for episode in episodes))
        pipe.zrem(keys.closed(experiment), *episodes)
        pipe.execute()
