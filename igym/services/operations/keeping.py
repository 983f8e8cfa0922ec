"""The latest warnings and errors of every process, kept in Redis for admins who look.

A line costs its process no Redis: it waits in memory until a thread takes it along with others.
Lines below a warning are kept only where they are about an id that somebody follows.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque

from igym import log
from igym.store import Redis, RedisError, tails

#: How often lines are taken to Redis, and how often it is asked whom somebody follows.
TAKE_S, ASK_S = 1.0, 3.0

#: Lines that wait at most, those that come then are counted; and the longest that is kept.
MOST, LONGEST = 200, 4_000

#: What somebody may follow.
FOLLOWABLE = ("session", "participant", "game", "episode", "request")


class Keeper(logging.Handler):
    """Holds the lines of this process until they are taken."""

    def __init__(self, role: str, name: str) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(log.Json(role, name))
        self.followed: frozenset[str] = frozenset()
        self._waiting: deque[str] = deque()
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Never waits, and never raises: who reports a fault does not make another."""
        if record.levelno < logging.WARNING and not self._is_followed(record):
            return
        try:
            if len(self._waiting) >= MOST:
                self._lost += 1
                return
            self._waiting.append(_cut(self.format(record)))
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)

    def _is_followed(self, record: logging.LogRecord) -> bool:
        if not self.followed:
            return False
        about = log.subjects(record)
        return any(str(about.get(name, "")) in self.followed for name in FOLLOWABLE)

    def take(self, redis: Redis) -> None:
        """Bring what waits to Redis. Raises `RedisError`; what was not taken waits on."""
        lines = list(self._waiting)
        if not lines:
            return
        lost = self._lost
        tails.warned(
            redis, [{"line": one, "dropped": lost if n == 0 else 0} for n, one in enumerate(lines)]
        )
        self._lost -= lost
        for _ in lines:
            self._waiting.popleft()


def _cut(line: str) -> str:
    """The line, with the end of its traceback where the whole is too long."""
    if len(line) <= LONGEST:
        return line
    said = json.loads(line)
    said["message"] = said["message"][: LONGEST // 4]
    said["trace"] = said.get("trace", "")[-LONGEST // 2 :]
    return json.dumps(said, ensure_ascii=False)


def keep(redis: Redis, role: str, name: str) -> Keeper:
    """From now on keep the lines of this process, in a thread (or greenlet) of its own."""
    keeper = Keeper(role, name)
    logging.getLogger().addHandler(keeper)
    threading.Thread(target=_take, args=(redis, keeper), name="lines", daemon=True).start()
    return keeper


def _take(redis: Redis, keeper: Keeper) -> None:
    asked_s = float("-inf")
    while True:
        try:
            keeper.take(redis)
            if time.monotonic() - asked_s >= ASK_S:
                asked_s = time.monotonic()
                keeper.followed = tails.followed(redis)
        except RedisError:
            pass  # said by everybody else who needs it; what waits is bounded
        time.sleep(TAKE_S)
