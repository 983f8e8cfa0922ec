"""Who decides each seat this tick: a person, a policy, or nobody.

Knows no network: a person is whatever was last heard of what they hold down.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Protocol

from igym.domain.experiment import Random
from igym.domain.keymap import KeyMap
from igym.engine.onnx import Player
from igym.sim.host import plain
from igym.wire.record import BOT, DEFAULT, HUMAN

#: A model slower than this runs beside the tick loop, not in it. Below it, handing the
#: work to a thread costs more than the work.
INLINE_MS = 1.0


class Pending(Protocol):
    """Work that runs beside the tick loop."""

    def wait(self, timeout_s: float) -> bool:
        """Let others run until it is done or the time is up. True: done."""
        ...

    def get(self) -> Any:
        """The result of work that is done; raises what it raised."""
        ...


#: Starts work in a thread of its own.
Background = Callable[[Callable[[], Any]], Pending]


class Decider(Protocol):
    """One seat, for one episode."""

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """The action for this tick and who decided it (HUMAN, BOT or DEFAULT).

        Takes at most about `budget_s`, whatever the policy does.
        """
        ...


class Hands:
    """A person's hands: what they hold down, as last heard. Lives as long as the game."""

    def __init__(self, keymap: KeyMap) -> None:
        self._keymap = keymap
        self._held = 0
        self._tapped = 0  # went down since the last tick; a short tap counts for one tick
        self.present = False

    def hold(self, held: int, pressed: int) -> None:
        """`held` is down now; the keys of `pressed` went down since the last report."""
        self._held = held
        self._tapped |= pressed

    def let_go(self) -> None:
        """The person is away: nothing is held."""
        self._held = self._tapped = 0
        self.present = False

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """The action of the keys held or tapped since the last tick; idle while away."""
        mask = self._held | self._tapped
        self._tapped = 0
        return self._keymap.action(mask), HUMAN if self.present else DEFAULT


class Space(Protocol):
    """What is needed of an action space."""

    def seed(self, seed: int) -> object:
        """Start its generator anew."""
        ...

    def sample(self) -> Any:
        """A uniform draw."""
        ...


class RandomSeat:
    """Uniform over the action space."""

    def __init__(self, spec: Random, space: Space, seed: int) -> None:
        self._space = copy.deepcopy(space)
        self._space.seed(seed)
        self._every = spec.every
        self._tick = 0
        self._action: Any = None

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """A fresh draw at every n-th tick, else the last one again."""
        if self._tick % self._every == 0:
            self._action = plain(self._space.sample())
        self._tick += 1
        return self._action, BOT


class OnnxSeat:
    """An ONNX policy. A slow one never delays a tick: its last action stands in for it."""

    def __init__(self, player: Player, every: int, idle: Any, background: Background) -> None:
        self._player = player
        self._every = every
        self._action = idle
        self._background = background
        self._pending: Pending | None = None
        self._tick = 0

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """The policy's action; DEFAULT marks a tick it did not answer in time."""
        fresh = self._tick % self._every == 0
        self._tick += 1
        if self._pending is None:
            if not fresh:
                return self._action, BOT
            player, model = self._player, self._player.model
            feeds = player.prepare(observe())
            if model.cost_ms <= INLINE_MS:
                self._action = plain(player.commit(model.infer(feeds)))
                return self._action, BOT
            self._pending = self._background(lambda: model.infer(feeds))
        if not self._pending.wait(budget_s):
            return self._action, DEFAULT
        outputs, self._pending = self._pending.get(), None
        self._action = plain(self._player.commit(outputs))
        return self._action, BOT
