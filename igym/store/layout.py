"""The shape of what igym keeps in Redis, as one number that every process agrees on.

It is raised when a version of igym could misread what an earlier one wrote; never for new keys.
"""

from __future__ import annotations

from typing import Any

from redis import Redis

from igym.store import keys

LAYOUT = 1


def agree(redis: Redis) -> int:
    """The layout of what is there; a Redis without one gets ours."""
    redis.set(keys.layout(), LAYOUT, nx=True)
    return found(redis)


def found(redis: Redis) -> int:
    """The layout of what is there; 0 = none is written, as in an empty Redis."""
    raw: Any = redis.get(keys.layout())
    return int(raw or 0)
