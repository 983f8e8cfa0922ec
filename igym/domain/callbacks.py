"""Callbacks: an author's code at the moments of a game. Knows no game and no Redis.

Subclass `Callback` and give instances or classes: `callbacks=[Notes, Counter(3)]`, on the
experiment for every game scene, or on one scene. A class is made anew for each game that a worker
takes; an instance is shared by all games of a worker process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from igym.domain.happenings import PEOPLE, Happening
from igym.errors import BadPackage

#: Every hook of a game, in the order in which it calls them.
HOOKS = (
    "on_episode_start",
    "on_graphics_start",
    "on_graphics_end",
    "on_game_tick_start",
    "on_game_tick_end",
    "on_episode_end",
    "on_game_end",
)

#: Hooks that are called so often that they have a budget.
OFTEN = HOOKS[1:5]


@dataclass(slots=True)
class Moment:
    """Where a game stands when a hook is called."""

    scene: str
    game: str
    seats: Mapping[str, str]  # human seat -> session
    env: Any  # the environment; a callback that changes it says so (`changes_env`)
    note: Callable[[str, Any], None] = field(repr=False)
    tell: Callable[[str, str], None] = field(repr=False)
    episode: int = 0
    practice: bool = False
    seed: int = 0
    tick: int = 0  # steps taken so far in this episode
    scores: Mapping[str, float] = field(default_factory=dict)  # seat -> rewards of this episode
    actions: Sequence[Any] = ()  # of the step that was taken, in the order of all seats
    rewards: Sequence[float] = ()  # of that step
    outcome: str = ""  # of the game, at its end

    def record(self, name: str, value: Any) -> None:
        """Put `value`, which JSON must hold, into the table `events`, as kind "recorded"."""
        self.note(name, value)

    def say(self, text: str, seat: Any = "") -> None:
        """Show `text` to the person in `seat`, or to everybody, until the next episode begins.

        It is over the stage when this episode has ended, and during the countdown of the next one.
        The last thing said to a seat counts. It is in the table `events`, as kind "said".
        """
        self.tell(str(text), str(seat))


class Callback:
    """What an author's callbacks are made from. Each hook is given a `Moment` or a `Happening`.

    Hooks of a game run on the worker that owns it, in its loop, and never in a replay: what should
    be known of them later is recorded. What one raises is logged, and the game goes on.

    Hooks about people run in a process for authors' functions, a few seconds after it happened: one
    after the other, in the order in which it happened.
    """

    #: Whether a hook changes the environment, so that a game cannot be replayed from its actions.
    changes_env: ClassVar[bool] = False

    #: What a hook of tick or graphics may take, ms. One that takes longer again and again is left
    #: out for the rest of the game.
    budget_ms: ClassVar[float] = 5.0

    def on_episode_start(self, at: Moment) -> None:
        """The environment was reset, everybody is there, and the first tick is about to come."""

    def on_game_tick_start(self, at: Moment) -> None:
        """A tick begins: nobody has decided yet."""

    def on_game_tick_end(self, at: Moment) -> None:
        """The step was taken: `actions` and `rewards` are known."""

    def on_graphics_start(self, at: Moment) -> None:
        """The picture of this moment is about to be made."""

    def on_graphics_end(self, at: Moment) -> None:
        """It was made and sent."""

    def on_episode_end(self, at: Moment) -> None:
        """The last step of the episode was taken."""

    def on_game_end(self, at: Moment) -> None:
        """The game is over, however it ended: see `outcome`."""

    def on_joined(self, at: Happening) -> None:
        """Somebody has arrived."""

    def on_waitroom_start(self, at: Happening) -> None:
        """Somebody begins to wait for a game for which nobody waits."""

    def on_waitroom_join(self, at: Happening) -> None:
        """Somebody begins to wait for a game."""

    def on_waitroom_timeout(self, at: Happening) -> None:
        """Somebody has waited in vain. `on_waitroom_end` follows."""

    def on_waitroom_end(self, at: Happening) -> None:
        """Somebody's wait is over: `outcome` is matched, timed_out, absent, full or left."""

    def on_advanced(self, at: Happening) -> None:
        """Somebody has come to `scene`."""

    def on_form_submitted(self, at: Happening) -> None:
        """Somebody has sent `answers`."""

    def on_dropped(self, at: Happening) -> None:
        """Somebody is away from their `game`."""

    def on_finished(self, at: Happening) -> None:
        """Somebody's session has ended with `outcome`."""


def checked(callbacks: Iterable[Any], where: str) -> tuple[Any, ...]:
    """`callbacks` as a tuple.

    Raises:
        BadPackage: one is neither a `Callback` nor a class of them.
    """
    made = tuple(callbacks)
    for one in made:
        kind = one if isinstance(one, type) else type(one)
        if not issubclass(kind, Callback):
            raise BadPackage(
                f"{where}: callbacks has {one!r}, which is no igym.Callback.",
                hint="Give instances or classes: callbacks=[Notes, Counter(3)].",
            )
    return made


def instances(callbacks: Iterable[Any]) -> list[Callback]:
    """For one game: classes are made anew. Raises what their constructors raise."""
    return [one() if isinstance(one, type) else one for one in callbacks]


def hooks(callback: Callback) -> list[str]:
    """The hooks it really has: those that are not the empty ones of `Callback`."""
    kind = type(callback)
    return [
        name for name in (*HOOKS, *PEOPLE) if getattr(kind, name) is not getattr(Callback, name)
    ]


def changes_env(callbacks: Iterable[Any]) -> bool:
    """Whether any of them changes the environment."""
    return any(one.changes_env for one in callbacks)


def about_people(callbacks: Iterable[Any]) -> tuple[str, ...]:
    """The hooks about people that any of them has."""
    kinds = [one if isinstance(one, type) else type(one) for one in callbacks]
    return tuple(
        name
        for name in PEOPLE
        if any(getattr(kind, name) is not getattr(Callback, name) for kind in kinds)
    )
