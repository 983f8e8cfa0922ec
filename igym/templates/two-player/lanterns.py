"""A meadow with lanterns that two people can only light together, and how it looks.

Several agents: `reset` and `step` speak in dicts by agent id.
"""

from math import hypot
from typing import Any

import gymnasium
import numpy as np

from igym.draw import Shape, circle, ellipse, rect

LANTERNS = 3
STRIDE = 0.012  # of the stage's height, per step
REACH = 0.09  # how near is on it

ASPECT = 1.6  # width / height of the stage
COLOURS = {"amber": "amber", "teal": "teal"}  # agent -> the shape that is pointed out as "you"

#: What each action does: right and down are positive.
MOVES = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1))
KEYS: dict[str | tuple[str, ...], int] = {
    "ArrowLeft": 1,
    "ArrowRight": 2,
    "ArrowUp": 3,
    "ArrowDown": 4,
    ("ArrowLeft", "ArrowUp"): 5,
    ("ArrowRight", "ArrowUp"): 6,
    ("ArrowLeft", "ArrowDown"): 7,
    ("ArrowRight", "ArrowDown"): 8,
}


class Lanterns(gymnasium.Env[Any, Any]):
    """A reward of 1 for each of the two when they light a lantern. It never ends by itself."""

    possible_agents = ("amber", "teal")
    observation_space = gymnasium.spaces.Dict(
        {a: gymnasium.spaces.Box(0, ASPECT, (4 + 2 * LANTERNS,), np.float32) for a in COLOURS}
    )
    action_space = gymnasium.spaces.Dict({a: gymnasium.spaces.Discrete(9) for a in COLOURS})

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.lit, self.glow = 0, 0.0
        self.at = {"amber": (0.35, 0.5), "teal": (ASPECT - 0.35, 0.5)}
        self.lanterns: list[tuple[float, float]] = []
        for _ in range(LANTERNS):
            self.lanterns.append(self._place())
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        for agent, (x, y) in self.at.items():
            dx, dy = MOVES[int(action.get(agent, 0))]
            length = STRIDE / (hypot(dx, dy) or 1)
            x, y = x + dx * length, y + dy * length
            self.at[agent] = min(ASPECT - 0.05, max(0.05, x)), min(0.95, max(0.05, y))
        self.glow = max(0.0, self.glow - 0.05)
        reward = 0.0
        for i, (x, y) in enumerate(self.lanterns):
            if all(hypot(px - x, py - y) < REACH for px, py in self.at.values()):
                self.lanterns[i] = self._place()
                reward, self.glow = reward + 1.0, 1.0
        self.lit += int(reward)
        rewards = dict.fromkeys(self.at, reward)
        never = {**dict.fromkeys(self.at, False), "__all__": False}
        return self._seen(), rewards, never, dict(never), {}

    def _place(self) -> tuple[float, float]:
        """Somewhere away from people and from the other lanterns."""
        while True:
            x, y = self.np_random.uniform((0.15, 0.15), (ASPECT - 0.15, 0.85))
            if all(hypot(x - a, y - b) > 0.3 for a, b in (*self.at.values(), *self.lanterns)):
                return float(x), float(y)

    def _seen(self) -> Any:
        places = [*self.at.values(), *self.lanterns]
        seen = np.array([value for place in places for value in place], np.float32)
        return dict.fromkeys(self.at, seen)


# What stands still is made once. Widths are parts of the stage's width, radii of its height.
MEADOW = [
    rect("meadow", 0, 0, 1, 1, fill="#1c3a34", depth=-9),
    *(
        ellipse(f"tuft{i}", x, y, 0.12, 0.1, fill="#224840", depth=-8)
        for i, (x, y) in enumerate(((0.15, 0.2), (0.45, 0.75), (0.7, 0.3), (0.9, 0.8), (0.3, 0.5)))
    ),
]
BODIES = {"amber": "#f2a541", "teal": "#4fd1c5"}


def draw(env: Any) -> list[Shape]:
    """The picture of this moment."""
    near = {
        (i, agent)
        for i, (x, y) in enumerate(env.lanterns)
        for agent, (px, py) in env.at.items()
        if hypot(px - x, py - y) < REACH
    }
    shapes = list(MEADOW)
    if env.glow:
        shapes.append(rect("glow", 0, 0, 1, 1, fill=f"#fff3c4{int(env.glow * 60):02x}", depth=-7))
    for i, (x, y) in enumerate(env.lanterns):
        waiting = any((i, agent) in near for agent in env.at)
        halo, flame = ("#ffe08a66", "#ffe9a8") if waiting else ("#ffffff14", "#8fa7a0")
        shapes.append(circle(f"halo{i}", x / ASPECT, y, REACH, fill=halo, depth=-6, snap=True))
        shapes.append(circle(f"lantern{i}", x / ASPECT, y, 0.03, fill=flame, depth=-5, snap=True))
    for agent, (x, y) in env.at.items():
        shapes.append(circle(agent, x / ASPECT, y, 0.045, fill=BODIES[agent], depth=1))
        shapes.append(circle(f"{agent}-eye", x / ASPECT, y - 0.01, 0.012, fill="#10201c", depth=2))
    return shapes


def lit(env: Any) -> str:
    """The line above the stage."""
    return f"Lanterns {env.lit}"
