"""Small environments of several agents, as PettingZoo wants them: agents die, turns are taken."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv

from igym import draw


class Race(ParallelEnv):
    """Each agent walks; who reaches 5 is done, who is still on the way after `limit` is cut off."""

    metadata: ClassVar = {"name": "race_v0"}

    def __init__(self, limit: int = 8, agents: tuple[str, ...] = ("ann", "bob", "cat")) -> None:
        self.possible_agents = list(agents)
        self.limit = limit

    @functools.cache  # noqa: B019 - PettingZoo wants the same object each time
    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return spaces.Box(0, 20, (2,), np.float32)

    @functools.cache  # noqa: B019
    def action_space(self, agent: str) -> spaces.Space[Any]:
        return spaces.Discrete(3)

    def _seen(self) -> dict[str, Any]:
        return {a: np.array([self.at[a], self.steps], np.float32) for a in self.agents}

    def reset(self, seed: int | None = None, options: Any = None) -> tuple[Any, Any]:
        self.agents = self.possible_agents[:]
        self.at, self.steps = dict.fromkeys(self.agents, 0), 0
        return self._seen(), {a: {} for a in self.agents}

    def step(self, actions: dict[str, int]) -> tuple[Any, ...]:
        assert set(actions) <= set(self.agents), "an action of somebody who is out"
        self.steps += 1
        for agent, action in actions.items():
            self.at[agent] += int(action)
        seen = self._seen()
        rewards = {a: np.float32(actions.get(a, 0)) for a in self.agents}
        done = {a: self.at[a] >= 5 for a in self.agents}
        cut = {a: not done[a] and self.steps >= self.limit for a in self.agents}
        infos: dict[str, Any] = {a: {} for a in self.agents}
        self.agents = [a for a in self.agents if not (done[a] or cut[a])]
        return seen, rewards, done, cut, infos

    def draw(self) -> list[draw.Shape]:
        return [draw.circle(a, self.at[a] / 20, 0.5, 0.05) for a in self.possible_agents]


class Nim(AECEnv):
    """Take 1 to 3 stones in turn. Who takes the last one wins; who takes too many is out.

    The winner's reward is 1; everybody who is still in gets 0.1 for each turn of another, so
    that rewards come between one's own turns too.
    """

    metadata: ClassVar = {"name": "nim_v0", "is_parallelizable": False}

    def __init__(self, stones: int = 7, players: int = 3, turns: int = 20) -> None:
        self.possible_agents = [f"player_{n}" for n in range(players)]
        self.stones, self.turns = stones, turns

    @functools.cache  # noqa: B019
    def observation_space(self, agent: str) -> spaces.Space[Any]:
        # A mask is only there with an observation that is a dict.
        mask = spaces.Box(0, 1, (4,), np.int8)
        return spaces.Dict({"observation": spaces.Box(0, 20, (1,), np.int64), "action_mask": mask})

    @functools.cache  # noqa: B019
    def action_space(self, agent: str) -> spaces.Space[Any]:
        return spaces.Discrete(4)

    def observe(self, agent: str) -> Any:
        mask = np.array([0] + [int(n <= self.left) for n in (1, 2, 3)], np.int8)
        return {"observation": np.array([self.left], np.int64), "action_mask": mask}

    def reset(self, seed: int | None = None, options: Any = None) -> None:
        self.agents = self.possible_agents[:]
        self.left = self.stones if seed is None else self.stones + seed % 3
        self.taken = 0
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, Any] = {a: {} for a in self.agents}
        self.agent_selection = self.agents[0]
        self._skip_agent_selection = None

    def step(self, action: Any) -> None:
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        self.taken += 1
        for other in self.agents:
            if other != agent:
                self.rewards[other] = 0.1
        after = self.agents[(self.agents.index(agent) + 1) % len(self.agents)]
        if not 1 <= action <= min(3, self.left):
            self.terminations[agent] = True
            self.rewards[agent] = -1.0
        else:
            self.left -= int(action)
        if self.left == 0:
            self.rewards[agent] = 1.0
            self.terminations = dict.fromkeys(self.agents, True)
        elif self.taken >= self.turns:
            self.truncations = dict.fromkeys(self.agents, True)
        self._accumulate_rewards()
        self.agent_selection = after
        self._deads_step_first()

    def draw(self) -> list[draw.Shape]:
        return [draw.circle(f"s{n}", n / 20, 0.5, 0.02) for n in range(self.left)]
