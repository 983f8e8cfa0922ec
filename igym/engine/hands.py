"""A person's hands: from what was heard of keys, pointer and sticks to an action at each tick.

Knows no network and no clock: somebody tells it what was heard, and the tick loop asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from igym.domain.controls import Controls
from igym.domain.keymap import NOTHING, without_arrays

#: Where a pointer or a stick is (x, y), and whether the pointer is pressed.
Spot = tuple[float, float, bool]

#: What a spot belongs to. The pointer's are parts of the stage, a stick's go from -1 to 1.
POINTER, LEFT_STICK, RIGHT_STICK = 0, 1, 2

_MIDDLE: Spot = (0.0, 0.0, False)


class Hands:
    """A person's hands: what they hold down, as last heard. Lives as long as the game."""

    def __init__(self, controls: Controls) -> None:
        self.controls = controls
        self.keymap = controls.keymap
        self._once = controls.press == "once"
        self._heard = False  # whether there was a report since they came
        self._held = 0
        self._tapped = 0  # went down since the last tick; a short tap counts for one tick
        self._spots: Mapping[int, Spot] = {}
        self._clicked: Spot | None = None  # where the pointer went down since the last tick
        self._last = self.keymap.idle
        self.present = False

    def hold(self, held: int, pressed: int) -> None:
        """`held` is down now; the keys of `pressed` went down since the last report."""
        # A key that is down and was not has been pressed, even if that report was lost. Nothing
        # is known of before the first report: it may have been pressed long ago.
        self._tapped |= pressed | (held & ~self._held if self._heard else 0)
        self._held, self._heard = held, True

    def point(self, spots: Mapping[int, Spot], moves: Iterable[tuple[int, Spot]] = ()) -> None:
        """Pointer and sticks are there now; `moves` is where they have been since last told.

        Before the `hold` of the same report.
        """
        down = self._spots.get(POINTER, _MIDDLE)[2]
        self._spots = spots
        # Where it is now counts as well, in case a report was lost; as with keys.
        for device, spot in (*moves, *(spots.items() if self._heard else ())):
            if device == POINTER:
                if spot[2] and not down:
                    self._clicked = spot
                down = spot[2]

    def let_go(self) -> None:
        """The person is away: nothing is held."""
        self.begin()
        self.skip()
        self._heard, self._held, self._spots = False, 0, {}
        self.present = False

    def begin(self) -> None:
        """A new episode: what was done last is nothing yet."""
        self._last = self.keymap.idle

    def skip(self) -> None:
        """Taps are not for this tick, nor for a later one."""
        self._tapped, self._clicked = 0, None

    def recall(self, action: Any) -> None:
        """That was the last action, in another process."""
        if action is not None:
            self._last = action

    def take(self) -> Any:
        """The action of what is held or was pressed since the last tick; idle while away."""
        held, tapped, clicked = self._held | self._tapped, self._tapped, self._clicked
        self._tapped, self._clicked = 0, None
        action = NOTHING
        if not self._once:
            action = self.keymap.find(held)
        elif tapped:
            action = self.keymap.find(held, tapped)
        if action is NOTHING:
            action = self._moved(clicked)
        if action is None or action is NOTHING:
            action = self._last if self.keymap.lasts else self.keymap.idle
        self._last = action
        return action

    def _moved(self, clicked: Spot | None) -> Any:
        """The action of sticks and pointer, None where they mean nothing now."""
        gamepad, pointer = self.controls.gamepad, self.controls.pointer
        if gamepad is not None and gamepad.sticks and not self._once:
            left = self._spots.get(LEFT_STICK, _MIDDLE)
            right = self._spots.get(RIGHT_STICK, _MIDDLE)
            action = gamepad.action((*left[:2], *right[:2]))
            if action is not None:
                return without_arrays(action)
        if pointer is None:
            return None
        spot = clicked or (None if self._once else self._spots.get(POINTER))
        if spot is None or (pointer.when == "down" and not spot[2]):
            return None
        return without_arrays(pointer.action(*spot))
