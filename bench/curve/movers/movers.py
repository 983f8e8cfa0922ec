"""Two people and ten drifting discs: an environment that costs next to nothing.

So that a load curve shows the platform and not the environment. Peers are measured with this very
file.
"""

from __future__ import annotations

import random
from typing import Any

from gymnasium import spaces

AGENTS = ("left", "right")
DISCS = 10

#: What a key does to a person's place.
MOVES = {0: (0.0, 0.0), 1: (-0.02, 0.0), 2: (0.02, 0.0), 3: (0.0, -0.02), 4: (0.0, 0.02)}


class Movers:
    """Every object is a place [x, y] in the unit square; all of them move in every step."""

    def __init__(self) -> None:
        self.action_space = spaces.Dict({agent: spaces.Discrete(len(MOVES)) for agent in AGENTS})
        self.places: list[list[float]] = []
        self._speeds: list[tuple[float, float]] = []
        self.steps = 0

    def reset(self, *, seed: int | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Anew, from `seed`."""
        dice = random.Random(seed)
        self.steps = 0
        self.places = [[0.25, 0.5], [0.75, 0.5]]
        self.places += [[dice.random(), dice.random()] for _ in range(DISCS)]
        self._speeds = [(dice.uniform(-0.02, 0.02), dice.uniform(-0.02, 0.02)) for _ in self.places]
        return dict.fromkeys(AGENTS, 0), {}

    def step(self, actions: dict[str, int]) -> tuple[Any, ...]:
        """Everything drifts and comes back at the other side; people also go where they want."""
        self.steps += 1
        for place, (dx, dy) in zip(self.places, self._speeds, strict=True):
            place[0] = (place[0] + dx) % 1.0
            place[1] = (place[1] + dy) % 1.0
        for n, agent in enumerate(AGENTS):
            dx, dy = MOVES[actions.get(agent, 0)]
            place = self.places[n]
            place[0] = (place[0] + dx) % 1.0
            place[1] = (place[1] + dy) % 1.0
        nobody = dict.fromkeys(AGENTS, False)
        return dict.fromkeys(AGENTS, self.steps), dict.fromkeys(AGENTS, 0.0), nobody, nobody, {}
