"""Waiting until what was written is on Redis's disk, in company.

A Redis that is killed loses nothing it has answered. One whose machine loses power loses what
its last fsync did not reach: up to a second with `appendfsync everysec`. `Disk.wait` returns
when such a loss is behind, as far as the server lets one know:

- `always`: it was on disk before it was answered;
- `waitaof`: WAITAOF says when;
- `fsync`: WAITAOF of this server answers too early (a fault of Redis 7.4 that Valkey 9.1 has as
  well; measured at the start, not looked up) or does not exist (before 7.2), so a second and a
  bit passes, and then the server must say that everything is written and no fsync is under
  way. That is enough while an fsync takes less than 0.2 s;
- `process`: the server keeps no append-only file we can ask about, or is managed by somebody
  who does not let us: only the death of the process costs nothing, and perhaps not even that.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Literal

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from igym.store import keys

_log = logging.getLogger(__name__)

Promise = Literal["always", "waitaof", "fsync", "process"]

#: `everysec` syncs what is older than a second at the next turn of its clock (0.1 s).
SYNC_S = 1.2

#: A WAITAOF that returns after a second write within so many ms did not wait for an fsync: of a
#: server that does wait, one in 17 returns so soon.
_PROBE_MS = 60

PROBES = 5


def promise(redis: Redis) -> Promise:
    """What this server lets one know about its disk. Takes up to 0.3 s."""
    policy = _policy(redis)
    try:
        about: Any = redis.info("persistence")
        if not about.get("aof_enabled"):
            return "process"
        if policy == "always":
            return "always"
        # A disk that is busy makes some of them wait on a server whose word is not to be believed,
        # and to believe it wrongly is the worse mistake.
        early = sum(_waitaof(redis, _PROBE_MS) for _ in range(PROBES))
        return "waitaof" if early <= 1 else "fsync"
    except ResponseError:  # before 7.2 there is no WAITAOF
        return "fsync" if policy == "everysec" else "process"


def _policy(redis: Redis) -> str:
    """`appendfsync` of that server, as somebody who may ask it has said; "" where nobody may."""
    raw: Any = redis.get(keys.appendfsync())
    if raw:
        return str(raw.decode())
    try:
        found: Any = redis.config_get("appendfsync")
    except ResponseError:
        return ""
    return str(found.get("appendfsync", ""))


def tell(redis: Redis) -> None:
    """Write down how the server writes, for tiers whose Redis user may not ask it."""
    try:
        found: Any = redis.config_get("appendfsync")
    except ResponseError:
        return  # managed by somebody who lets nobody ask
    if policy := found.get("appendfsync"):
        redis.set(keys.appendfsync(), policy)


def _waitaof(redis: Redis, patience_ms: int) -> bool:
    """Whether everything written so far is on disk, by the server's word.

    WAITAOF speaks of what its own connection wrote, so something is written on it first:
    whatever any connection wrote earlier is earlier in the file.
    """
    with redis.pipeline(transaction=False) as pipe:
        pipe.set(keys.written(), time.time(), ex=keys.written.ttl_s)
        pipe.waitaof(1, 0, patience_ms)
        return bool(pipe.execute()[1][0] >= 1)


class _Waiter:
    def __init__(self) -> None:
        self.since_s = time.monotonic()
        self.done = threading.Event()
        self.kept = False


class Disk:
    """Answers of this process that wait for Redis's disk. Runs one thread (or greenlet)."""

    def __init__(self, redis: Redis, patience_s: float) -> None:
        """No answer waits for longer than `patience_s`; 0 = none waits."""
        self._redis = redis
        self._patience_s = patience_s
        self.found: Promise | None = None  # once somebody has waited
        self._waiting: list[_Waiter] = []
        self._some = threading.Event()
        self.unsure = 0  # answers that were given without the disk's word
        self._told = False
        threading.Thread(target=self._run, name="disk", daemon=True).start()

    def wait(self) -> bool:
        """Wait for what was written before this call, as long as patience lasts.

        Returns:
            Whether it is on disk. False: nobody knows; that is counted, and logged once.
        """
        if not self._patience_s:
            return False
        waiter = _Waiter()
        self._waiting.append(waiter)
        self._some.set()
        waiter.done.wait(self._patience_s)
        if not waiter.kept:
            self.unsure += 1
            if not self._told:
                self._told = True
                _log.warning(
                    "Redis does not say when an answer is on its disk (%s): a killed process loses "
                    "none, a machine that loses power may lose the last second",
                    self.found or "no connection",
                )
        return waiter.kept

    def _run(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            waiting, self._waiting = self._waiting, []
            try:
                if self.found is None:
                    self.found = promise(self._redis)
                    _log.info("answers are acknowledged by the promise: %s", self.found)
                later = self._settle(self.found, waiting)
            except RedisError as error:
                _log.warning("nobody knows what is on Redis's disk: %s", error)
                later = []
                for waiter in waiting:
                    waiter.done.set()
                time.sleep(0.1)
            if later:
                self._waiting = later + self._waiting
                self._some.set()

    def _settle(self, promise: Promise, waiting: list[_Waiter]) -> list[_Waiter]:
        """Release who is safe; returns who has to wait longer."""
        ready, later, kept = waiting, [], False
        match promise:
            case "always":
                kept = True
            case "waitaof":
                kept = _waitaof(self._redis, int(self._patience_s * 1000))
            case "fsync":
                first_s = min(waiter.since_s for waiter in waiting) + SYNC_S
                time.sleep(max(0.02, first_s - time.monotonic()))
                about: Any = self._redis.info("persistence")
                kept = (
                    about["aof_last_write_status"] == "ok"
                    and not about["aof_pending_bio_fsync"]
                    and not about["aof_buffer_length"]
                )
                now_s = time.monotonic()
                ready = [w for w in waiting if kept and now_s - w.since_s >= SYNC_S]
                later = [
                    w for w in waiting if w not in ready and now_s - w.since_s < self._patience_s
                ]
            case "process":
                pass
        for waiter in ready:
            waiter.kept = kept
            waiter.done.set()
        return later
