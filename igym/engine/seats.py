"""Who decides each seat this tick: a person, a policy, or nobody.

Knows no network: a person is whatever was last heard of what they hold down. What decides can
be rebuilt in another process from what the episode log holds (`igym.engine.replay`), or from
what `save` gave.
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


class Decider:
    """One seat, for one episode."""

    #: Whether a decision depends on observations before it, so that these must be shown again.
    remembers = False

    def __init__(self) -> None:
        self.decisions = 0  # made by a policy in this episode; stays 0 for a person
        self.thoughts: list[int] = []  # ticks observed for them, where it remembers; taken away

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """The action for this tick and who decided it (HUMAN, BOT or DEFAULT).

        Takes at most about `budget_s`, whatever the policy does. The action is None where
        the environment shall not hear of this seat.
        """
        raise NotImplementedError

    def rethink(self, observe: Callable[[], Any]) -> None:
        """Decide once more as it did at this observation; the answer is known."""
        raise NotImplementedError

    def resume(self, ticks: int, action: Any, decisions: int) -> None:
        """Stand where it stood after so many ticks, the last with `action`."""

    def save(self) -> Any:
        """Everything it would be rebuilt from, for pickle."""
        return None

    def load(self, saved: Any) -> None:
        """Stand where `save` was called."""


class Hands:
    """A person's hands: what they hold down, as last heard. Lives as long as the game."""

    def __init__(self, keymap: KeyMap) -> None:
        self.keymap = keymap
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

    def take(self) -> Any:
        """The action of the keys held or tapped since the last tick; idle while away."""
        mask = self._held | self._tapped
        self._tapped = 0
        return self.keymap.action(mask)


class Chair(Decider):
    """A person's seat in one episode: their hands, or whatever sits in for them."""

    def __init__(self, hands: Hands) -> None:
        super().__init__()
        self._hands = hands
        self._stand_in: Decider | None = None
        self._empty = False

    def give(self, stand_in: Decider | None, *, empty: bool = False) -> None:
        """From now on `stand_in` decides; without one the idle action, or none if `empty`."""
        self._stand_in = stand_in or Idle(self._hands.keymap.idle)
        self._empty = empty

    def give_back(self) -> None:
        """The person has their seat again."""
        self._stand_in, self._empty = None, False

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """What the hands hold, or what the stand-in decides."""
        if self._stand_in is None:
            return self._hands.take(), HUMAN if self._hands.present else DEFAULT
        if self._empty:
            return None, DEFAULT
        return self._stand_in.decide(observe, budget_s)


class Idle(Decider):
    """Nobody: the idle action at every tick."""

    def __init__(self, action: Any) -> None:
        super().__init__()
        self._action = action

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """The idle action."""
        return self._action, DEFAULT


class Space(Protocol):
    """What is needed of an action space."""

    def seed(self, seed: int) -> object:
        """Start its generator anew."""
        ...

    def sample(self) -> Any:
        """A uniform draw."""
        ...


class RandomSeat(Decider):
    """Uniform over the action space."""

    def __init__(self, spec: Random, space: Space, seed: int) -> None:
        super().__init__()
        self._space = copy.deepcopy(space)
        self._space.seed(seed)
        self._every = spec.every
        self._tick = 0
        self._action: Any = None

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """A fresh draw at every n-th tick, else the last one again."""
        if self._tick % self._every == 0:
            self._draw()
        self._tick += 1
        return self._action, BOT

    def _draw(self) -> None:
        self._action = plain(self._space.sample())
        self.decisions += 1

    def resume(self, ticks: int, action: Any, decisions: int) -> None:
        """Draw as often as it had drawn."""
        while self.decisions < decisions:
            self._draw()
        self._tick, self._action = ticks, action

    def save(self) -> Any:
        """Its counters: the draws are made again."""
        return self._tick, self._action, self.decisions

    def load(self, saved: Any) -> None:
        """Draw as often as it had drawn."""
        self.resume(*saved)


class OnnxSeat(Decider):
    """An ONNX policy. A slow one never delays a tick: its last action stands in for it."""

    def __init__(self, player: Player, every: int, idle: Any, background: Background) -> None:
        super().__init__()
        self._player = player
        self._every = every
        self._action = idle
        self._background = background
        self._pending: Pending | None = None
        self._tick = 0
        self._saw = 0  # tick whose observation is being thought about
        self.remembers = player.remembers

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """The policy's action; DEFAULT marks a tick it did not answer in time."""
        tick = self._tick
        self._tick += 1
        if self._pending is None:
            if tick % self._every:
                return self._action, BOT
            player, model = self._player, self._player.model
            feeds = player.prepare(observe())
            self._saw = tick
            if model.cost_ms <= INLINE_MS:
                self._commit(model.infer(feeds))
                return self._action, BOT
            self._pending = self._background(lambda: model.infer(feeds))
        if not self._pending.wait(budget_s):
            return self._action, DEFAULT
        outputs, self._pending = self._pending.get(), None
        self._commit(outputs)
        return self._action, BOT

    def _commit(self, outputs: Any) -> None:
        self._action = plain(self._player.commit(outputs))
        self.decisions = self._player.decisions
        if self.remembers:
            self.thoughts.append(self._saw)

    def rethink(self, observe: Callable[[], Any]) -> None:
        """Feed the observation for the memory's sake."""
        self._player.decide(observe())
        self.decisions = self._player.decisions

    def resume(self, ticks: int, action: Any, decisions: int) -> None:
        """Skip the draws of earlier decisions, unless they were thought through again."""
        if not self.remembers:
            self._player.skip(decisions - self._player.decisions)
            self.decisions = decisions
        self._tick, self._action = ticks, action

    def save(self) -> Any:
        """Counters, memory and the state of the generator."""
        player = self._player
        state = player.rng.bit_generator.state
        return self._tick, self._action, player.decisions, player.memory, state

    def load(self, saved: Any) -> None:
        """Stand where `save` was called."""
        self._tick, self._action, decisions, memory, state = saved
        self._player.decisions = self.decisions = decisions
        self._player.memory = memory
        self._player.rng.bit_generator.state = state
