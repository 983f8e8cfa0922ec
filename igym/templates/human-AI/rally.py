"""A ball and two paddles, and how they look. Several agents: dicts by agent id."""

from typing import Any

import gymnasium
import numpy as np

from igym.draw import Shape, circle, line, rect, text

KEYS: dict[str | tuple[str, ...], int] = {"ArrowUp": 1, "ArrowDown": 2}  # nothing held: 0, stay
PADDLES = {"left": "left", "right": "right"}  # agent -> the shape that is pointed out as "you"

ASPECT = 1.6  # width / height of the stage
GOAL = 3  # points end a match
LENGTH = 0.11  # half a paddle, as a part of the stage's height
STRIDE = 0.016  # of a paddle, per step
EDGE = 0.06  # where the paddles are


class Rally(gymnasium.Env[Any, Any]):
    """Whoever lets the ball pass gives the other a point: a reward of 1, and -1 for themselves."""

    possible_agents = ("left", "right")
    action_space = gymnasium.spaces.Dict({a: gymnasium.spaces.Discrete(3) for a in PADDLES})
    #: Own paddle's height, the ball's, and where it goes.
    observation_space = gymnasium.spaces.Dict(
        {a: gymnasium.spaces.Box(-2, 2, (4,), np.float32) for a in PADDLES}
    )

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.y = {"left": 0.5, "right": 0.5}
        self.points = {"left": 0, "right": 0}
        self._serve()
        return self._seen(), {}

    def _serve(self) -> None:
        """From the middle, to either side."""
        self.ball, self.served = (ASPECT / 2, float(self.np_random.uniform(0.3, 0.7))), True
        side = 1 if self.np_random.random() < 0.5 else -1
        self.goes = side * 0.015, float(self.np_random.uniform(-0.01, 0.01))

    def step(self, action: Any) -> Any:
        for agent, y in self.y.items():
            y += STRIDE * {0: 0, 1: -1, 2: 1}[int(action.get(agent, 0))]
            self.y[agent] = min(1 - LENGTH, max(LENGTH, y))
        (x, y), (dx, dy), self.served = self.ball, self.goes, False
        x, y = x + dx, y + dy
        if not 0.02 < y < 0.98:
            y, dy = min(0.98, max(0.02, y)), -dy
        rewards = {"left": 0.0, "right": 0.0}
        for agent, edge, way in (("left", EDGE, -1), ("right", ASPECT - EDGE, 1)):
            if way * (x - edge) < 0 or dx * way < 0:
                continue
            off = (y - self.y[agent]) / LENGTH
            if abs(off) <= 1.15:  # back it goes, faster, and steeper at the paddle's ends
                x, dx, dy = edge, -dx * 1.04, dy * 0.5 + 0.014 * off
            elif not 0 <= x <= ASPECT:
                other = "right" if agent == "left" else "left"
                rewards = {agent: -1.0, other: 1.0}
                self.points[other] += 1
        self.ball, self.goes = (x, y), (dx, dy)
        if any(rewards.values()):
            self._serve()
        over = max(self.points.values()) == GOAL
        ended = {"left": over, "right": over, "__all__": over}
        return self._seen(), rewards, ended, dict.fromkeys(ended, False), {}

    def _seen(self) -> Any:
        (_, y), (dx, dy) = self.ball, self.goes
        return {
            "left": np.array([self.y["left"], y, -dx * 20, dy * 20], np.float32),
            "right": np.array([self.y["right"], y, dx * 20, dy * 20], np.float32),
        }


# What stands still is made once. Widths are parts of the stage's width, heights of its height.
COURT = [
    rect("court", 0, 0, 1, 1, fill="#16202b", depth=-9),
    line("net", [(0.5, 0.04), (0.5, 0.96)], stroke="#2b3b4c", width=0.008, depth=-8),
]
COLOURS = {"left": "#63d2b8", "right": "#f28d63"}


def draw(env: Any) -> list[Shape]:
    """The picture of this moment."""
    x, y = env.ball
    shapes = [*COURT, circle("ball", x / ASPECT, y, 0.022, fill="#f4f1e8", snap=env.served)]
    for agent, edge, at in (("left", EDGE - 0.03, 0.42), ("right", ASPECT - EDGE + 0.01, 0.58)):
        top = env.y[agent] - LENGTH
        shapes.append(
            rect(agent, edge / ASPECT, top, 0.0125, 2 * LENGTH, fill=COLOURS[agent], radius=0.01)
        )
        points = str(env.points[agent])
        shapes.append(
            text(f"{agent}-points", at, 0.12, points, size=0.1, fill="#5c7187", align="center")
        )
    return shapes


def score(env: Any) -> str:
    """The line above the stage."""
    return f"You {env.points['left']} : {env.points['right']} AI"
