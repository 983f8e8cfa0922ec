"""Every process of a deployment is started anew, one after the other, while people play.

It works through Redis alone, so it is the same for `igym up`, containers and many machines:
a process is asked to leave and ends, whoever started it starts the next one, and that one says
when it is ready. Knows no terminal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from igym.store import Redis, RedisError, jobs, processes
from igym.store.processes import Leave, Process, State

#: The order of tiers: those that people notice first, while everything else is as it was.
TIERS = ("games", "web", "inference", "director")

#: After a process is back everybody gets so long to have what they had, before the next one goes.
SETTLE_S = 1.0

#: A process that has not left and come back by then does not: the others are left alone.
PATIENCE_S = 60.0


@dataclass
class Step:
    """One process, and what became of it. Times are ms since the epoch; 0 = not yet."""

    role: str
    name: str
    bound: bool = False  # it is not started again unless its games wait
    asked_ms: float = 0.0
    back_ms: float = 0.0


class Rolling:
    """One rolling restart. Call `look` a few times a second until `done`."""

    def __init__(
        self,
        redis: Redis,
        tiers: Sequence[str] = TIERS,
        told: Callable[[Step], None] = lambda step: None,
    ) -> None:
        """`told` is called when a process is asked to leave, and when its successor is ready."""
        self._redis = redis
        self._tiers = [tier for tier in TIERS if tier in tiers]
        self._told = told
        self._names: list[str] = []  # of the tier: those that are left to do
        self._step: Step | None = None
        self._before = 0  # how many of its role were ready
        self._began_s = self._settles_s = 0.0
        self.steps: list[Step] = []
        self.failed = ""  # what went wrong, as a sentence

    @property
    def done(self) -> bool:
        """Whether there is nothing more to do, since all are through or one did not come back."""
        return bool(self.failed) or not (self._tiers or self._names or self._step)

    def look(self) -> None:
        """Go on as far as is possible now."""
        try:
            if self._step is not None:
                self._await(self._step)
            elif not self.done:
                self._next()
        except RedisError:
            self._fail_late("Redis does not answer")

    def _next(self) -> None:
        there = processes.known(self._redis)
        if not self._names:
            role = self._tiers.pop(0)
            self._names = [one.name for one in ready(there, role)]
            return
        name = self._names.pop(0)
        found = next((one for one in there if one.name == name and one.state is State.READY), None)
        if found is None:
            return  # it has gone by itself meanwhile
        self._step = Step(found.role, name, bool(found.binding), time.time() * 1000)
        self._before = len(ready(there, found.role))
        self._began_s, self._settles_s = time.monotonic(), 0.0
        processes.ask(self._redis, [name], Leave.RESTART)
        self._told(self._step)

    def _await(self, step: Step) -> None:
        there = processes.known(self._redis)
        left = all(one.name != step.name for one in there)
        back = step.bound or len(ready(there, step.role)) >= self._before
        if not (left and back and not jobs.orphaned(self._redis)):
            self._settles_s = 0.0
            self._fail_late("it has not come back" if left else "it has not left")
            return
        now_s = time.monotonic()
        self._settles_s = self._settles_s or now_s + SETTLE_S
        if now_s >= self._settles_s:
            step.back_ms = time.time() * 1000
            self.steps.append(step)
            self._step = None
            self._told(step)

    def _fail_late(self, why: str) -> None:
        if self._step is not None and time.monotonic() - self._began_s > PATIENCE_S:
            self.failed = f"{self._step.name} was asked to leave {PATIENCE_S:.0f} s ago: {why}."
            self.steps.append(self._step)
            self._step = None
            self._names, self._tiers = [], []


def ready(there: Sequence[Process], role: str) -> list[Process]:
    """Those of that role that take what comes."""
    return [one for one in there if one.role == role and one.state is State.READY]
