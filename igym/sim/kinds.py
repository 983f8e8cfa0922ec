"""How each family of environments takes actions and gives observations, seat by seat.

    SingleAgent   Gymnasium: one seat
    DictAgents    dicts by agent id: PettingZoo parallel and what speaks like it
    Turns         PettingZoo AEC: one agent acts at a time

Environments are known by what they can do, so PettingZoo need not be installed. None is no
action: where nobody who is asked acts, the environment does not move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium
import numpy as np

#: What the environment says of one seat with a step: it ended, or was cut off.
ENDED, CUT = 1, 2


class Step(NamedTuple):
    """What one step gave. `rewards` and `ends` in the order of `Sim.seats`."""

    rewards: tuple[float, ...]
    terminated: bool
    truncated: bool
    ends: tuple[int, ...] = ()  # of each seat, ENDED and CUT added up; empty = as the episode

    @property
    def over(self) -> bool:
        """Whether the episode has ended."""
        return self.terminated or self.truncated


def _mask(seen: Any, info: Any) -> Any:
    """The mask of allowed actions that came with an observation, None if there is none."""
    if _may_hold(seen) and "action_mask" in seen:
        return seen["action_mask"]
    if info and _may_hold(info) and "action_mask" in info:
        return info["action_mask"]
    return None


#: What nearly all observations are. To ask whether they are a `Mapping` takes ten times as long.
_PLAIN = (np.ndarray, int, float, tuple)


def _may_hold(place: Any) -> bool:
    """Whether it is a mapping."""
    return isinstance(place, dict) or (not isinstance(place, _PLAIN) and isinstance(place, Mapping))


class Kind:
    """One environment of some family."""

    turns = False  # whether one agent acts at a time

    def __init__(self, env: Any) -> None:
        self.env = env

    def reset(self, seed: int) -> None:
        """Begin an episode."""
        raise NotImplementedError

    def step(self, actions: Sequence[Any]) -> Step:
        """Take one action per seat; None is no action."""
        raise NotImplementedError

    def asked(self) -> tuple[bool, ...] | None:
        """Which seats act at the next step; None = all of them."""
        return None

    def observe(self, seat: str) -> Any:
        """What the seat sees now, or saw last. Raises `KeyError` where it has seen nothing."""
        raise NotImplementedError

    def mask(self, seat: str) -> Any:
        """Which actions the environment says are allowed now; None = it does not say."""
        return None

    def info(self, seat: str) -> Mapping[str, Any]:
        """The environment's info for the seat after its last step; empty where there is none."""
        return {}

    def seen(self) -> Any:
        """What this holds beside the environment, for `see`."""
        raise NotImplementedError

    def see(self, seen: Any) -> None:
        """Stand where `seen` was called."""
        raise NotImplementedError

    def space(self, seat: str) -> gymnasium.Space[Any]:
        """The seat's action space."""
        raise NotImplementedError


