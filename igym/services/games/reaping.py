"""Games that nobody runs (any more). Run by whoever holds the director's lease.

A game that no worker has claimed is offered again, and so is one whose worker is dead, in its
next generation; one that took every worker with it, or that waits in vain for a worker bound to its
package, is given up with what its log holds; one that is over but not settled is settled.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from igym.domain.outcome import GameOutcome
from igym.errors import NotFound
from igym.services.connect import Deployment, now_ms
from igym.services.games import finishing
from igym.store import games, jobs, lease, packages
from igym.store.games import Glance
from igym.store.lease import Life
from igym.store.post import Outbox

_log = logging.getLogger(__name__)

#: Every open game is looked at this often; in between only the workers are, which are few.
WHOLE_S = 1.0

#: A game that lost its worker and whose job was lost as well is offered once more after this.
AGAIN_MS = 2_000

#: A game that only bound workers may run is given up when none has taken it for so long: they do
#: not start (`igym.cli.binding`), or there are too few of them. Its people have gone by then.
UNTAKEN_MS = 120_000


class Reaper:
    """The reaping of one director. What it knows beside Redis only saves work."""

    def __init__(self, deployment: Deployment, outbox: Outbox) -> None:
        self._deployment = deployment
        self._redis = deployment.redis
        self._outbox = outbox
        self._owners: set[str] = set()  # of open games, when they were last looked at
        self._whole_s = float("-inf")

    def round(self, *, sure: bool) -> int:
        """Look once. Returns how many games were taken from dead workers.

        Args:
            sure: whether a lease that ran out means something. If not, as right after Redis was
                away, only workers that were seen to end count as dead.
        """
        now_s = time.monotonic()
        lives = lease.lives(self._redis, self._owners)
        if now_s - self._whole_s < WHOLE_S and Life.GONE not in lives.values():
            return 0
        self._whole_s = now_s
        return self.whole(sure=sure)

    def whole(self, *, sure: bool = True) -> int:
        """Look at every open game. Arguments and answer as `round`."""
        taken = 0
        queued = _Once(lambda: jobs.waiting(self._redis))
        owners: set[str] = set()
        for experiment in packages.known(self._redis):
            ids = games.open_games(self._redis, experiment)
            found = games.glance(self._redis, experiment, ids)
            owners |= {game.owner for game in found if game is not None and game.owner}
            lives = lease.lives(self._redis, owners)
            for game_id, game in zip(ids, found, strict=True):
                if game is None:
                    games.settled(self._redis, experiment, game_id)
                    continue
                try:
                    taken += self._look(experiment, game, lives, queued, sure=sure)
                except NotFound:
                    continue  # it ran out in this very moment
        self._owners = owners
        return taken

    def _look(
        self,
        experiment: str,
        game: Glance,
        lives: dict[str, Life],
        queued: _Once,
        *,
        sure: bool,
    ) -> int:
        deployment, at_ms = self._deployment, now_ms()
        patience_ms = 2 * deployment.settings.worker_lease_s * 1000
        if game.phase == "over":
            if at_ms - game.ended_ms > patience_ms:
                finishing.settle(deployment, self._outbox, self._read(experiment, game))
        elif not game.owner and game.fruitless >= finishing.MOST_FRUITLESS:
            _log.error("game %s was lost with every worker it had", game.id)
            whole = self._read(experiment, game)
            finishing.finish(deployment, self._outbox, whole, GameOutcome.LOST)
        elif not game.owner:
            since_ms = max(game.created_ms, game.offered_ms)
            wait_ms = AGAIN_MS if game.generation > 1 else patience_ms
            if at_ms - since_ms > UNTAKEN_MS and self._given_up(experiment, game):
                return 0
            if at_ms - since_ms > wait_ms and (game.id, game.generation) not in queued():
                fresh = self._read(experiment, game)
                if not fresh.owner:  # nobody has claimed it meanwhile
                    jobs.start_game(self._redis, fresh)
        elif lives[game.owner] is Life.GONE or (sure and lives[game.owner] is Life.SILENT):
            whole = self._read(experiment, game)
            return bool(finishing.take_over(deployment, whole, game.owner, "its worker is dead"))
        return 0

    def _given_up(self, experiment: str, game: Glance) -> bool:
        whole = self._read(experiment, game)
        if not whole.binding or whole.owner:
            return False
        finishing.report(
            self._deployment,
            whole,
            f"No worker for this package has taken the game within {UNTAKEN_MS // 1000} s.",
            f"scene {whole.scene}",
            "",
        )
        finishing.finish(self._deployment, self._outbox, whole, GameOutcome.LOST)
        return True

    def _read(self, experiment: str, game: Glance) -> games.Game:
        return games.read(self._redis, experiment, game.id)


class _Once:
    """The jobs that wait, read when they are first asked for."""

    def __init__(self, read: Callable[[], set[tuple[str, int]]]) -> None:
        self._read = read
        self._found: set[tuple[str, int]] | None = None

    def __call__(self) -> set[tuple[str, int]]:
        if self._found is None:
            self._found = self._read()
        return self._found
