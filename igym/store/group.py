"""Group commit: what many games of one worker want to log leaves in one round trip.

A game plays on while it is written, so waiting a moment for company costs it nothing, and a
worker with 50 games makes a fifth of the round trips.
"""

from __future__ import annotations

import threading
import time

from redis import Redis
from redis.exceptions import RedisError

from igym.errors import LeaseLost
from igym.store import games
from igym.store.games import Flush

#: How long a flush waits for company. Under half a tick at 30 fps.
WINDOW_S = 0.012


class Pending:
    """One game's flush on its way."""

    def __init__(self, flush: Flush) -> None:
        self.flush = flush
        self._answered = threading.Event()
        self._result: bool | RedisError = False

    @property
    def over(self) -> bool:
        """Whether `wait` would return, or raise, at once."""
        return self._answered.is_set()

    def wait(self) -> None:
        """Return once it is written.

        Raises:
            LeaseLost: another generation owns the game. Nothing was written.
            RedisError: Redis is away. Whether it was written is not known; say it again.
        """
        self._answered.wait()
        if isinstance(self._result, RedisError):
            raise self._result
        if not self._result:
            game = self.flush.game
            raise LeaseLost(f"Game {game.id} is no longer run by generation {game.generation}.")

    def answer(self, result: bool | RedisError) -> None:
        """What Redis said: whether it was written, or an error."""
        self._result = result
        self._answered.set()


class GroupLog:
    """The episode logs of one process."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lock = threading.Lock()
        self._waiting: list[Pending] = []
        self._some = threading.Event()
        threading.Thread(target=self._run, name="group-log", daemon=True).start()

    def begin(self, flush: Flush) -> Pending:
        """Write it soon, in company and in the order in which flushes are begun."""
        pending = Pending(flush)
        with self._lock:
            self._waiting.append(pending)
        self._some.set()
        return pending

    def _run(self) -> None:
        while True:
            self._some.wait()
            time.sleep(WINDOW_S)
            self._some.clear()
            with self._lock:
                pending, self._waiting = self._waiting, []
            try:
                results = games.append(self._redis, [one.flush for one in pending])
            except RedisError as error:
                results = [error] * len(pending)
            for one, result in zip(pending, results, strict=True):
                one.answer(result)