class SingleAgent(Kind):
    """A Gymnasium environment with one seat."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self._seen: Any = None
        self._mask: Any = None
        self._info: Any = {}

    def reset(self, seed: int) -> None:
        self._seen, self._info = self.env.reset(seed=seed)
        self._mask = _mask(self._seen, self._info)

    def step(self, actions: Sequence[Any]) -> Step:
        if actions[0] is None:
            return Step((0.0,), False, False)
        self._seen, reward, terminated, truncated, self._info = self.env.step(actions[0])
        self._mask = _mask(self._seen, self._info)
        return Step((float(reward),), bool(terminated), bool(truncated))

    def observe(self, seat: str) -> Any:
        return self._seen

    def mask(self, seat: str) -> Any:
        return self._mask

    def info(self, seat: str) -> Mapping[str, Any]:
        return self._info if isinstance(self._info, Mapping) else {}

    def seen(self) -> Any:
        return self._seen, self._mask

    def see(self, seen: Any) -> None:
        self._seen, self._mask = seen

    def space(self, seat: str) -> gymnasium.Space[Any]:
        space: gymnasium.Space[Any] = self.env.action_space
        return space


class _ManyAgents(Kind):
    """What environments of several agents have in common: seat -> agent id."""

    def __init__(self, env: Any, agents: Mapping[str, Any]) -> None:
        super().__init__(env)
        self._agents = dict(agents)
        self._ids = tuple(self._agents.values())
        self._seen: dict[Any, Any] = {}
        self._masks: dict[Any, Any] = {}
        self._infos: Mapping[Any, Any] = {}
        self._cut = False  # whether any agent was truncated

    def _nothing(self) -> Step:
        return Step((0.0,) * len(self._agents), False, False)

    def _ends(self, said: Sequence[int], over: int) -> tuple[int, ...]:
        """`Step.ends` of what was said of each seat, where that differs from the episode's."""
        ends = tuple(said)
        if over and not any(ends):
            return ()
        return () if all(one == over for one in ends) else ends

    def _noted(self, seen: Mapping[Any, Any], infos: Mapping[Any, Any]) -> None:
        self._seen.update(seen)
        self._infos = infos
        for agent, observation in seen.items():
            self._masks[agent] = _mask(observation, infos.get(agent))

    def observe(self, seat: str) -> Any:
        return self._seen[self._agents[seat]]

    def mask(self, seat: str) -> Any:
        return self._masks.get(self._agents[seat])

    def info(self, seat: str) -> Mapping[str, Any]:
        found = self._infos.get(self._agents[seat])
        return found if isinstance(found, Mapping) else {}

    def space(self, seat: str) -> gymnasium.Space[Any]:
        agent = self._agents[seat]
        space = self.env.action_space
        if callable(space):
            chosen: gymnasium.Space[Any] = space(agent)
            return chosen
        return space[agent] if isinstance(space, gymnasium.spaces.Dict) else space


class DictAgents(_ManyAgents):
    """An environment whose reset and step speak in dicts by agent id.

    Where it keeps a list `agents` of those that are alive, as PettingZoo does, only they act,
    and the episode ends when none is left. Elsewhere `terminateds` and `truncateds` may have
    an `__all__`; without it the episode ends when every agent's own flag is set. An agent
    missing from a dict has reward 0 and keeps its last observation.
    """

    def __init__(self, env: Any, agents: Mapping[str, Any]) -> None:
        super().__init__(env, agents)
        self._lists = False  # whether it keeps a list of live agents

    def _alive(self) -> Sequence[Any]:
        alive = getattr(self.env, "agents", None)
        if isinstance(alive, list | tuple | set) and set(self._agents.values()) >= set(alive):
            return list(alive)
        return ()

    def reset(self, seed: int) -> None:
        seen, infos = self.env.reset(seed=seed)
        self._seen, self._masks, self._cut = {}, {}, False
        self._noted(seen, infos)
        self._lists = bool(self._alive())  # a base class may bring a list that nobody keeps

    def asked(self) -> tuple[bool, ...] | None:
        if not self._lists:
            return None
        alive = self._alive()
        return tuple(agent in alive for agent in self._agents.values())

    def step(self, actions: Sequence[Any]) -> Step:
        joint = self._joint(actions)
        if not joint:
            return self._nothing()
        seen, rewards, terminateds, truncateds, infos = self.env.step(joint)
        self._noted(seen, infos)
        given = tuple([float(rewards.get(agent, 0.0)) for agent in self._ids])
        if not self._lists and not any(terminateds.values()) and not any(truncateds.values()):
            return Step(given, False, False)  # as nearly all steps are
        terminated, truncated = self._over(terminateds, truncateds)
        said = [
            ENDED * bool(terminateds.get(agent)) | CUT * bool(truncateds.get(agent))
            for agent in self._ids
        ]
        ends = self._ends(said, ENDED * terminated | CUT * truncated)
        return Step(given, terminated, truncated, ends)

    def _joint(self, actions: Sequence[Any]) -> dict[Any, Any]:
        """Agent -> action, of those that act."""
        joint = dict(zip(self._ids, actions, strict=True))
        asked = self.asked()
        if asked is not None:
            for agent, acts in zip(self._ids, asked, strict=True):
                if not acts:
                    del joint[agent]
        for action in actions:
            if action is None:
                return {agent: action for agent, action in joint.items() if action is not None}
        return joint

    def _over(
        self, terminateds: Mapping[Any, Any], truncateds: Mapping[Any, Any]
    ) -> tuple[bool, bool]:
        if "__all__" in terminateds or "__all__" in truncateds:
            return bool(terminateds.get("__all__")), bool(truncateds.get("__all__"))
        # Without it: over once every agent is one or the other; cut off if any of them was.
        if self._lists:
            self._cut |= any(truncateds.values())
            agents, cut_off = set(self._alive()), self._cut
        else:
            agents, cut_off = set(terminateds) | set(truncateds), any(truncateds.values())
            if not agents:
                return False, False
        if not all(terminateds.get(a) or truncateds.get(a) for a in agents):
            return False, False
        return not cut_off, cut_off

    def seen(self) -> Any:
        return self._seen, self._masks, self._cut, self._lists

    def see(self, seen: Any) -> None:
        self._seen, self._masks, self._cut, self._lists = seen


