"""What callbacks are to be told of, and how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from redis import Redis
from redis.exceptions import ResponseError

from igym.domain.happenings import Happening
from igym.store import keys
from igym.store.records import Row, packed

#: A happening has its place in the stream of rows and a number there: one row can make a few.
SLOTS = 8


class Telling(msgspec.Struct, frozen=True):
    """A question that was asked: callbacks are told everything up to an entry."""

    question: str
    up_to: str  # id of the last entry
    asked: int = 1


def package(redis: Redis, experiment: str, release: str) -> str:
    """The package of that version, if its callbacks want to know; "" = they do not."""
    found: Any = redis.hget(keys.hooked(experiment), release)
    return found.decode() if found else ""


def hooked(redis: Redis, experiment: str) -> dict[str, str]:
    """Version -> package, of those whose callbacks want to know."""
    found: Any = redis.hgetall(keys.hooked(experiment))
    return {release.decode(): package.decode() for release, package in found.items()}


def add(redis: Redis, experiment: str, release: str, some: Sequence[Happening]) -> None:
    """Put them at the end. What is there already is not put there again."""
    name = keys.happenings(experiment, release)
    used: dict[str, int] = {}
    for one in some:
        milli, seq = one.place.split("-")
        slot = used[one.place] = used.get(one.place, -1) + 1
        said = {f: getattr(one, f) for f in _FIELDS}
        try:
            redis.xadd(
                name, {"h": msgspec.json.encode(said)}, id=f"{milli}-{int(seq) * SLOTS + slot}"
            )
        except ResponseError as error:
            if "equal or smaller" not in str(error):
                raise
    redis.expire(name, keys.happenings.ttl_s)


_FIELDS = ("hook", "session", "at_ms", "scene", "game", "answers", "outcome", "place")


def wait(redis: Redis, experiment: str, release: str, scene: str, session: str, on: bool) -> bool:
    """Somebody begins to wait for a scene, or stops. Returns whether nobody else waits."""
    name = keys.waits(experiment, release, scene)
    with redis.pipeline(transaction=True) as pipe:
        pipe.sadd(name, session) if on else pipe.srem(name, session)
        pipe.expire(name, keys.waits.ttl_s)
        pipe.scard(name)
        left = pipe.execute()[2]
    return int(left) == int(on)


def first(
    redis: Redis, experiment: str, release: str, most: int
) -> tuple[str, list[dict[str, Any]]]:
    """The oldest ones, with the id of the last of them."""
    found: Any = redis.xrange(keys.happenings(experiment, release), count=most)
    said = [msgspec.json.decode(fields[b"h"]) for _, fields in found]
    return (found[-1][0].decode() if found else ""), said


def upto(redis: Redis, experiment: str, release: str, id: str) -> list[dict[str, Any]]:
    """All up to that one."""
    found: Any = redis.xrange(keys.happenings(experiment, release), max=id)
    return [msgspec.json.decode(fields[b"h"]) for _, fields in found]


def telling(redis: Redis, experiment: str, release: str) -> Telling | None:
    """The question that was asked and is not settled."""
    found: Any = redis.get(keys.telling(experiment, release))
    return msgspec.json.decode(found, type=Telling) if found else None


def ask(redis: Redis, experiment: str, release: str, asked: Telling) -> None:
    """Keep the question."""
    name = keys.telling(experiment, release)
    redis.set(name, msgspec.json.encode(asked), ex=keys.telling.ttl_s)


def told(redis: Redis, experiment: str, release: str, up_to: str, rows: Sequence[Row]) -> None:
    """They were told: forget them, with what they recorded written in the same step."""
    milli, seq = up_to.split("-")
    with redis.pipeline(transaction=True) as pipe:
        for table, row in packed(rows):
            pipe.xadd(keys.records(experiment, release), {"t": table, "d": row})
        pipe.xtrim(
            keys.happenings(experiment, release),
            minid=f"{milli}-{int(seq) + 1}",
            approximate=False,
        )
        pipe.delete(keys.telling(experiment, release))
        pipe.execute()
