"""The tick loop of one episode. Knows no Redis, no sockets and no wall clock.

Ticks are due 1 / fps apart from the start, so a slow step makes one late frame and not
a slower game. A game that fell more than `CATCH_UP_S` behind does not race to catch up,
since people cannot play what they cannot see: its schedule starts anew, and the lateness is
in the data.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from igym.engine.seats import Decider
from igym.errors import IgymError, SceneFailed
from igym.sim.host import Sim, Step
from igym.sim.kinds import CUT
from igym.wire.record import HUMAN

T = TypeVar("T")

CATCH_UP_S = 0.25

#: Ticks of games in one process fall on this many slots of a period, so that their
#: frames leave in few batches and still not all at once.
SLOTS = 8


class Clock(Protocol):
    """Monotonic time in seconds."""

    def now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class Stage(Protocol):
    """Whoever shows and records the episode."""

    def before(self, tick: int) -> bool:
        """Called before each tick. May block while the game is held.

        Returns:
            Whether it blocked, so that the schedule must start anew.

        Raises:
            LeaseLost, or whatever ends the game from outside.
        """
        ...

    def record(
        self, tick: int, actions: list[Any], actors: list[str], step: Step, late_s: float
    ) -> None:
        """The step was taken."""
        ...

    def show(self, tick: int) -> None:
        """The environment has a new picture, after `tick` steps."""
        ...


def first_due(now: float, fps: float) -> float:
    """The next slot boundary after `now`."""
    grid = fps * SLOTS
    return math.ceil(now * grid) / grid


def failed(error: Exception, where: str) -> SceneFailed:
    """What the researcher's code raised, as the end of a scene. igym's errors keep their words."""
    told = error.message if isinstance(error, IgymError) else f"{type(error).__name__}: {error}"
    return SceneFailed(told, where=where, trace=traceback.format_exc())


def guarded(where: str, call: Callable[[], T]) -> T:
    """Call the researcher's code; say where it failed, if it does.

    Raises:
        SceneFailed: with their traceback. igym's own errors keep their type's message.
    """
    try:
        return call()
    except Exception as error:
        raise failed(error, where) from error


def play(
    sim: Sim,
    deciders: Sequence[Decider],
    stage: Stage,
    clock: Clock,
    *,
    fps: float,
    max_steps: int,
    where: str,
    first: int = 0,
    starts: Callable[[int], None] | None = None,
) -> tuple[int, Step]:
    """Tick `sim` until it ends or `max_steps` are taken.

    Args:
        sim: freshly reset, or as after the first `first` ticks.
        deciders: one per seat, in the order of `sim.seats`.
        where: scene and episode, for errors.
        starts: called when a tick begins, before anybody decides.

    Returns:
        The number of steps, earlier ones included, and the last one, which is truncated when
        `max_steps` ended it.

    Raises:
        SceneFailed: the environment or a policy raised.
        LeaseLost: from `stage`; the tick is not in the record.
    """
    period_s = 1 / fps
    start, tick0 = first_due(clock.now(), fps), first
    watchers = [
        (decider, (lambda seat=seat: sim.observe(seat)))
        for decider, seat in zip(deciders, sim.seats, strict=True)
    ]

    budget_s = period_s / 2  # for all that decide together

    def turn(began_s: float) -> tuple[list[Any], list[str], Step]:
        """Everybody decides, and the environment steps."""
        asked, left_s = sim.asked(), budget_s
        actions: list[Any] = []
        actors: list[str] = []
        for n, (decider, observe) in enumerate(watchers):
            if asked is None or asked[n]:
                action, actor = decider.decide(observe, left_s)
            else:
                action, actor = decider.rest()
            actions.append(action)
            actors.append(actor)
            if actor != HUMAN and left_s:  # people's hands take no time
                left_s = max(0.0, began_s + budget_s - clock.now())
        actions = sim.fitted(actions)
        return actions, actors, sim.step(actions)

    for tick in range(first, max_steps):
        if stage.before(tick):
            start, tick0 = first_due(clock.now(), fps), tick
        due = start + (tick - tick0) * period_s
        wait_s = due - clock.now()
        if wait_s > 0:
            clock.sleep(wait_s)
        now_s = clock.now()
        late_s = max(0.0, now_s - due)
        if late_s > CATCH_UP_S:
            start, tick0 = first_due(now_s, fps), tick

        if starts is not None:
            starts(tick)
            now_s = clock.now()
        try:
            actions, actors, step = turn(now_s)
        except Exception as error:
            raise failed(error, f"{where}, tick {tick}") from error
        if tick + 1 == max_steps and not step.over:
            step = step._replace(truncated=True, ends=tuple(one or CUT for one in step.ends))
        stage.record(tick, actions, actors, step, late_s)
        try:
            stage.show(tick + 1)
        except Exception as error:
            raise failed(error, f"{where}, tick {tick}, drawing") from error
        if step.over:
            return tick + 1, step
    raise AssertionError("max_steps ends the loop")
