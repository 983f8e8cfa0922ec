"""Sessions that wait for an author's function to say whether they are let in."""

from __future__ import annotations

from typing import Any

import msgspec
from redis import Redis

from igym.domain.screening import Facts
from igym.store import keys


class Waiting(msgspec.Struct, frozen=True):
    """Somebody who fits as far as we can see."""

    facts: Facts
    browser_rtt_ms: float | None
    server_rtt_ms: float | None
    question: str = ""  # to the author's function; "" = not asked yet
    asked: int = 0  # how often: a question is lost with the worker that had it


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Waiting).decode


def add(redis: Redis, experiment: str, session: str, waiting: Waiting) -> None:
    """Have them judged by the author's function. Said twice, the first counts."""
    with redis.pipeline() as pipe:
        pipe.hsetnx(keys.screening(experiment), session, _encode(waiting))
        pipe.expire(keys.screening(experiment), keys.screening.ttl_s)
        pipe.execute()


def ask(redis: Redis, experiment: str, session: str, waiting: Waiting, question: str) -> None:
    """Keep the question that was asked about them."""
    asked = msgspec.structs.replace(waiting, question=question, asked=waiting.asked + 1)
    redis.hset(keys.screening(experiment), session, _encode(asked))


def done(redis: Redis, experiment: str, session: str) -> None:
    """The verdict has been written."""
    redis.hdel(keys.screening(experiment), session)


def waiting(redis: Redis, experiment: str) -> dict[str, Waiting]:
    """Session id -> what is known, of everybody who waits."""
    found: Any = redis.hgetall(keys.screening(experiment))
    return {session.decode(): _decode(raw) for session, raw in found.items()}
