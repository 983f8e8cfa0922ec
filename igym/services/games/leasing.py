"""The leases of game workers, as their supervisor keeps them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping

from igym.services.connect import Deployment
from igym.store import RedisError, lease
from igym.store.client import open_redis

_log = logging.getLogger(__name__)


class WorkerLeases:
    """Renews and gives back. While Redis is away it does neither, and says so."""

    def __init__(self, deployment: Deployment) -> None:
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

    def gone(self, worker: str) -> None:
        """The worker has stopped: nobody needs to wait for its lease to run out."""
        with contextlib.suppress(RedisError):
            lease.gone(self._redis, worker)
