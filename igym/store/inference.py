"""Which inference workers are alive: each says so itself, and is believed for 3 s."""

from __future__ import annotations

from typing import Any

from redis import Redis

from igym.store import keys


def beat(redis: Redis, name: str) -> None:
    """That inference worker is alive."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.sadd(keys.inference_workers(), name)
        pipe.expire(keys.inference_workers(), keys.inference_workers.ttl_s)
        pipe.set(keys.inference_worker(name), "1", ex=keys.inference_worker.ttl_s)
        pipe.execute()


def gone(redis: Redis, name: str) -> None:
    """It has ended."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.srem(keys.inference_workers(), name)
        pipe.delete(keys.inference_worker(name))
        pipe.execute()


def alive(redis: Redis) -> list[str]:
    """Those that are alive, in order of their names. The dead are forgotten."""
    known: Any = redis.smembers(keys.inference_workers())
    names = sorted(one.decode() for one in known)
    if not names:
        return []
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.exists(keys.inference_worker(name))
        lives = pipe.execute()
    dead = [name for name, lives in zip(names, lives, strict=True) if not lives]
    if dead:
        redis.srem(keys.inference_workers(), *dead)
    return [name for name in names if name not in dead]
