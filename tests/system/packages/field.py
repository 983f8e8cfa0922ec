"""Two dots on a line. Everything that happens follows from the actions."""

from gymnasium.spaces import Box, Dict, Discrete

from igym.draw import circle, rect

STAY, LEFT, RIGHT, END = range(4)
KEYS = {"ArrowLeft": LEFT, "ArrowRight": RIGHT, " ": END}
AGENTS = ("a", "b")
STEP = 0.01


class Moves(Discrete):
    """Also END, which is for people: a random policy must not end a test early."""

    def contains(self, x):
        """Whether `x` may be chosen, if not drawn."""
        return x == END or super().contains(x)


class Field:
    """Whoever moves gets 1; whoever chooses END ends the episode."""

    def __init__(self, fails_in_reset=False, fails_at=-1, crowd=0, agents=AGENTS):
        self.agents_here = agents
        self.action_space = Dict({agent: Moves(3) for agent in agents})
        self.observation_space = Dict({agent: Box(0, 1, (2,)) for agent in agents})
        self.fails_in_reset, self.fails_at = fails_in_reset, fails_at
        self.crowd = crowd  # dots that move in every step

    def reset(self, *, seed=None, options=None):
        # A package is checked with small seeds; games have seeds of 32 bits and more.
        self.in_a_game = seed is not None and seed > 10_000
        if self.fails_in_reset and self.in_a_game:
            raise RuntimeError("the level file is gone")
        self.x = dict.fromkeys(self.agents_here, 0.5) | {"a": 0.25, "b": 0.75}
        self.steps = 0
        return self._seen(), {}

    def step(self, actions):
        if self.in_a_game and self.steps == self.fails_at:
            raise ValueError("a wall that is not there")
        self.steps += 1
        moves = {LEFT: -STEP, RIGHT: STEP}
        for agent, action in actions.items():
            self.x[agent] = min(1.0, max(0.0, self.x[agent] + moves.get(action, 0)))
        over = {"__all__": END in actions.values()}
        rewards = {agent: float(action in moves) for agent, action in actions.items()}
        return self._seen(), rewards, over, {"__all__": False}, {}

    def _seen(self):
        return {agent: [self.x[agent], self.steps % 30 / 30] for agent in self.agents_here}

    def draw(self):
        return [
            rect("ground", 0, 0.9, 1, 0.1, fill="#cccccc"),
            circle("a", self.x["a"], 0.5, 0.05, fill="#cc3333"),
            circle("b", self.x["b"], 0.5, 0.05, fill="#3333cc"),
            circle("clock", self.steps % 30 / 30, 0.1, 0.02, fill="#333333"),
            *(
                circle(f"fly_{n}", (n * 37 + self.steps * 7) % 997 / 997, n / 997, 0.01)
                for n in range(self.crowd)
            ),
        ]
