"""Stars fall, a basket catches them: a Gymnasium environment like any other, and how it looks."""

from typing import Any

import gymnasium
import numpy as np

from igym.draw import Shape, circle, polygon, rect

KEYS: dict[str | tuple[str, ...], int] = {"ArrowLeft": 1, "ArrowRight": 2}  # nothing: 0

STARS = 4
BASKET = 0.07  # half its width, as a part of the stage's
STRIDE = 0.018  # of the basket, per step
FLOOR = 0.9


class Stars(gymnasium.Env[Any, Any]):
    """A reward of 1 for each star that is caught. It never ends by itself."""

    observation_space = gymnasium.spaces.Box(0, 1, (1 + 2 * STARS,), np.float32)
    action_space = gymnasium.spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.basket, self.caught = 0.5, 0
        self.stars = [self._star(-0.3 * i) for i in range(STARS)]
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        self.basket += STRIDE * {0: 0, 1: -1, 2: 1}[int(action)]
        self.basket = min(1 - BASKET, max(BASKET, self.basket))
        reward = 0
        for star in self.stars:
            star["y"] += star["falls"]
            if star["y"] >= FLOOR and abs(star["x"] - self.basket) < BASKET:
                reward += 1
            if star["y"] >= FLOOR:
                star.update(self._star(0.0))
        self.caught += reward
        return self._seen(), float(reward), False, False, {}

    def _star(self, y: float) -> dict[str, float]:
        x, falls = self.np_random.uniform((0.08, 0.006), (0.92, 0.012))
        return {"x": float(x), "y": y, "falls": float(falls)}

    def _seen(self) -> Any:
        stars = [value for star in self.stars for value in (star["x"], max(0.0, star["y"]))]
        return np.array([self.basket, *stars], np.float32)


# What stands still is made once.
SKY = [
    rect("sky", 0, 0, 1, 1, fill="#12172e", depth=-9),
    rect("dusk", 0, 0.55, 1, 0.45, fill="#1d2550", depth=-8),
    rect("ground", 0, FLOOR + 0.035, 1, 0.1, fill="#2f6b57", depth=-7),
]


def draw(env: Any) -> list[Shape]:
    """The picture of this moment."""
    stars = env.unwrapped.stars
    x = env.unwrapped.basket
    half = BASKET * 0.8
    weave = [(x - BASKET, FLOOR - 0.03), (x + BASKET, FLOOR - 0.03), (x + half, FLOOR + 0.05)]
    return [
        *SKY,
        # A star that was caught appears anew at the top: it must not glide there.
        *(
            circle(f"star{i}", s["x"], s["y"], 0.024, fill="#ffd76a", snap=s["y"] < 0.02)
            for i, s in enumerate(stars)
        ),
        polygon("basket", [*weave, (x - half, FLOOR + 0.05)], fill="#c98b52"),
    ]


def caught(env: Any) -> str:
    """The line above the stage."""
    return f"Caught {env.unwrapped.caught}"
