"""The court: the environment as this study uses it, and the keys that play in it."""

import copy
from typing import Any

from slime_volleyball.slimevolley_env import Actions, SlimeVolleyEnv

from igym import Touch

POINTS = 3  # win a match
MATCH_STEPS = 1800  # or a minute at 30 steps a second ends it

HELP = "Move with ← and →, jump with ↑. Make the ball land on the other side of the net."
KEYS: dict[str | tuple[str, ...], int] = {
    "ArrowLeft": Actions.Left,
    "ArrowRight": Actions.Right,
    "ArrowUp": Actions.Up,
    ("ArrowUp", "ArrowLeft"): Actions.UpLeft,
    ("ArrowUp", "ArrowRight"): Actions.UpRight,
    ("ArrowLeft", "ArrowRight"): Actions.Noop,
    ("ArrowUp", "ArrowLeft", "ArrowRight"): Actions.Up,
    "a": Actions.Left,
    "d": Actions.Right,
    "w": Actions.Up,
    ("w", "a"): Actions.UpLeft,
    ("w", "d"): Actions.UpRight,
    ("a", "d"): Actions.Noop,
    ("w", "a", "d"): Actions.Up,
}
BUTTONS = (Touch("◀", "ArrowLeft"), Touch("▶", "ArrowRight"), Touch("▲", "ArrowUp", side="right"))


class Court(SlimeVolleyEnv):
    """The environment, whose state can be saved: a match that loses its machine goes on at once."""

    def get_state(self) -> Any:
        """All that changes from step to step."""
        return copy.deepcopy(self._env_state), self.t, self.np_random.bit_generator.state

    def set_state(self, state: Any) -> None:
        """Go on from what `get_state` gave."""
        self._env_state, self.t, self.np_random.bit_generator.state = copy.deepcopy(state)


def make_court() -> Court:
    """A match to three points, in which Left means left on either side of the net."""
    # Without human_inputs the left slime's Left and Right are mirrored, "to the net" and back.
    court = Court({"human_inputs": True})
    court.max_lives = POINTS
    return court


def points(court: SlimeVolleyEnv) -> tuple[int, int]:
    """What left and right have scored: each life lost is a point for the other."""
    left, right = court._env_state.agent_life.tolist()
    return POINTS - right, POINTS - left


def hud(court: SlimeVolleyEnv) -> str:
    """The score, for the line above the stage."""
    left, right = points(court)
    return f"Points {left} : {right}"
