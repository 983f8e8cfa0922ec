"""The leases of game workers, as their supervisor keeps them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping

from igym.services.connect import Deployment
from igym.store import RedisError, lease

_log = logging.getLogger(__name__)


class WorkerLeases:
    """Renews and gives back. While Redis is away it does neither, and says so."""

    def __init__(self, deployment: Deployment) -> None:
        self._redis = deployment.redis
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
