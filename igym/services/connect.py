"""The one place where a process gets what it works with."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from igym.errors import Unavailable
from igym.settings import Settings
from igym.store import Redis, keys, layout
from igym.store.client import open_redis, shown, wait_for_redis
from igym.store.packages import Plans


@dataclass(frozen=True)
class Deployment:
    """Settings, Redis, and what is read through it. One per process."""

    settings: Settings
    redis: Redis
    plans: Plans
    secret: str = field(repr=False)
    #: Set once this process takes nothing new, drained or about to stop: it is not ready.
    leaving: threading.Event = field(default_factory=threading.Event, repr=False)

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


def connect(settings: Settings, patience_s: float = 30.0) -> Deployment:
    """Open Redis and agree on layout and secret with every other process.

    Raises:
        Unavailable: Redis does not answer within `patience_s`, or another igym's facts are in it.
    """
    redis = open_redis(settings.redis_url)
    wait_for_redis(redis, patience_s, shown(settings.redis_url))
    found_layout = layout.agree(redis)
    if found_layout != layout.LAYOUT:
        raise Unavailable(
            f"{shown(settings.redis_url)} holds facts in layout {found_layout}, and this igym "
            f"knows layout {layout.LAYOUT}.",
            hint="Run the igym that wrote them, or give this one a Redis database of its own.",
        )
    secret = settings.secret_key
    if not secret:
        redis.set(keys.secret(), secrets.token_urlsafe(48), nx=True)
        found = redis.get(keys.secret())
        assert isinstance(found, bytes)
        secret = found.decode()
    return Deployment(settings, redis, Plans(redis), secret)


def process_name(role: str) -> str:
    """A name for this process that no other has: role, host and a few random letters."""
    host = socket.gethostname().split(".")[0][:20]
    return f"{role}-{host}-{secrets.token_hex(3)}"
