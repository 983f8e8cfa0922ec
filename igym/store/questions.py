"""Answers of authors' functions, on their way to whoever asked."""

from __future__ import annotations

from typing import Any

from redis import Redis

from igym.store import keys


def answer(redis: Redis, experiment: str, question: str, said: str) -> None:
    """Keep the answer for a while."""
    redis.set(keys.answer(experiment, question), said, ex=keys.answer.ttl_s)


def answered(redis: Redis, experiment: str, question: str) -> bytes | None:
    """The answer; None = not yet, or it has run out."""
    found: Any = redis.get(keys.answer(experiment, question))
    return None if found is None else bytes(found)
