"""Sessions that have ended: what they left here goes, before its life is over, by the clock."""

from __future__ import annotations

from typing import Any

from redis import Redis

from igym.store import keys


def waiting(redis: Redis, experiment: str) -> dict[str, float]:
    """Ended sessions that are still here: how many, and when the first of them ended (ms)."""
    name = keys.ended(experiment)
    first: Any = redis.zrange(name, 0, 0, withscores=True)
    return {"sessions": int(redis.zcard(name)), "first_ms": first[0][1] if first else 0.0}


def forget(redis: Redis, experiment: str, before_ms: float, most: int) -> int:
    """Delete what is left of sessions that ended before that, `most` at most. Returns how many.

    Who they were stays known by their link (`recruits`), so that nobody takes part twice. One
    whose bonus is not worked out yet waits for it.
    """
    found: Any = redis.zrange(
        keys.ended(experiment), "-inf", before_ms, byscore=True, offset=0, num=most
    )
    if not found:
        return 0
    unpaid: Any = redis.hmget(keys.paying(experiment), found)
    gone = [one.decode() for one, due in zip(found, unpaid, strict=True) if due is None]
    with redis.pipeline(transaction=True) as pipe:
        for session in gone:
            pipe.unlink(keys.session(experiment, session), keys.mail(experiment, session))
            pipe.hdel(keys.sockets(experiment), session)
            pipe.zrem(keys.heard(experiment), session)
            pipe.zrem(keys.ended(experiment), session)
        pipe.execute()
    return len(gone)
