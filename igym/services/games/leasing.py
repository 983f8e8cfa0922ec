"""The leases of game workers, as their supervisor keeps them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping

from igym.errors import IgymError
from igym.services.connect import Deployment
from igym.services.games.progress import in_package
from igym.store import RedisError, games, lease
from igym.store.client import open_redis

_log = logging.getLogger(__name__)


class WorkerLeases:
    """Renews and gives back. While Redis is away it does neither, and says so."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        # A beat that hangs would make the ones after it late, and cost the games of every worker.
        self._redis = open_redis(
            deployment.settings.redis_url, answer_s=deployment.settings.worker_beat_s
        )
        self._life_s = deployment.settings.worker_lease_s

    def beat(self, worker: str, about: Mapping[str, str]) -> None:
        """The worker is alive: its games stay its own for another lease."""
        try:
            lease.beat(self._redis, worker, self._life_s, about)
        except RedisError as error:
            _log.warning("lease of %s not renewed: %s", worker, error)

    def stuck(self, worker: str, experiment: str, game: str, stack: str) -> str:
        """The worker stands still, in that game at last, and there by that stack.

        Where that is a package's own code, its researcher is told the line, and the game is
        offered to no other worker. Returns the line; "" where it is none of a package's.
        """
        from igym.services.games import finishing  # which a supervisor does not need otherwise

        where = in_package(stack, self._deployment.data / "packages")
        if not where or not game:
            return where
        with contextlib.suppress(RedisError, IgymError):
            found = games.read(self._redis, experiment, game)
            if found.owner != worker:
                return where
            finishing.report(
                self._deployment,
                found,
                f"{where} did not come back, so this game was ended. The other games of its worker "
                "went on in another one.",
                f"scene {found.scene}",
                stack,
            )
            games.condemn(self._redis, experiment, game)
        return where

    def gone(self, worker: str) -> None:
        """The worker has stopped: nobody needs to wait for its lease to run out."""
        with contextlib.suppress(RedisError):
            lease.gone(self._redis, worker)
