"""Who decides each seat this tick: a person, a policy, or nobody.

Knows no network: a person is whatever was last heard of what they hold down. What decides can
be rebuilt in another process from what the episode log holds (`igym.engine.replay`), or from
what `save` gave.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final, Protocol

from igym.domain.policy import Random
from igym.engine.hands import Hands
from igym.engine.player import Player
from igym.engine.weights import Arrays
from igym.sim.host import plain
from igym.wire.record import BOT, DEFAULT, HUMAN, RESTS

#: Which actions are allowed now: 1 or 0 for each. None where nothing says so.
Mask = Callable[[], Any] | None

#: A model slower than this runs beside the tick loop, not in it. Below it, handing the
#: work to a thread costs more than the work.
INLINE_MS = 1.0


class Pending(Protocol):
    """Work that runs beside the tick loop."""

    def wait(self, timeout_s: float) -> bool:
        """Let others run until it is done or the time is up. True: done."""
        ...

    def get(self) -> Any:
        """The result of work that is done, or `LOST`; raises what it raised."""
        ...


#: The result of work that somebody else was asked for, and who has not answered.
LOST: Final = object()

#: Starts work in a thread of its own.
Background = Callable[[Callable[[], Any]], Pending]

#: Has a model run on these feeds by another process; None while there is none.
Elsewhere = Callable[[Arrays], Pending | None]


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

    def rest(self) -> tuple[Any, str]:
        """A tick in which it is not asked: it is not its turn, or its agent is out."""
        return None, RESTS

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


class Chair(Decider):
    """A person's seat in one episode: their hands, or whatever sits in for them."""

    def __init__(self, hands: Hands, mask: Mask = None) -> None:
        super().__init__()
        hands.begin()
        self._hands = hands
        self._mask = mask
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
            action = self._hands.take()
            if self._mask is not None and not allowed(action, self._mask()):
                action = self._hands.keymap.idle
            return action, HUMAN if self._hands.present else DEFAULT
        if self._empty:
            return None, DEFAULT
        return self._stand_in.decide(observe, budget_s)

    def rest(self) -> tuple[Any, str]:
        """Keys that are pressed too early are not kept for later."""
        self._hands.skip()
        if self._stand_in is not None:
            self._stand_in.rest()
        return super().rest()

    def resume(self, ticks: int, action: Any, decisions: int) -> None:
        """The hands' last action was that."""
        self._hands.recall(action)


def allowed(action: Any, mask: Any) -> bool:
    """Whether a mask lets that action of a discrete space through."""
    return mask is None or not isinstance(action, int) or bool(mask[action])


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

    @property
    def np_random(self) -> Any:
        """Its generator."""
        ...

    def seed(self, seed: int) -> object:
        """Start its generator anew."""
        ...

    def sample(self) -> Any:
        """A uniform draw."""
        ...


class RandomSeat(Decider):
    """Uniform over the action space, or over what is allowed of it."""

    def __init__(
        self, spec: Random, space: Space, seed: int, *, mask: Mask = None, repeats: bool = True
    ) -> None:
        """`repeats`: between two decisions the last one again, else no action."""
        super().__init__()
        self._space = copy.deepcopy(space)
        self._space.seed(seed)
        self._mask = mask
        self._every = spec.every
        self._repeats = repeats
        self._tick = 0
        self._action: Any = None

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """A fresh draw at every n-th tick, else the last one again."""
        tick = self._tick
        self._tick += 1
        if tick % self._every:
            return (self._action if self._repeats else None), BOT
        self._draw()
        return self._action, BOT

    def rest(self) -> tuple[Any, str]:
        """The tick counts."""
        self._tick += 1
        return super().rest()

    def _draw(self) -> None:
        self.decisions += 1
        if self._mask is None:
            self._action = plain(self._space.sample())
            return
        # One number for each decision, whatever is allowed: that many can be skipped.
        part, mask = self._space.np_random.random(), self._mask()
        if mask is None:  # it was there at the start of the episode, and is not now
            mask = [1] * int(getattr(self._space, "n"))  # noqa: B009 - a discrete space has it
        known = range(len(mask))
        open_ = [action for action in known if mask[action]] or known
        self._action = open_[int(part * len(open_))]

    def resume(self, ticks: int, action: Any, decisions: int) -> None:
        """Draw as often as it had drawn."""
        if self._mask is not None:
            self._space.np_random.random(decisions - self.decisions)
            self.decisions = decisions
        while self.decisions < decisions:
            self._draw()
        self._tick, self._action = ticks, action

    def save(self) -> Any:
        """Its counters: the draws are made again."""
        return self._tick, self._action, self.decisions

    def load(self, saved: Any) -> None:
        """Draw as often as it had drawn."""
        self.resume(*saved)


