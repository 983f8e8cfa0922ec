"""One environment of any kind, driven seat by seat. Knows no time, network or store.

Exceptions of the environment pass through unchanged: whoever runs the game knows scene,
episode and tick, and says so.
"""

from __future__ import annotations

import copy
import hashlib
import pickle
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium
import numpy as np

from igym.errors import BadPackage
from igym.sim.draw import Shape


@dataclass(frozen=True, slots=True)
class Step:
    """What one step gave. `rewards` in the order of `Sim.seats`."""

    rewards: tuple[float, ...]
    terminated: bool
    truncated: bool

    @property
    def over(self) -> bool:
        """Whether the episode has ended."""
        return self.terminated or self.truncated


class Kind(Protocol):
    """How one family of environments takes actions and gives observations, by seat."""

    env: Any

    def reset(self, seed: int) -> None: ...
    def step(self, actions: Sequence[Any]) -> Step: ...
    def observe(self, seat: str) -> Any: ...
    def seen(self) -> Any: ...
    def see(self, seen: Any) -> None: ...
    def space(self, seat: str) -> gymnasium.Space[Any]: ...


class SingleAgent:
    """A Gymnasium environment with one seat."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self._seen: Any = None

    def reset(self, seed: int) -> None:
        self._seen, _ = self.env.reset(seed=seed)

    def step(self, actions: Sequence[Any]) -> Step:
        self._seen, reward, terminated, truncated, _ = self.env.step(actions[0])
        return Step((float(reward),), bool(terminated), bool(truncated))

    def observe(self, seat: str) -> Any:
        return self._seen

    def seen(self) -> Any:
        return self._seen

    def see(self, seen: Any) -> None:
        self._seen = seen

    def space(self, seat: str) -> gymnasium.Space[Any]:
        space: gymnasium.Space[Any] = self.env.action_space
        return space


class DictAgents:
    """An environment whose reset and step speak in dicts by agent id.

    `terminateds` and `truncateds` may have an `__all__`; without it the episode ends when
    every agent's own flag is set. An agent missing from a dict has reward 0 and keeps its
    last observation.
    """

    def __init__(self, env: Any, agents: Mapping[str, Any]) -> None:
        self.env = env
        self._agents = dict(agents)  # seat -> agent id
        self._seen: dict[Any, Any] = {}

    def reset(self, seed: int) -> None:
        seen, _ = self.env.reset(seed=seed)
        self._seen = dict(seen)

    def step(self, actions: Sequence[Any]) -> Step:
        joint = dict(zip(self._agents.values(), actions, strict=True))
        joint = {agent: action for agent, action in joint.items() if action is not None}
        seen, rewards, terminateds, truncateds, _ = self.env.step(joint)
        self._seen.update(seen)
        terminated, truncated = self._over(terminateds, truncateds)
        return Step(
            tuple(float(rewards.get(agent, 0.0)) for agent in self._agents.values()),
            terminated,
            truncated,
        )

    def _over(
        self, terminateds: Mapping[Any, Any], truncateds: Mapping[Any, Any]
    ) -> tuple[bool, bool]:
        if "__all__" in terminateds or "__all__" in truncateds:
            return bool(terminateds.get("__all__")), bool(truncateds.get("__all__"))
        # Without it: over once every agent is one or the other; cut off if any of them was.
        agents = set(terminateds) | set(truncateds)
        if not agents or not all(terminateds.get(a) or truncateds.get(a) for a in agents):
            return False, False
        cut_off = any(truncateds.values())
        return not cut_off, cut_off

    def observe(self, seat: str) -> Any:
        return self._seen[self._agents[seat]]

    def seen(self) -> Any:
        return self._seen

    def see(self, seen: Any) -> None:
        self._seen = dict(seen)

    def space(self, seat: str) -> gymnasium.Space[Any]:
        agent = self._agents[seat]
        space = self.env.action_space
        if callable(space):
            chosen: gymnasium.Space[Any] = space(agent)
            return chosen
        return space[agent] if isinstance(space, gymnasium.spaces.Dict) else space


def _agent_ids(env: Any) -> set[Any]:
    """The ids by which `env` knows its agents; empty for a single-agent environment."""
    if isinstance(env.action_space, gymnasium.spaces.Dict):
        return set(env.action_space.spaces)
    return set(getattr(env, "possible_agents", None) or getattr(env, "_agent_ids", None) or ())


def plain(value: Any) -> Any:
    """`value` without numpy: what JSON and msgpack can hold."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return value


