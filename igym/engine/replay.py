"""An episode once more, from its log. Knows no Redis and no wall clock.

Replay touches only the environment and the policies' memory: joint actions are in the log,
so no policy is asked for one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from igym.engine.seats import Decider
from igym.sim.host import Sim, Step, plain
from igym.wire.record import Chunk, Tick

#: Ticks between two chances for other games of the process.
BREATH = 10


class Differs(Exception):
    """A replay did not come to where the episode had been."""

    def __init__(self, tick: int, seat: str = "", what: str = "the state") -> None:
        """After `tick` ticks `what` of that seat, "" = of any, is not what was logged."""
        whose = f" of seat {seat}" if seat else ""
        super().__init__(f"{what}{whose} after {tick} ticks is not the one that was logged")
        self.tick = tick
        self.seat = seat
        self.what = what


@dataclass
class Story:
    """What the log of an episode holds, in order and every tick once."""

    ticks: list[Tick] = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)  # ticks taken -> digest of the state
    thoughts: set[tuple[int, int]] = field(default_factory=set)  # (seat, tick)
    decisions: list[int] = field(default_factory=list)  # by seat, after the last chunk

    @classmethod
    def of(cls, chunks: Iterable[Chunk]) -> Story:
        """Read the chunks of one episode; a tick that was written twice counts once."""
        made = cls()
        for chunk in chunks:
            for tick in chunk.ticks:
                if tick.tick == len(made.ticks):
                    made.ticks.append(tick)
            if chunk.digest and chunk.ticks:
                made.digests[chunk.ticks[-1].tick + 1] = chunk.digest
            made.thoughts.update(chunk.thoughts)
            made.decisions = chunk.decisions or made.decisions
        return made


class Actions:
    """Actions as the environment was given them, from how they look in a log.

    A log knows lists and no tuples; an environment may insist on the tuple it was promised.
    """

    def __init__(self, known: Iterable[Any]) -> None:
        """`known`: every action a key map or a policy can give."""
        self._known = {json.dumps(plain(a)): a for a in known if not isinstance(a, int | float)}

    def live(self, logged: Any) -> Any:
        """The action that was logged like this."""
        if isinstance(logged, list | dict) and self._known:
            return self._known.get(json.dumps(logged), logged)
        return logged


def again(sim: Sim, story: Story, actions: Actions) -> Iterator[tuple[Tick, Step]]:
    """Take every logged step in a simulator that was just reset, and compare.

    Yields:
        Each tick of the log with the step that it gave now, once the two agree.

    Raises:
        Differs: a reward, an end or a digest is not as it was logged; the first one that is not.
        Whatever the environment raises.
    """
    for tick in story.ticks:
        step = sim.step([actions.live(action) for action in tick.actions])
        taken = tick.tick + 1
        for seat, was, now in zip(sim.seats, tick.rewards, step.rewards, strict=True):
            if was != now and not (was != was and now != now):  # NaN is not itself
                raise Differs(taken, seat, "the reward")
        # `max_steps` and people who leave cut it off: of that the environment knows nothing.
        if tick.terminated != step.terminated or (step.truncated and not tick.truncated):
            raise Differs(taken, "", "whether it is over")
        logged = story.digests.get(taken)
        if logged and logged != (found := sim.digest()):
            raise Differs(taken, _whose(sim.seats, logged, found), "what is observed")
        yield tick, step


def _whose(seats: Sequence[str], was: str, now: str) -> str:
    size = len(now) // len(seats)
    for index, seat in enumerate(seats):
        mine = slice(index * size, (index + 1) * size)
        if was[mine] != now[mine]:
            return seat
    return ""


def relive(
    sim: Sim,
    deciders: Sequence[Decider],
    story: Story,
    actions: Actions,
    *,
    first: int,
    breathe: Callable[[], None],
) -> None:
    """Take every logged step from `first` on, and let the deciders stand where they stood.

    Args:
        sim, deciders: as after `first` ticks: reset and new, or loaded from what was saved.
        breathe: called now and then, to let other games run.

    Raises:
        Differs: a digest in the log is not met.
        Whatever the environment raises.
    """
    watchers = [lambda seat=seat: sim.observe(seat) for seat in sim.seats]
    for tick in story.ticks[first:]:
        for index, decider in enumerate(deciders):
            if (index, tick.tick) in story.thoughts and decider.remembers:
                decider.rethink(watchers[index])
        sim.step([actions.live(action) for action in tick.actions])
        taken = tick.tick + 1
        if taken in story.digests and story.digests[taken] != sim.digest():
            raise Differs(taken)
        if taken % BREATH == 0:
            breathe()
    if story.ticks:
        last = story.ticks[-1].actions
        for index, decider in enumerate(deciders):
            made = story.decisions[index] if index < len(story.decisions) else 0
            decider.resume(len(story.ticks), actions.live(last[index]), made)
