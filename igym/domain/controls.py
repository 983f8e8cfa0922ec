"""What a person acts with beside single keys: pointer, gamepad, one action per press.

Knows no browser and no environment. Positions are parts of the stage, from its left top
corner; sticks go from -1 to 1, right and down being positive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from igym.domain.keymap import Chord, KeyMap, chord_keys
from igym.errors import BadPackage

#: Whether a key acts as long as it is held, or once each time it goes down.
Press = Literal["held", "once"]

#: When a pointer acts: wherever it is over the stage, or only while it is pressed.
When = Literal["over", "down"]

#: Buttons of the web's standard gamepad, in its order, then the left stick as four buttons.
BUTTONS = (
    "a", "b", "x", "y", "lb", "rb", "lt", "rt", "back", "start", "ls", "rs",
    "up", "down", "left", "right", "home",
    "stick_up", "stick_down", "stick_left", "stick_right",
)  # fmt: skip

#: What a gamepad holds where its author does not say.
_USUAL: Mapping[str, str] = {
    "up": "ArrowUp", "down": "ArrowDown", "left": "ArrowLeft", "right": "ArrowRight",
    "stick_up": "ArrowUp", "stick_down": "ArrowDown",
    "stick_left": "ArrowLeft", "stick_right": "ArrowRight", "a": " ",
}  # fmt: skip

#: From one end of a range to the other.
Range = tuple[float, float]


def _along(ranges: Sequence[Range | None], parts: Sequence[float]) -> list[float]:
    """A number for each range that is given, `part` of the way along it."""
    return [
        one[0] + (one[1] - one[0]) * part
        for one, part in zip(ranges, parts, strict=True)
        if one is not None
    ]


def _check(what: str, act: object, x: object, y: object) -> None:
    ranges = [one for one in (x, y) if one is not None]
    if act is not None and (ranges or not callable(act)):
        raise BadPackage(f"{what}: give a function, or x= and y= ranges, not both.")
    for one in ranges:
        if not isinstance(one, tuple | list) or len(one) != 2:
            raise BadPackage(f"{what}: {one!r} is not a range.", hint="Write x=(-1, 1).")


@dataclass(frozen=True, slots=True)
class Touch:
    """One on-screen button for phones; holding it holds `chord`."""

    label: str
    chord: Chord
    side: Literal["left", "right"] = "left"

    def __post_init__(self) -> None:
        if self.side not in ("left", "right"):
            raise BadPackage(f'Touch(side={self.side!r}) must be "left" or "right".')


@dataclass(frozen=True, slots=True)
class Pointer:
    """The mouse, a finger or a pen over the stage.

    Args:
        act: act(x, y, down) -> action, or None for none. x and y are in [0, 1].
        x, y: instead of `act`, for a Box: the number at the left (top) edge of the stage and at
            the right (bottom) one. The action is a list of one number for each of them given.
        when: "over" acts wherever the pointer is over the stage, "down" only while it is
            pressed. With play(press="once") it acts once each time it is pressed.
    """

    act: Callable[[float, float, bool], Any] | None = None
    x: Range | None = None
    y: Range | None = None
    when: When = "over"

    def __post_init__(self) -> None:
        _check("Pointer", self.act, self.x, self.y)
        if self.act is None and self.x is None and self.y is None:
            raise BadPackage(
                "Pointer() says nothing about actions.",
                hint="Give Pointer(function of x, y, down), or ranges: Pointer(x=(-2, 2)).",
            )
        if self.when not in get_args(When):
            raise BadPackage(f'Pointer(when={self.when!r}) is not "over" or "down".')

    def action(self, x: float, y: float, down: bool) -> Any:
        """What it means there; None is no action."""
        if self.act is not None:
            return self.act(x, y, down)
        return _along((self.x, self.y), (x, y))


@dataclass(frozen=True, slots=True)
class Gamepad:
    """A gamepad: buttons that hold keys of the map, and sticks.

    Args:
        buttons: button -> the key or keys it holds; names as in `BUTTONS`. Cross and left stick
            hold the arrow keys and "a" the space bar, where the map has them, if this is empty.
        act: act(left_x, left_y, right_x, right_y) -> action, or None for none. Sticks are in
            [-1, 1].
        x, y: instead of `act`, for a Box: the numbers at both ends of the left stick.
        dead: a stick nearer to its middle than this is in it.
    """

    buttons: Mapping[str, Chord] = field(default_factory=dict)
    act: Callable[[float, float, float, float], Any] | None = None
    x: Range | None = None
    y: Range | None = None
    dead: float = 0.15

    def __post_init__(self) -> None:
        _check("Gamepad", self.act, self.x, self.y)
        odd = [name for name in self.buttons if name not in BUTTONS]
        if odd:
            raise BadPackage(
                f"Gamepad has no button {odd[0]!r}.", hint=f"Buttons are {', '.join(BUTTONS)}."
            )
        if not 0 <= self.dead < 1:
            raise BadPackage(f"Gamepad(dead={self.dead}) is not between 0 and 1.")

    @property
    def sticks(self) -> bool:
        """Whether the sticks have a meaning of their own."""
        return self.act is not None or self.x is not None or self.y is not None

    @property
    def keys(self) -> set[str]:
        """The keys that the author's buttons hold."""
        return {key for chord in self.buttons.values() for key in chord_keys(chord)}

    def holds(self, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Button -> keys of the map that it holds."""
        if self.buttons:
            return {button: chord_keys(chord) for button, chord in self.buttons.items()}
        taken = [name for name in _USUAL if not (self.sticks and name.startswith("stick"))]
        return {name: (_USUAL[name],) for name in taken if _USUAL[name] in keys}

    def action(self, sticks: Sequence[float]) -> Any:
        """What the sticks mean, as (left x, left y, right x, right y); None is no action."""
        if max(map(abs, sticks)) < self.dead:
            return None
        if self.act is not None:
            return self.act(*sticks)
        return _along((self.x, self.y), [(part + 1) / 2 for part in sticks[:2]])


@dataclass(frozen=True, slots=True)
class Controls:
    """Everything a person in a game acts with."""

    keymap: KeyMap
    press: Press = "held"
    pointer: Pointer | None = None
    gamepad: Gamepad | None = None
