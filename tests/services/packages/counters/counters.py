"""An environment of two agents that is over after ten steps, or fails as it is told."""

from gymnasium import spaces

from igym import draw


class Counters:
    """Each agent's count is the sum of its actions."""

    fails_in_reset = 0  # at the n-th reset, counted from 1
    fails_at = -1  # in this step of an episode, counted from 0
    length = 10

    def __init__(self):
        self.action_space = spaces.Dict({a: spaces.Discrete(3) for a in ("left", "right")})
        self.resets = 0

    def reset(self, *, seed):
        self.resets += 1
        if self.resets == self.fails_in_reset:
            raise RuntimeError("no counters left")
        self.steps, self.counts = 0, {"left": 0, "right": 0}
        return dict(self.counts), {}

    def step(self, actions):
        if self.steps == self.fails_at:
            raise ValueError("cannot count any further")
        self.steps += 1
        for agent, action in actions.items():
            self.counts[agent] += action
        done = dict.fromkeys([*actions, "__all__"], self.steps == self.length)
        cut = dict.fromkeys([*actions, "__all__"], False)
        return dict(self.counts), dict.fromkeys(actions, 0.5), done, cut, {}

    def draw(self):
        return [
            draw.circle(agent, 0.3 + 0.01 * count, 0.5, 0.1, fill="#fff")
            for agent, count in self.counts.items()
        ]
