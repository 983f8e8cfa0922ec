"""Policies written in Python: a factory's product, or a rule. Knows no game and no clock's time.

Each decision has a generator of its own, made from the seat's seed and its number in the
episode. So a policy that remembers nothing goes on in another process without being asked
again, however much it draws; one that remembers is shown what it saw, or was pickled.
"""

from __future__ import annotations

import copy
import pickle
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from igym.domain.policy import Heuristic, Python, describe
from igym.engine.seats import INLINE_MS, Background, Thinker
from igym.errors import BadPolicy
from igym.sim.host import plain

#: act(observation, rng) -> action.
Act = Callable[[Any, np.random.Generator], Any]

#: So many decisions in a row have to be quick before the next one is made in the tick loop.
_TRIALS = 3


def made(spec: Python | Heuristic) -> Act:
    """The policy at the start of an episode.

    Raises:
        BadPolicy: the factory made nothing that can be called.
        Whatever the factory raises.
    """
    if isinstance(spec, Heuristic):
        function = spec.function
        return lambda observation, rng: function(observation)
    act: Act = spec.factory()
    if not callable(act):
        raise BadPolicy(
            f"{describe(spec)} made {act!r}, which cannot be called.",
            hint="Python(factory) wants factory() -> act, and act(observation, rng) -> action.",
        )
    return act


class PythonSeat(Thinker):
    """A policy in Python. Its first decisions are made beside the tick loop, to see what they take.

    One that is slow stays there. It is shown a copy of the observation then, since the
    environment goes on meanwhile.
    """

    def __init__(
        self,
        spec: Python | Heuristic,
        seed: int,
        idle: Any,
        background: Background,
        *,
        repeats: bool = True,
    ) -> None:
        """Raises as `made`."""
        super().__init__(spec.every, idle, background, repeats=repeats)
        self._spec = spec
        self._act = made(spec)
        self._seed = seed
        self._took_ms: deque[float] = deque(maxlen=_TRIALS)
        self.remembers = isinstance(spec, Python) and spec.memory

    @property
    def quick(self) -> bool:
        """As the last decisions were."""
        return len(self._took_ms) == _TRIALS and max(self._took_ms) <= INLINE_MS

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng([self._seed, self.decisions])

    def think(self, observe: Callable[[], Any]) -> Callable[[], Any]:
        """One call of the policy."""
        seen = observe() if self.quick else copy.deepcopy(observe())
        act, rng = self._act, self._rng()

        def thought() -> Any:
            began_s = time.perf_counter()
            action = act(seen, rng)
            self._took_ms.append((time.perf_counter() - began_s) * 1000)
            return action

        return thought

    def commit(self, result: Any) -> Any:
        """What it answered."""
        self.decisions += 1
        return result

    def rethink(self, observe: Callable[[], Any]) -> None:
        """Ask it again, for its memory's sake."""
        self._act(observe(), self._rng())
        self.decisions += 1

    def resume(self, ticks: int, action: Any, decisions: int) -> None:
        """Count the decisions; one that remembers has thought them through again."""
        if not self.remembers:
            self.decisions = decisions
        self._tick, self._action = ticks, action

    def save(self) -> Any:
        """Counters, and the policy itself where it remembers and can be pickled."""
        kept = None
        if self.remembers and self._pending is None:
            try:
                kept = pickle.dumps(self._act, protocol=5)
            except Exception:  # noqa: BLE001 - a closure, a network: it is replayed instead
                kept = None
        return self._tick, self._action, self.decisions, kept

    def load(self, saved: Any) -> None:
        """Stand where `save` was called.

        Raises:
            BadPolicy: its memory could not be saved.
        """
        self._tick, self._action, self.decisions, kept = saved
        if self.remembers:
            if kept is None:
                raise BadPolicy(f"The memory of {describe(self._spec)} was not saved.")
            self._act = pickle.loads(kept)


def check(spec: Python | Heuristic, observation: Any) -> Any:
    """Make the policy and let it decide once. Returns the action in plain values.

    Raises:
        BadPolicy: as `made`.
        Whatever the policy raises.
    """
    return plain(made(spec)(copy.deepcopy(observation), np.random.default_rng(0)))
