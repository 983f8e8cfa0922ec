"""What an environment was found to be: how fast, repeatable or not, and whether it can be saved.

Runs where packages are compiled. What is found here decides how a game goes on when its
worker is lost (`igym.domain.plan.Recovery`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from igym.domain.experiment import Play
from igym.domain.plan import Recovery
from igym.domain.policy import Human
from igym.services.games.casting import simulated
from igym.services.packages.seeing import show
from igym.sim import trial
from igym.sim.host import Sim


@dataclass(frozen=True)
class Proof:
    """What was found."""

    tick_ms: float  # mean of a step with its picture
    longest_ms: float  # of a step
    deterministic: bool
    recovery: Recovery
    why: str = ""  # a sentence for the author, where it could be better


def choices(scene: Play, sim: Sim) -> list[list[Any]]:
    """By seat: what a person there can do, or some actions of the seat's space."""
    keys = [scene.keymap.idle, *(action for _, action in scene.keymap.chords)]
    points = scene.pointer is not None or (scene.gamepad is not None and scene.gamepad.sticks)
    made = []
    for agent, who in scene.seats.items():
        drawn = trial.drawn(sim, str(agent))
        made.append(drawn if who is not Human else keys + drawn if points else keys)
    return made


def prove(scene: Play, cells: Mapping[str, str]) -> Proof:
    """Run the scene's environment twice with the same seed and actions, and save and load it.

    Raises:
        Whatever the environment raises.
    """
    sim = simulated(scene, cells)
    told = choices(scene, sim)
    sim.close()
    found = trial.tried(
        lambda: simulated(scene, cells), told, lambda sim, tick: show(scene, sim, tick)
    )
    why = found.why
    if found.differs is not None:
        why = f"Two runs with the same seed and actions differ after step {found.differs}. {why}"
    recovery: Recovery = found.saves or ("replay" if found.deterministic else "restart")
    return Proof(found.tick_ms, found.longest_ms, found.deterministic, recovery, why.strip())
