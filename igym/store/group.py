"""Group commit: what many games of one worker want to log leaves in one round trip.

A game has most of a tick's time to spare when it flushes, so waiting a moment for company
costs it nothing, and a worker with 50 games makes a fifth of the round trips.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from igym.errors import LeaseLost
from igym.store import games
from igym.store.games import Game
from igym.store.records import Row

#: How long a flush waits for company. Under half a tick at 30 fps.
WINDOW_S = 0.012


class Flush:
    """One game's flush on its way."""

    def __init__(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.args = args
        self.options = options
        self.answered = threading.Event()
        self.result: Any = None

    @property
    def over(self) -> bool:
        """Whether `wait` would return, or raise, at once."""
        return self.answered.is_set()

    def wait(self) -> None:
        """Return once it is written.

        Raises:
            LeaseLost: another generation owns the game. Nothing was written.
            RedisError: Redis is away. Whether it was written is not known; say it again.
        """
        self.answered.wait()
        if isinstance(self.result, Exception):
            raise self.result
        if not self.result:
            game: Game = self.args[0]
            raise LeaseLost(f"Game {game.id} is no longer run by generation {game.generation}.")


class GroupLog:
    """The episode logs of one process."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lock = threading.Lock()
        self._waiting: list[Flush] = []
        self._some = threading.Event()
        threading.Thread(target=self._run, name="group-log", daemon=True).start()

    def begin(
        self,
        game: Game,
        episode: str,
        chunk: bytes,
        rows: Sequence[Row] = (),
        *,
        logged: int,
        close: bool = False,
        fields: Mapping[str, Any] | None = None,
        now_ms: float,
    ) -> Flush:
        """As `games.append`, in company. What one process begins is written in that order."""
        options = {"logged": logged, "close": close, "fields": fields, "now_ms": now_ms}
        flush = Flush((game, episode, chunk, rows), options)
        with self._lock:
            self._waiting.append(flush)
        self._some.set()
        return flush

    def _run(self) -> None:
        while True:
            self._some.wait()
            time.sleep(WINDOW_S)
            self._some.clear()
            with self._lock:
                flushes, self._waiting = self._waiting, []
            try:
                results = games.append_all(self._redis, [(f.args, f.options) for f in flushes])
            except RedisError as error:
                results = [error] * len(flushes)
            for flush, result in zip(flushes, results, strict=True):
                flush.result = result
                flush.answered.set()
