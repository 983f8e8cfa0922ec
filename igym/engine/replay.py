"""An episode once more, from its log. Knows no Redis and no wall clock.

Replay touches only the environment and the policies' memory: joint actions are in the log,
so no policy is asked for one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from igym.engine.seats import Decider
from igym.sim.host import Sim, plain
from igym.wire.record import Chunk, Tick

#: Ticks between two chances for other games of the process.
BREATH = 10


class Differs(Exception):
    """A replay did not come to where the episode had been."""

    def __init__(self, tick: int) -> None:
        super().__init__(f"the state after {tick} ticks is not the one that was logged")
        self.tick = tick


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
