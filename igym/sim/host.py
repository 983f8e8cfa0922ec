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
from typing import Any

import gymnasium
import numpy as np

from igym.errors import BadPackage
from igym.sim import actions as forms
from igym.sim.actions import plain
from igym.sim.draw import Shape
from igym.sim.kinds import DictAgents, Kind, SingleAgent, Step, Turns, agent_ids, takes_turns
from igym.sim.look import Look, Pixels

__all__ = ["Sim", "Step", "plain"]


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
        draw: Callable[..., Sequence[Shape]] | None = None,
        hud: Callable[..., str] | None = None,
        scenery: Callable[..., Sequence[Shape]] | None = None,
        size: tuple[float, float] | None = None,
    ) -> None:
        """Adapt `env`, whose agents are `agents`.

        Raises:
            BadPackage: the seats are not the environment's agents, or it cannot be drawn.
        """
        self.env = env
        self.seats = tuple(str(agent) for agent in agents)
        known = agent_ids(env)
        if known and set(agents) <= known:
            if missing := known - set(agents):
                raise BadPackage(
                    f"The environment has agents without a seat: {sorted(map(str, missing))}.",
                    hint="Give every agent a seat: Human, Onnx(…) or Random().",
                )
            several = Turns if takes_turns(env) else DictAgents
            self._kind: Kind = several(env, dict(zip(self.seats, agents, strict=True)))
        elif len(agents) == 1 and not callable(env.action_space):  # a function is by agent
            self._kind = SingleAgent(env)
        else:
            raise BadPackage(
                f"The seats {list(self.seats)} are not agents of the environment"
                f" ({sorted(map(str, known)) or 'it has a single agent'})."
            )
        by_seat = dict(zip(self.seats, agents, strict=True))
        self.look = Look(env, by_seat, draw, hud, scenery, size)
        self.turns = self._kind.turns  # whether one seat acts at a time
        self.reset = self._kind.reset
        self.observe = self._kind.observe
        self.asked = self._kind.asked
        self.info = self._kind.info
        spaces = [self._kind.space(seat) for seat in self.seats]
        self._live = [forms.live(space) for space in spaces]
        self._fitted = [forms.fitted(space) for space in spaces]
        self._formed = any(self._live)  # else actions are what they are, as in most games

    # --- actions --------------------------------------------------------------------------------

    def fitted(self, actions: list[Any]) -> list[Any]:
        """The joint action as `step` takes it and a log keeps it: plain, and within its spaces.

        Raises:
            BadPackage: something in it cannot be an action of its seat.
        """
        if not self._formed:
            return actions
        return [
            action if form is None or action is None else form(action)
            for form, action in zip(self._fitted, actions, strict=True)
        ]

    def step(self, actions: Sequence[Any]) -> Step:
        """Take one action per seat, in the order of `seats`.

        None is no action: an environment of several agents does not hear of that one, and
        where nobody who is asked acts, nothing moves.
        """
        if self._formed:
            actions = [
                action if form is None or action is None else form(action)
                for form, action in zip(self._live, actions, strict=True)
            ]
        return self._kind.step(actions)

    def space(self, seat: str) -> gymnasium.Space[Any]:
        """A copy of the seat's action space, safe to seed and sample."""
        return copy.deepcopy(self._kind.space(seat))

    def size(self, seat: str) -> int | None:
        """How many numbers a policy network gives for the seat; None where that is not clear."""
        return forms.size(self._kind.space(seat))

    def takes(self, seat: str, action: Any) -> bool:
        """Whether the plain `action` is one of the seat's."""
        space, form = self._kind.space(seat), self._live[self.seats.index(seat)]
        try:
            return bool(space.contains(action if form is None else form(action)))
        except BadPackage:
            return False

    def fits(self, seat: str, action: Any) -> bool:
        """Whether `fitted` makes an action of the seat of it, by keeping it within bounds."""
        form = self._fitted[self.seats.index(seat)]
        try:
            return self.takes(seat, action if form is None else form(action))
        except BadPackage:
            return False

    def mask(self, seat: str) -> Any:
        """1 for each action of a discrete space that is allowed now; None = nothing says so."""
        if not isinstance(self._kind.space(seat), gymnasium.spaces.Discrete):
            return None
        return self._kind.mask(seat)

    def draw(self, seat: str = "") -> Sequence[Shape]:
        """What the environment looks like now, to that seat where they differ."""
        return self.look.shapes(self.env, seat)

    def hud(self, seat: str = "") -> str | None:
        """The line of text above the stage; None where the scene has none."""
        return self.look.hud(self.env, seat)

    def scenery(self, seat: str = "") -> Sequence[Shape]:
        """The shapes that stand for a whole episode."""
        return self.look.scenery(self.env, seat)

    def render(self, seat: str = "") -> Pixels:
        """What the environment itself renders of this moment (`Look.rendered`)."""
        return self.look.render(self.env, seat)

    # --- the state ------------------------------------------------------------------------------

    def digest(self) -> str:
        """What the seats observe, 16 hex digits for each: the same observations give the same.

        Two runs that were given the same actions are in the same state only if this agrees;
        where it does not, it tells the seat.
        """
        return "".join(self._digest(seat) for seat in self.seats)

    def _digest(self, seat: str) -> str:
        made = hashlib.blake2b(digest_size=8)
        try:
            seen = self._kind.observe(seat)
        except KeyError:
            seen = None  # an agent that is no longer observed
        _feed(made, seen)
        if self.turns:
            _feed(made, list(self.asked() or ()))
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
