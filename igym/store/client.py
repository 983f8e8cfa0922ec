"""Opening Redis, and waiting for it."""

from __future__ import annotations

import time
from typing import Any

from redis import ConnectionPool, Redis, UnixDomainSocketConnection
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from igym.errors import Unavailable

#: A command that is not answered for so long will not be: the line swallows it. Redis itself
#: stands still for 2 s at the most, while a slow disk takes what the append-only file holds.
ANSWER_S = 4.0


class _Socket(UnixDomainSocketConnection):
    """A connection through a file. redis-py 8.1 wants to report a port when one fails, and a
    failure that fails in turn is no `RedisError`: it would end the thread it happens in."""

    port = 0


def open_redis(url: str, answer_s: float = ANSWER_S) -> Redis:
    """A client that survives a dropped connection: three quick tries per command.

    A command without an answer for `answer_s` is not tried again here, since it may have been
    done: it raises, and whoever asked knows whether it may be said twice.
    """
    pool = ConnectionPool.from_url(
        url,
        max_connections=512,
        protocol=2,  # on RESP3 redis-py takes messages out of the reads of `store.post`
        socket_connect_timeout=min(2.0, answer_s),
        socket_timeout=answer_s,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 3, (RedisConnectionError,)),
    )
    if pool.connection_class is UnixDomainSocketConnection:
        pool.connection_class = _Socket
    return Redis(connection_pool=pool)


def wait_for_redis(redis: Redis, patience_s: float, where: str) -> None:
    """Return as soon as Redis answers.

    Raises:
        Unavailable: it did not within `patience_s`; says which address and what to do.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            redis.ping()
            return
        except RedisError as error:
            if time.monotonic() >= until:
                raise Unavailable(
                    f"Redis at {where} does not answer: {error}.",
                    hint="Start it, or correct REDIS_URL. Without REDIS_URL igym starts its own.",
                ) from error
            time.sleep(0.1)


def shown(url: str) -> str:
    """`url` without its password, for messages."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def forgets(redis: Redis) -> tuple[str, str]:
    """How that server may lose what is in it: (when memory is short, when it restarts). "" = it
    does not, or does not say."""
    policy = str(info(redis, "memory").get("maxmemory_policy", ""))
    kept = info(redis, "persistence").get("aof_enabled", 1)
    return policy if policy not in ("", "noeviction") else "", "" if kept else "appendonly no"


def info(redis: Redis, section: str) -> dict[str, Any]:
    """A part of what the server says of itself; nothing where it may not be asked."""
    try:
        found: Any = redis.info(section)
    except ResponseError:
        return {}
    return dict(found)


def asked_for(redis: Redis, name: str) -> str:
    """A setting of the server; "" where it may not be asked."""
    try:
        found: Any = redis.config_get(name)
    except ResponseError:
        return ""
    return str(found.get(name, ""))
