"""The one place where a process gets what it works with."""

from __future__ import annotations

import secrets
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from redis import ConnectionPool, Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from igym.errors import Unavailable
from igym.settings import Settings
from igym.store import keys
from igym.store.packages import Plans


@dataclass(frozen=True)
class Deployment:
    """Settings, Redis, and what is read through it. One per process."""

    settings: Settings
    redis: Redis
    plans: Plans
    secret: str = field(repr=False)

    @property
    def data(self) -> Path:
        """The data volume."""
        return Path(self.settings.data_dir)

    def package_root(self, package: str) -> Path:
        """Where the data volume keeps the files of the package with that hash."""
        return self.data / "packages" / package


def now_ms() -> float:
    """The wall clock, in ms since the epoch."""
    return time.time() * 1000


def open_redis(url: str) -> Redis:
    """A client that survives a dropped connection: three quick tries per command."""
    pool = ConnectionPool.from_url(
        url,
        max_connections=512,
        socket_connect_timeout=2,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 3),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )
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


def connect(settings: Settings, patience_s: float = 30.0) -> Deployment:
    """Open Redis and agree on the secret with every other process.

    Raises:
        Unavailable: Redis does not answer within `patience_s`.
    """
    redis = open_redis(settings.redis_url)
    wait_for_redis(redis, patience_s, shown(settings.redis_url))
    secret = settings.secret_key
    if not secret:
        redis.set(keys.secret(), secrets.token_urlsafe(48), nx=True)
        found = redis.get(keys.secret())
        assert isinstance(found, bytes)
        secret = found.decode()
    return Deployment(settings, redis, Plans(redis), secret)


def shown(url: str) -> str:
    """`url` without its password, for messages."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def process_name(role: str) -> str:
    """A name for this process that no other has: role, host and a few random letters."""
    host = socket.gethostname().split(".")[0][:20]
    return f"{role}-{host}-{secrets.token_hex(3)}"