def _feed(made: Any, value: Any) -> None:
    """Add `value` to a hash, so that equal values of the same types add the same bytes."""
    if isinstance(value, np.ndarray):
        made.update(f"a{value.dtype.str}{value.shape}".encode())
        made.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, np.generic):
        _feed(made, value.item())
    elif isinstance(value, Mapping):
        made.update(b"{%d" % len(value))
        for key in sorted(value, key=str):
            _feed(made, str(key))
            _feed(made, value[key])
    elif isinstance(value, list | tuple):
        made.update(b"[%d" % len(value))
        for one in value:
            _feed(made, one)
    elif isinstance(value, float):
        made.update(b"f" + struct.pack("<d", value))
    elif isinstance(value, bytes):
        made.update(b"b%d:" % len(value) + value)
    elif isinstance(value, str | int | None):  # bool is an int
        made.update(f"{type(value).__name__}:{value};".encode())
    else:
        made.update(type(value).__qualname__.encode())  # what it holds cannot be known


class Sim:
    """An environment with named seats, a picture and a line of text.

    `seats` is the order of everything that is by seat.
    """

    def __init__(
        self,
        env: Any,
        agents: Sequence[Any],
        draw: Callable[[Any], Sequence[Shape]] | None = None,
        hud: Callable[[Any], str] | None = None,
    ) -> None:
        """Adapt `env`, whose agents are `agents`.

        Raises:
            BadPackage: the seats are not the environment's agents, or it cannot be drawn.
        """
        self.env = env
        self.seats = tuple(str(agent) for agent in agents)
        known = _agent_ids(env)
        if known and set(agents) <= known:
            if missing := known - set(agents):
                raise BadPackage(
                    f"The environment has agents without a seat: {sorted(map(str, missing))}.",
                    hint="Give every agent a seat: Human, Onnx(…) or Random().",
                )
            self._kind: Kind = DictAgents(env, dict(zip(self.seats, agents, strict=True)))
        elif len(agents) == 1:
            self._kind = SingleAgent(env)
        else:
            raise BadPackage(
                f"The seats {list(self.seats)} are not agents of the environment"
                f" ({sorted(map(str, known)) or 'it has a single agent'})."
            )
        if draw is None and not callable(getattr(env, "draw", None)):
            raise BadPackage(
                f"{type(env).__name__} cannot be drawn.",
                hint="Give play(…, draw=function) or the environment a method draw().",
            )
        self._draw = draw or (lambda e: e.draw())
        self._hud = hud
        self.reset = self._kind.reset
        self.observe = self._kind.observe

    def step(self, actions: Sequence[Any]) -> Step:
        """Take one action per seat, in the order of `seats`.

        None is no action: an environment of several agents does not hear of that one.
        """
        return self._kind.step(actions)

    def space(self, seat: str) -> gymnasium.Space[Any]:
        """A copy of the seat's action space, safe to seed and sample."""
        return copy.deepcopy(self._kind.space(seat))

    def draw(self) -> Sequence[Shape]:
        """What the environment looks like now."""
        return self._draw(self.env)

    def hud(self) -> str | None:
        """The line of text above the stage; None where the scene has none."""
        return str(self._hud(self.env)) if self._hud else None

    # --- the state ------------------------------------------------------------------------------

    def digest(self) -> str:
        """What all seats observe, as 16 hex digits: the same observations give the same.

        Two runs that were given the same actions are in the same state only if this agrees.
        """
        made = hashlib.blake2b(digest_size=8)
        for seat in self.seats:
            try:
                seen = self._kind.observe(seat)
            except KeyError:
                seen = None  # an agent that is no longer observed
            _feed(made, seen)
        return made.hexdigest()

    def save(self, how: str) -> bytes:
        """The state, to be loaded into another `Sim` of the same scene.

        Args:
            how: "state" uses the environment's own `get_state`, "pickle" the whole object.

        Raises:
            Whatever the environment or pickle raises.
        """
        whole = self.env.get_state() if how == "state" else self.env
        return pickle.dumps((how, whole, self._kind.seen()), protocol=5)

    def load(self, saved: bytes) -> None:
        """Go on from what `save` returned. Never give it bytes that came over a wire.

        Raises:
            Whatever the environment or pickle raises.
        """
        how, whole, seen = pickle.loads(saved)
        if how == "state":
            self.env.set_state(whole)
        else:
            self.env = self._kind.env = whole
        self._kind.see(seen)

    def close(self) -> None:
        """Give back what the environment holds, if it knows how."""
        close = getattr(self.env, "close", None)
        if callable(close):
            close()
