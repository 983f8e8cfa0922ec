"""Waking the director, so that a match does not wait for its next round."""

from __future__ import annotations

from redis import Redis

from igym.store import keys


def ring(redis: Redis) -> None:
    """Something is to be done now. Many rings are one."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.lpush(keys.bell(), "1")
        pipe.ltrim(keys.bell(), 0, 0)
        pipe.expire(keys.bell(), keys.bell.ttl_s)
        pipe.execute()


def wait(redis: Redis, timeout_s: float) -> bool:
    """Sleep until somebody rings, `timeout_s` at most. True: somebody did."""
    return redis.blpop([keys.bell()], timeout=timeout_s) is not None
