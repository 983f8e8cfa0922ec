"""What an environment was found to be: how fast, repeatable or not, and whether it can be saved.

Runs where packages are compiled. What is found here decides how a game goes on when its
worker is lost (`igym.domain.plan.Recovery`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from igym.domain.experiment import Play
from igym.domain.plan import Recovery
from igym.domain.policy import Human
from igym.services.casting import environment
from igym.sim.host import Sim, plain

#: Steps that are taken, and the longest that may take.
STEPS, MOST_S = 120, 2.0

#: Saving may take so long; a game that takes longer is replayed from its beginning.
SAVE_MS = 5.0

#: Steps after loading a saved state in which it has to do the same.
AFTER = 10

SEED = 7


@dataclass(frozen=True)
class Proof:
    """What was found."""

    tick_ms: float  # mean of a step with its picture
    longest_ms: float  # of a step
    deterministic: bool
    recovery: Recovery
    why: str = ""  # a sentence for the author, where it could be better


class _Actions:
    """Actions for every seat, drawn from one seed."""

    def __init__(self, scene: Play, sim: Sim) -> None:
        self._random = random.Random(SEED)
        keys = [scene.keymap.idle, *(action for _, action in scene.keymap.chords)]
        self._choices: list[list[Any]] = []
        for agent, who in scene.seats.items():
            space = sim.space(str(agent))
            space.seed(SEED)
            drawn = [plain(space.sample()) for _ in range(16)]
            self._choices.append(keys if who is Human else drawn)

    def draw(self) -> list[Any]:
        return [self._random.choice(choice) for choice in self._choices]


def rehearsed(scene: Play, cells: Mapping[str, str]) -> Sim:
    """The scene's environment, as a game in those cells would have it."""
    return Sim(environment(scene, cells), list(scene.seats), scene.draw, scene.hud)


def _walk(scene: Play, sim: Sim, steps: int) -> tuple[list[str], list[float]]:
    """What each step gave, and the time of each with its picture, ms."""
    actions = _Actions(scene, sim)
    given, took_ms, resets = [], [], 0
    began_s = time.process_time()
    for _ in range(steps):
        # Time of this process, not of the wall: the deployment may be starting beside it.
        start_s = time.process_time()
        step = sim.step(actions.draw())
        sim.draw()
        took_ms.append((time.process_time() - start_s) * 1000)
        given.append(f"{sim.digest()} {step}")
        if step.over:
            resets += 1
            sim.reset(SEED + resets)
        if time.process_time() - began_s > MOST_S:
            break
    return given, took_ms


def prove(scene: Play, cells: Mapping[str, str]) -> Proof:
    """Run the scene's environment twice with the same seed and actions, and save and load it.

    Raises:
        Whatever the environment raises.
    """
    one, two = rehearsed(scene, cells), rehearsed(scene, cells)
    try:
        one.reset(SEED)
        first, took_ms = _walk(scene, one, STEPS)
        two.reset(SEED)
        second, _ = _walk(scene, two, STEPS)
        both = min(len(first), len(second))
        deterministic = first[:both] == second[:both]
        how, why = _saves(scene, cells, two, deterministic)
        if not deterministic:
            at = next(i for i in range(both) if first[i] != second[i])
            why = f"Two runs with the same seed and actions differ after step {at + 1}. {why}"
        recovery: Recovery = how or ("replay" if deterministic else "restart")
        mean_ms = sum(took_ms) / len(took_ms)
        return Proof(mean_ms, max(took_ms), deterministic, recovery, why.strip())
    finally:
        one.close()
        two.close()


def _saves(
    scene: Play, cells: Mapping[str, str], sim: Sim, deterministic: bool
) -> tuple[Recovery | None, str]:
    """The way in which the state can be saved, None if there is none, and why not."""
    own = all(callable(getattr(sim.env, name, None)) for name in ("get_state", "set_state"))
    ways: tuple[Recovery, ...] = ("state", "pickle") if own else ("pickle",)
    why = ""
    for how in ways:
        other = rehearsed(scene, cells)
        try:
            other.reset(SEED + 1)
            start_s = time.process_time()
            saved = sim.save(how)
            took_ms = (time.process_time() - start_s) * 1000
            other.load(saved)
            if other.digest() != sim.digest():
                raise ValueError("what was loaded is not what was saved")
            if deterministic:
                here, there = (_walk(scene, s, AFTER)[0] for s in (sim, other))
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