class Thinker(Decider):
    """A policy that takes time. A slow one never delays a tick: its last action stands in for it.

    Subclasses say what to compute, and what to make of the result.
    """

    def __init__(
        self, every: int, idle: Any, background: Background, *, repeats: bool = True
    ) -> None:
        """`repeats`: until the next decision the last one again, else no action."""
        super().__init__()
        self._every = every
        self._action = idle
        self._background = background
        self._repeats = repeats
        self._pending: Pending | None = None
        self._tick = 0
        self._saw = 0  # tick whose observation is being thought about

    @property
    def quick(self) -> bool:
        """Whether thinking takes less time than handing it to a thread."""
        raise NotImplementedError

    def think(self, observe: Callable[[], Any]) -> Callable[[], Any]:
        """What to compute for this observation, in any thread."""
        raise NotImplementedError

    def commit(self, result: Any) -> Any:
        """The action that was computed, and what is remembered of it."""
        raise NotImplementedError

    def decide(self, observe: Callable[[], Any], budget_s: float) -> tuple[Any, str]:
        """The policy's action; DEFAULT marks a tick it did not answer in time."""
        tick = self._tick
        self._tick += 1
        if self._pending is None:
            if tick % self._every:
                return self._again(), BOT
            thought = self.think(observe)
            self._saw = tick
            if self.quick:
                return self._committed(thought()), BOT
            self._pending = self.beside(thought)
        if not self._pending.wait(budget_s):
            return self._again(), DEFAULT
        result, self._pending = self._pending.get(), None
        if result is LOST:  # the next request is another
            return self._again(), DEFAULT
        return self._committed(result), BOT

    def beside(self, thought: Callable[[], Any]) -> Pending:
        """Have it computed beside the tick loop."""
        return self._background(thought)

    def rest(self) -> tuple[Any, str]:
        """The tick counts."""
        self._tick += 1
        return super().rest()

    def _again(self) -> Any:
        return self._action if self._repeats else None

    def _committed(self, result: Any) -> Any:
        self._action = plain(self.commit(result))
        if self.remembers:
            self.thoughts.append(self._saw)
        return self._action


class OnnxSeat(Thinker):
    """An ONNX policy."""

    def __init__(
        self,
        player: Player,
        every: int,
        idle: Any,
        background: Background,
        *,
        mask: Mask = None,
        repeats: bool = True,
        elsewhere: Elsewhere | None = None,
        inline: bool = True,
    ) -> None:
        """
        Args:
            elsewhere: asked before `background` is, where the model is not quick.
            inline: a model that is quick enough runs in the tick loop itself.
        """
        super().__init__(every, idle, background, repeats=repeats)
        self._elsewhere, self._inline = elsewhere, inline
        self._feeds: Arrays = {}  # of the last thought
        self._player = player
        self._mask = mask
        self.remembers = player.remembers

    @property
    def quick(self) -> bool:
        """As the model was measured."""
        return self._inline and self._player.model.cost_ms <= INLINE_MS

    def think(self, observe: Callable[[], Any]) -> Callable[[], Any]:
        """One forward pass."""
        feeds, model = self._player.prepare(observe()), self._player.model
        self._feeds = feeds
        return lambda: model.infer(feeds)

    def beside(self, thought: Callable[[], Any]) -> Pending:
        """In another process, if there is one for it."""
        asked = self._elsewhere(self._feeds) if self._elsewhere is not None else None
        return asked or super().beside(thought)

    def commit(self, result: Any) -> Any:
        """The player's action."""
        action = self._player.commit(result, self._mask() if self._mask else None)
        self.decisions = self._player.decisions
        return action

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