class Turns(_ManyAgents):
    """A PettingZoo AEC environment: only the agent on turn acts.

    A seat's reward is given with the step from which it comes, to everybody whom it concerns;
    an agent's rewards between two of its own actions add up to what `last()` says. Agents that
    have ended are stepped out of the game at once, with None, as PettingZoo wants it.
    """

    turns = True

    def reset(self, seed: int) -> None:
        self.env.reset(seed=seed)
        self._seen, self._masks, self._cut = {}, {}, False
        self._look()

    @property
    def on_turn(self) -> Any:
        """The agent that acts next; None when nobody is left."""
        return self.env.agent_selection if self.env.agents else None

    def asked(self) -> tuple[bool, ...] | None:
        on_turn = self.on_turn
        return tuple(agent == on_turn for agent in self._agents.values())

    def step(self, actions: Sequence[Any]) -> Step:
        agent = self.on_turn
        joint = dict(zip(self._agents.values(), actions, strict=True))
        if joint.get(agent) is None:
            return self._nothing()
        before = self._totals() | {agent: 0.0}  # the total of who acts begins anew
        stood = self._flags()
        self.env.step(joint[agent])
        after, stand = self._totals(), self._flags()
        said = [
            0 if stood.get(a) else stand.get(a, 0) for a in self._agents.values()
        ]  # new with this step
        self._look()
        flags = [(bool(self.env.terminations[a]), self.env.truncations[a]) for a in self._left()]
        self._cut |= any(cut for _, cut in flags)
        over = all(ended or cut for ended, cut in flags)
        if self._bury():
            self._look()
            over = over or not self.env.agents
        return Step(
            tuple(float(after.get(a, 0.0) - before.get(a, 0.0)) for a in self._agents.values()),
            over and not self._cut,
            over and self._cut,
            self._ends(said, over * (CUT if self._cut else ENDED)),
        )

    def _flags(self) -> dict[Any, int]:
        """Agent -> ENDED and CUT, of those who are still there."""
        env = self.env
        return {
            a: ENDED * bool(env.terminations[a]) | CUT * bool(env.truncations[a])
            for a in self._left()
        }

    def _left(self) -> list[Any]:
        return [agent for agent in self.env.agents if agent in set(self._agents.values())]

    def _totals(self) -> dict[Any, float]:
        """Agent -> rewards since its last action; of this step alone where that is not kept."""
        totals = getattr(self.env, "_cumulative_rewards", None)
        return dict(self.env.rewards if totals is None else totals)

    def _bury(self) -> bool:
        """Step agents out that have ended and are on turn. Whether there was one."""
        for n in range(2 * len(self._agents)):
            agent = self.on_turn
            if agent is None or not (self.env.terminations[agent] or self.env.truncations[agent]):
                return n > 0
            self.env.step(None)
        return True

    def _look(self) -> None:
        # All of them and at once: whoever asks later must not disturb the environment.
        left = self._left()
        self._noted({agent: self.env.observe(agent) for agent in left}, self.env.infos)

    def seen(self) -> Any:
        return self._seen, self._masks, self._cut

    def see(self, seen: Any) -> None:
        self._seen, self._masks, self._cut = seen


def takes_turns(env: Any) -> bool:
    """Whether it is an AEC environment."""
    return all(callable(getattr(env, name, None)) for name in ("last", "observe", "agent_iter"))


def agent_ids(env: Any) -> set[Any]:
    """The ids by which `env` knows its agents; empty for a single-agent environment."""
    if isinstance(env.action_space, gymnasium.spaces.Dict):
        return set(env.action_space.spaces)
    return set(getattr(env, "possible_agents", None) or getattr(env, "_agent_ids", None) or ())
