"""How an environment is seen: by shapes, or by the pictures it renders; alike or by seat.

Knows neither wire nor image format. A function that takes a seat (a parameter named `seat`, or
one more that has no default) makes one picture for each seat, else there is one for all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from igym.errors import BadPackage
from igym.sim.draw import Shape, scaled

#: The longest side of a rendered picture. A larger one takes longer to encode than a tick.
MOST_PX = 2048


class Pixels(NamedTuple):
    """A rendered picture: rows from the top, three bytes a pixel. A copy of the environment's."""

    width: int
    height: int
    rgb: bytes


def pixels(seen: Any) -> Pixels:
    """What `render()` gave, copied.

    Raises:
        BadPackage: it is not a picture; says what it is.
    """
    if not isinstance(seen, np.ndarray):
        what = f"{type(seen).__name__}" if seen is not None else "nothing (None)"
    elif seen.ndim != 3 or seen.shape[2] != 3:
        what = f"an array of shape {seen.shape}"
    elif seen.dtype != np.uint8:
        what = f"an array of {seen.dtype}"
    elif not all(1 <= side <= MOST_PX for side in seen.shape[:2]):
        what = f"a picture of {seen.shape[1]} x {seen.shape[0]} pixels, and {MOST_PX} is the most"
    else:
        return Pixels(seen.shape[1], seen.shape[0], seen.tobytes())
    raise BadPackage(
        f"The environment's render() gave {what}.",
        hint='It has to be an array of height x width x 3 and uint8: render_mode="rgb_array".',
    )


def _method(env: Any, name: str) -> Callable[..., Any] | None:
    """`env`'s method of that name, behind Gymnasium's wrappers too."""
    for one in (env, getattr(env, "unwrapped", None)):
        found = getattr(one, name, None)
        if callable(found):
            return found  # type: ignore[no-any-return]
    return None


def _name(env: Any) -> str:
    """What its author calls it: not a wrapper's name."""
    return type(getattr(env, "unwrapped", env)).__name__


def takes_seat(function: Callable[..., Any] | None, given: int) -> bool:
    """Whether `function` wants a seat beside the `given` other arguments."""
    if function is None:
        return False
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some callables of C hide theirs
        return False
    needed = [
        one
        for one in parameters
        if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    return len(needed) > given or any(one.name == "seat" for one in parameters)


class Look:
    """What people see of one scene's environment. Given the environment with each call."""

    def __init__(
        self,
        env: Any,
        agents: Mapping[str, Any],
        draw: Callable[..., Any] | None,
        hud: Callable[..., Any] | None,
        scenery: Callable[..., Any] | None = None,
        size: tuple[float, float] | None = None,
    ) -> None:
        """Find out how `env` can be seen. `agents` are by seat, `size` is in the author's units.

        Raises:
            BadPackage: it cannot be seen at all.
        """
        self._agents = dict(agents)
        self._draw = draw
        self._hud = hud
        self._scenery = scenery
        self._size = size
        own = _method(env, "draw")
        self.rendered = draw is None and own is None  # by pixels, not by shapes
        if self.rendered:
            self._can_render(env)
            self._seen_by_seat = _method(env, "render_for") is not None
        elif draw is not None:
            self._seen_by_seat = takes_seat(draw, 1)
        else:
            self._seen_by_seat = takes_seat(own, 0)
        self._hud_by_seat = takes_seat(hud, 1)
        self._scenery_by_seat = takes_seat(scenery, 1)
        #: Whether seats may see different things.
        self.by_seat = self._seen_by_seat or self._hud_by_seat or self._scenery_by_seat

    def _can_render(self, env: Any) -> None:
        if _method(env, "render_for") is not None:
            return
        mode = getattr(env, "render_mode", "rgb_array")
        if not callable(getattr(env, "render", None)) or mode is None:
            raise BadPackage(
                f"{_name(env)} cannot be drawn.",
                hint="Give play(…, draw=function) or the environment a method draw(), or make it "
                'with render_mode="rgb_array" if it has a render() of its own.',
            )
        if mode != "rgb_array":
            raise BadPackage(
                f"{_name(env)} renders as {mode!r}, which cannot be sent to a browser.",
                hint='Make it with render_mode="rgb_array".',
            )

    def _agent(self, seat: str) -> Any:
        """The author's name of a seat; of the first one where it does not matter."""
        return self._agents[seat] if seat else next(iter(self._agents.values()))

    def _scaled(self, shapes: Sequence[Shape]) -> Sequence[Shape]:
        if self._size is None:
            return shapes
        width, height = self._size
        return [scaled(shape, width, height) for shape in shapes]

    def shapes(self, env: Any, seat: str = "") -> Sequence[Shape]:
        """What is drawn now, as that seat sees it; nothing where the environment renders."""
        if self.rendered:
            return ()
        told = (self._agent(seat),) if self._seen_by_seat else ()
        if self._draw is not None:
            return self._scaled(self._draw(env, *told))
        own = _method(env, "draw")
        assert own is not None
        return self._scaled(own(*told))

    def scenery(self, env: Any, seat: str = "") -> Sequence[Shape]:
        """What stands for a whole episode. Called once in each."""
        if self._scenery is None:
            return ()
        told = (self._agent(seat),) if self._scenery_by_seat else ()
        return self._scaled(self._scenery(env, *told))

    def hud(self, env: Any, seat: str = "") -> str | None:
        """The line above the stage; None where the scene has none."""
        if self._hud is None:
            return None
        told = (self._agent(seat),) if self._hud_by_seat else ()
        return str(self._hud(env, *told))

    def render(self, env: Any, seat: str = "") -> Pixels:
        """What the environment itself shows of this moment.

        Raises:
            BadPackage: it is not a picture.
        """
        render_for = _method(env, "render_for")
        return pixels(render_for(self._agent(seat)) if render_for else env.render())
