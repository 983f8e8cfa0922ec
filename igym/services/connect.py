"""The one place where a process gets what it works with."""

from __future__ import annotations

import hashlib
import logging
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from igym.errors import Unavailable
from igym.services.operations.metering import Meter
from igym.settings import Settings
from igym.store import Redis, keys, layout
from igym.store.client import forgets, open_redis, shown, wait_for_redis
from igym.store.packages import Plans

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deployment:
    """Settings, Redis, and what is read through it. One per process."""

    settings: Settings
    redis: Redis
    plans: Plans
    #: Keys that sign, as settings give them: the first signs. "" = one is kept in Redis.
    given: str = field(default="", repr=False)
    #: Set once this process takes nothing new, drained or about to stop: it is not ready.
    leaving: threading.Event = field(default_factory=threading.Event, repr=False)
    #: What this process counts.
    meter: Meter = field(default_factory=Meter, repr=False)

    @cached_property
    def signing_keys(self) -> tuple[str, ...]:
        """The key that signs, and then those whose signatures still count.

        Read when somebody first signs: a tier that never does may not even be let near it.
        """
        given = tuple(one for one in self.given.split(",") if one)
        return given or (_kept(self.redis, keys.secret(), secrets.token_urlsafe(48)),)

    @property
    def secret(self) -> str:
        """The key that signs."""
        return self.signing_keys[0]

    @cached_property
    def pepper(self) -> bytes:
        """What recruiters' ids are hashed with. It outlives every key that signs, since a person
        who comes back after a rotation must be the same participant."""
        oldest = self.signing_keys[-1].encode()
        made = hashlib.blake2b(oldest, digest_size=32, person=b"igym pepper").hexdigest()
        return _kept(self.redis, keys.pepper(), made).encode()

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
    """Open Redis and agree on its layout with every other process.

    Raises:
        Unavailable: Redis does not answer within `patience_s`, or another igym's facts are in it,
            or it throws facts away and this is production.
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
    _look_at(redis, settings)
    return Deployment(settings, redis, Plans(redis), ",".join(settings.secret_key))


def _look_at(redis: Redis, settings: Settings) -> None:
    """Tell of a Redis that loses what it has; raise `Unavailable` where a study would run on it."""
    evicts, restarts = forgets(redis)
    if restarts:
        _log.warning(
            "Redis keeps no append-only file (%s): what is in it is gone when it restarts", restarts
        )
    if not evicts:
        return
    what = f"Redis throws sessions away when its memory is short (maxmemory-policy {evicts})."
    if settings.environment == "production":
        raise Unavailable(what, hint="Set maxmemory-policy noeviction in its configuration.")
    _log.warning("%s Set noeviction", what)


def _kept(redis: Redis, name: str, otherwise: str) -> str:
    """What Redis has under that name; `otherwise`, which is then there for all, if nothing."""
    found = redis.get(name)
    if found is None:
        redis.set(name, otherwise, nx=True)
        found = redis.get(name)
    assert isinstance(found, bytes)
    return found.decode()


def process_name(role: str) -> str:
    """A name for this process that no other has: role, host and a few random letters."""
    host = socket.gethostname().split(".")[0][:20]
    return f"{role}-{host}-{secrets.token_hex(3)}"
