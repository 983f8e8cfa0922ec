"""Bound game workers: started when games wait that only they may run, gone when idle.

One look a round at what waits. A package whose workers end badly is given more and more time
before the next try, and its researcher and the admin are told; nobody else's games notice.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from igym.cli.supervisor import Child, Supervisor
from igym.domain.bound import Binding
from igym.errors import IgymError
from igym.services import problems
from igym.services.connect import Deployment, process_name
from igym.services.packages import depending
from igym.store import RedisError, jobs, processes
from igym.store.client import open_redis
from igym.store.processes import State

_log = logging.getLogger(__name__)

#: Games that wait for so long while there is a worker are more than it can take.
CROWDED_S = 1.0

#: No other supervisor starts workers for a binding so long after this one did.
STARTS_S = 3.0

#: After the n-th failure in a row the next worker of a binding starts 0.25 s * 2^n later, at most
#: after so long.
LONGEST_PAUSE_S = 60.0

#: A worker that lived for so long did not fail at once: its end counts as a first one.
SOUND_S = 60.0

#: The admin is told of the second failure in a row, and again after so long.
TELL_S = 60.0

#: Redis is left alone for so long when it did not answer: leases must not wait for this.
AWAY_S = 2.0


@dataclass
class _Bound:
    """One binding and its processes here."""

    binding: Binding
    children: list[Child] = field(default_factory=list)
    began_s: dict[str, float] = field(default_factory=dict)  # name of a child -> its start
    waits_since_s: float = 0.0  # games have waited, without a pause; 0 = none does
    failures: int = 0  # in a row
    again_s: float = 0.0  # not started before
    told_s: float = float("-inf")

    @property
    def starting(self) -> int:
        """Processes that do not take games yet."""
        return sum(1 for child in self.children if child.beats <= 0)

    @property
    def idle(self) -> int:
        """Processes that run none."""
        return sum(1 for child in self.children if child.beats > 0 and not child.games)


class BoundWorkers:
    """Those of one supervisor. Call `look` in each of its rounds."""

    def __init__(
        self,
        supervisor: Supervisor,
        deployment: Deployment,
        env: Mapping[str, str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`env` holds the settings for its processes."""
        self._supervisor = supervisor
        self._deployment = deployment
        self._env = env
        self._now = now
        self._name = process_name("supervisor")
        self._most = deployment.settings.bound
        self._redis = open_redis(
            deployment.settings.redis_url, answer_s=deployment.settings.worker_beat_s
        )
        self._bound: dict[str, _Bound] = {}
        self._quiet_until_s = 0.0

    def look(self) -> None:
        """Start what is needed for the games that wait."""
        now_s = self._now()
        if self._supervisor.stopping or now_s < self._quiet_until_s:
            return
        try:
            waiting = jobs.demand(self._redis)
            if waiting and self._drained():
                return  # another machine's supervisor starts them
            for name, count in waiting.items():
                self._serve(name, count, now_s)
        except RedisError as error:
            _log.warning("bound workers wait for Redis: %s", error)
            self._quiet_until_s = now_s + AWAY_S
            return
        for name, bound in list(self._bound.items()):
            if name not in waiting:
                bound.waits_since_s = 0.0
                if not bound.children and now_s > bound.again_s + LONGEST_PAUSE_S:
                    del self._bound[name]

    def _drained(self) -> bool:
        """Whether the game workers of this machine were asked to leave."""
        ours = {one.name for one in self._supervisor.children if one.name.startswith("games-")}
        there = [one for one in processes.known(self._redis) if one.name in ours]
        shared = [one.state for one in there if not one.binding]
        return bool(shared) and not {State.STARTING, State.READY} & {*shared}

    def _serve(self, name: str, waiting: int, now_s: float) -> None:
        bound = self._bound.setdefault(name, _Bound(Binding.parse(name)))
        bound.waits_since_s = bound.waits_since_s or now_s
        if now_s < bound.again_s:
            return
        if bound.binding.alone:
            lacking = waiting - bound.starting - bound.idle
        elif bound.children:
            crowded = now_s - bound.waits_since_s > CROWDED_S
            lacking = int(crowded and not bound.starting)
        else:
            lacking = 1
        for _ in range(lacking):
            if not self._room(name) or not jobs.may_start(self._redis, name, self._name, STARTS_S):
                return
            self._start(name, bound, now_s)

    def _room(self, name: str) -> bool:
        """Whether one more may be started. If not, an idle one of another package is ended."""
        children = [child for bound in self._bound.values() for child in bound.children]
        if len(children) < self._most:
            return True
        for other, bound in self._bound.items():
            if other != name and not bound.waits_since_s:
                for child in bound.children:
                    if child.beats > 0 and not child.games and child.process is not None:
                        child.process.terminate()
                        return False
        return False

    def _start(self, name: str, bound: _Bound, now_s: float) -> None:
        env = dict(self._env)
        own = depending.libraries(self._deployment.data, bound.binding.package)
        if own is not None:
            before = os.environ.get("PYTHONPATH", "")
            env["PYTHONPATH"] = f"{own}{os.pathsep}{before}" if before else str(own)
        child = self._supervisor.add_igym(
            "games", env, "--binding", name, ended=partial(self._ended, name)
        )
        _log.info("%s is bound to %s", child.name, name)
        bound.children.append(child)
        bound.began_s[child.name] = now_s
        bound.waits_since_s = now_s

    def _ended(self, name: str, child: Child) -> None:
        bound, now_s = self._bound[name], self._now()
        bound.children.remove(child)
        lived_s = now_s - bound.began_s.pop(child.name)
        assert child.process is not None
        code = child.process.returncode
        if code in (0, -15) or self._supervisor.stopping:
            bound.failures = 0
            return
        bound.failures = 1 if lived_s > SOUND_S else bound.failures + 1
        pause_s = min(LONGEST_PAUSE_S, 0.25 * 2.0**bound.failures)
        bound.again_s = now_s + pause_s
        _log.error("%s of %s ended with %s, next in %.1f s", child.name, name, code, pause_s)
        if bound.failures > 1 and now_s - bound.told_s > TELL_S:
            bound.told_s = now_s
            self._tell(bound, code)

    def _tell(self, bound: _Bound, code: int) -> None:
        experiment, package = bound.binding.experiment, bound.binding.package
        message = (
            f"Game workers of this package ended {bound.failures} times in a row, the last one "
            f"with {code}. Its games wait longer and longer for the next; others are not concerned."
        )
        try:
            release = self._deployment.plans.get(experiment, package).version
            problems.report(
                self._deployment, experiment, release, "worker_failed", message,
                where=f"package {package[:12]}",
            )  # fmt: skip
        except (IgymError, RedisError) as error:
            _log.warning("%s (not told to the admin: %s)", message, error)
