"""Sessions about which an author's function is asked, and how far that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from redis import Redis

from igym.store import keys


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one of them."""

    question: str = ""  # to the author's function; "" = not asked yet
    asked: int = 0  # how often: a question is lost with the worker that had it
    inputs: str = ""  # what it was asked with, as JSON


class Deciding(Asked, frozen=True, kw_only=True):
    """Somebody who stands before a branch that a function decides."""

    branch: str = ""  # that the question is about


Kept = TypeVar("Kept", bound=Asked)


class Desk(Generic[Kept]):
    """All that wait for one kind of function, in one hash of the experiment."""

    def __init__(self, key: Callable[[str], str], ttl_s: int, kind: type[Kept]) -> None:
        self._key, self._ttl_s, self._kind = key, ttl_s, kind

    def waiting(self, redis: Redis, experiment: str) -> dict[str, Kept]:
        """Session id -> what is kept, of everybody who waits."""
        found: Any = redis.hgetall(self._key(experiment))
        return {id.decode(): msgspec.json.decode(raw, type=self._kind) for id, raw in found.items()}

    def add(self, redis: Redis, experiment: str, session: str, it: Kept) -> None:
        """Have somebody wait. Said twice, the first counts."""
        with redis.pipeline() as pipe:
            pipe.hsetnx(self._key(experiment), session, msgspec.json.encode(it))
            pipe.expire(self._key(experiment), self._ttl_s)
            pipe.execute()

    def ask(
        self, redis: Redis, experiment: str, session: str, it: Kept, question: str, inputs: str
    ) -> None:
        """Keep the question that was asked about them, and what it was asked with."""
        said = msgspec.structs.replace(it, question=question, asked=it.asked + 1, inputs=inputs)
        redis.hset(self._key(experiment), session, msgspec.json.encode(said))

    def drop(self, redis: Redis, experiment: str, session: str) -> None:
        """They wait no longer."""
        redis.hdel(self._key(experiment), session)


#: Sessions that have ended and whose bonus is not worked out yet. `session_move.lua` adds them.
paying = Desk(keys.paying, keys.paying.ttl_s, Asked)

#: Sessions before a branch. `session_move.lua` adds them, and drops whoever moves on.
deciding = Desk(keys.deciding, keys.deciding.ttl_s, Deciding)
