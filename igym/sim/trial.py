"""An environment tried out: is it fast, does it repeat itself, can its state be saved?

Knows no experiment: whoever asks says how to make the environment and what to do in it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from igym.sim.actions import plain
from igym.sim.host import Sim

#: Steps that are taken, and the longest that may take.
STEPS, MOST_S = 120, 2.0

#: Saving may take so long; a game that takes longer is replayed from its beginning.
SAVE_MS = 5.0

#: Steps after loading a saved state in which it has to do the same.
AFTER = 10

SEED = 7

#: How a state is saved: by the environment's own `get_state`, or as a pickle.
Way = Literal["state", "pickle"]

#: Shows that tick, as a game would.
Show = Callable[[Sim, int], object]


@dataclass(frozen=True)
class Trial:
    """What was found."""

    tick_ms: float  # mean of a step with its picture
    longest_ms: float  # of a step with its picture
    steps: int
    differs: int | None  # the step after which two runs differed; None = they did not
    saves: Way | None  # how its state can be saved; None = it cannot
    why: str  # why not, a sentence

    @property
    def deterministic(self) -> bool:
        """Whether the same seed and actions gave the same."""
        return self.differs is None


def drawn(sim: Sim, seat: str, n: int = 16) -> list[Any]:
    """Some actions of the seat's space, in plain values."""
    space = sim.space(seat)
    space.seed(SEED)
    return [plain(space.sample()) for _ in range(n)]


class Chooser:
    """Actions for every seat that is asked, drawn from one seed and allowed by its mask."""

    def __init__(self, sim: Sim, choices: Sequence[Sequence[Any]]) -> None:
        """`choices`: by seat, what to draw from."""
        self._random = random.Random(SEED)
        self._sim = sim
        self._choices = choices

    def draw(self) -> list[Any]:
        """The next joint action."""
        asked = self._sim.asked() or (True,) * len(self._choices)
        return self._sim.fitted(
            [
                self._one(seat, choice) if acts else None
                for seat, choice, acts in zip(self._sim.seats, self._choices, asked, strict=True)
            ]
        )

    def _one(self, seat: str, choice: Sequence[Any]) -> Any:
        mask = self._sim.mask(seat)
        if mask is None:
            return self._random.choice(choice)
        open_ = [n for n in range(len(mask)) if mask[n]]
        wanted = [action for action in choice if action in open_]
        return self._random.choice(wanted or open_ or choice)


def _drawn(sim: Sim, tick: int) -> None:
    sim.draw()


def walk(
    sim: Sim, choices: Sequence[Sequence[Any]], steps: int, show: Show = _drawn
) -> tuple[list[str], list[float]]:
    """What each step gave, and the time of each with its picture, ms. `sim` has been reset."""
    chooser = Chooser(sim, choices)
    given, took_ms, resets = [], [], 0
    show(sim, 0)  # the first picture loads what it needs, before any game
    began_s = time.process_time()
    for tick in range(steps):
        actions = chooser.draw()
        # Time of this process, not of the wall: the deployment may be starting beside it.
        start_s = time.process_time()
        step = sim.step(actions)
        show(sim, tick)
        took_ms.append((time.process_time() - start_s) * 1000)
        given.append(f"{sim.digest()} {step}")
        if step.over:
            resets += 1
            sim.reset(SEED + resets)
        if time.process_time() - began_s > MOST_S:
            break
    return given, took_ms


def tried(make: Callable[[], Sim], choices: Sequence[Sequence[Any]], show: Show = _drawn) -> Trial:
    """Run the environment twice with the same seed and actions, and save and load it.

    `show` does what it takes to show a tick; drawn once by default.

    Raises:
        Whatever the environment raises.
    """
    one, two = make(), make()
    try:
        one.reset(SEED)
        first, took_ms = walk(one, choices, STEPS, show)
        two.reset(SEED)
        second, _ = walk(two, choices, STEPS, show)
        both = min(len(first), len(second))
        differs = next((i + 1 for i in range(both) if first[i] != second[i]), None)
        saves, why = _saves(make, choices, two, differs is None)
        mean_ms = sum(took_ms) / len(took_ms)
        return Trial(mean_ms, max(took_ms), len(took_ms), differs, saves, why)
    finally:
        one.close()
        two.close()


def _saves(
    make: Callable[[], Sim], choices: Sequence[Sequence[Any]], sim: Sim, deterministic: bool
) -> tuple[Way | None, str]:
    """The way in which the state can be saved, None if there is none, and why not."""
    own = all(callable(getattr(sim.env, name, None)) for name in ("get_state", "set_state"))
    ways: tuple[Way, ...] = ("state", "pickle") if own else ("pickle",)
    why = ""
    for how in ways:
        other = make()
        try:
            other.reset(SEED + 1)
            start_s = time.process_time()
            saved = sim.save(how)
            took_ms = (time.process_time() - start_s) * 1000
            other.load(saved)
            if other.digest() != sim.digest():
                raise ValueError("what was loaded is not what was saved")
            if deterministic:
                here, there = (walk(s, choices, AFTER)[0] for s in (sim, other))
                if here != there:
                    raise ValueError("it goes on differently after it was loaded")
            if took_ms > SAVE_MS and deterministic:
                raise ValueError(f"saving takes {took_ms:.1f} ms")
            return how, ""
        except Exception as error:  # noqa: BLE001 - the author's code raises what it likes
            why = f"Its state cannot be saved ({how}): {type(error).__name__}: {error}."
        finally:
            other.close()
    return None, why
