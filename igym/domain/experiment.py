"""The author's vocabulary: an experiment as a value. Knows no file, server or browser.

An experiment reads from top to bottom like the session a participant lives through. Values
check themselves when made, so a typing error is reported on the author's own line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from igym.domain.duration import seconds
from igym.domain.keymap import Chord, KeyMap
from igym.errors import BadPackage

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


class HumanSeat:
    """The type of `Human`: a seat for a person."""

    def __repr__(self) -> str:
        return "Human"


#: A seat for a person.
Human: Final = HumanSeat()


@dataclass(frozen=True, slots=True)
class Random:
    """A policy that draws uniformly from the seat's action space, seeded per episode."""

    every: int = 1  # decide at every n-th tick, repeat in between

    def __post_init__(self) -> None:
        if self.every < 1:
            raise BadPackage(f"Random(every={self.every}) must be at least 1.")


@dataclass(frozen=True, slots=True)
class Sample:
    """Draw the action from softmax(logits / temperature), with the episode's own generator."""

    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise BadPackage(f"Sample(temperature={self.temperature}) must be above 0.")


@dataclass(frozen=True, slots=True)
class Onnx:
    """A policy from an ONNX file.

    Args:
        file: path inside the package.
        take: where in the seat's observation the numbers are: () for the observation
            itself, ("obs",) for a dict's entry. The value becomes [1, *shape] in the
            dtype of the model's input.
        scale, shift: the model sees observation * scale + shift.
        observation: name of the model's observation input; the only input if "".
        logits: name of the output to choose from; the first if "".
        memory: recurrent state, as {input name: output name}. Zero at each episode's start.
        choose: "argmax", or `Sample(temperature)`.
        actions: the environment's action for each logit; None means its index.
        every: decide at every n-th tick and repeat the action in between.
    """

    file: str
    take: tuple[str, ...] = ()
    scale: float = 1.0
    shift: float = 0.0
    observation: str = ""
    logits: str = ""
    memory: Mapping[str, str] = field(default_factory=dict)
    choose: str | Sample = "argmax"
    actions: tuple[Any, ...] | None = None
    every: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.choose, str) and self.choose != "argmax":
            raise BadPackage(
                f"Onnx(choose={self.choose!r}) is not known.",
                hint='Use "argmax" or Sample(temperature).',
            )
        if self.every < 1:
            raise BadPackage(f"Onnx(every={self.every}) must be at least 1.")


Policy = Random | Onnx
Seat = HumanSeat | Policy


@dataclass(frozen=True, slots=True)
class Page:
    """Something to read, from a Markdown file."""

    name: str
    file: str
    button: str = "Continue"


@dataclass(frozen=True, slots=True)
class Survey:
    """A form, from a SurveyJS JSON file. Each item is one row of the answers table."""

    name: str
    file: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Go to the experiment's ending with this outcome."""

    outcome: str


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
class Play:
    """A game. See `igym.play` for what each field means."""

    name: str
    env: Callable[..., Any]
    seats: Mapping[Any, Seat]
    keymap: KeyMap
    title: str
    help: str
    draw: Callable[..., Any] | None
    hud: Callable[..., str] | None
    labels: Mapping[Any, str]
    marks: Mapping[Any, str]
    touch: tuple[Touch, ...]
    aspect: float
    background: str
    fps: float
    episodes: int
    max_steps: int
    assign: str
    waits_s: float
    unmatched: Finish
    grace_s: float
    countdown_s: float
    between_s: float

    @property
    def humans(self) -> tuple[Any, ...]:
        """The seats of people, in declared order."""
        return tuple(s for s, who in self.seats.items() if who is Human)


@dataclass(frozen=True, slots=True)
class Ending:
    """The last page: thanks, debriefing, and a completion code for each outcome."""

    name: str
    file: str
    codes: Mapping[str, str]
    redirects: Mapping[str, str]


Scene = Page | Survey | Play | Ending


@dataclass(frozen=True, slots=True, init=False)
class Experiment:
    """An ordered set of uniquely named scenes of which the last is an ending."""

    scenes: tuple[Scene, ...]

    def __init__(self, *scenes: Scene) -> None:
        """Raises `BadPackage` for a missing ending, a name used twice, or a malformed name."""
        object.__setattr__(self, "scenes", scenes)
        names = [scene.name for scene in scenes]
        for name in names:
            if not _NAME.fullmatch(name):
                raise BadPackage(
                    f"The scene name {name!r} will not do.",
                    hint="Use small letters, digits and _, a letter first, 41 at most.",
                )
            if names.count(name) > 1:
                raise BadPackage(
                    f"Two scenes are named {name!r}.",
                    hint="Data and resuming go by name: make each unique.",
                )
        if not scenes or not isinstance(scenes[-1], Ending):
            raise BadPackage("The last scene must be an ending(…).")
        if any(isinstance(scene, Ending) for scene in scenes[:-1]):
            raise BadPackage("Only the last scene can be an ending(…).")
        if not isinstance(scenes[0], Page | Survey):
            raise BadPackage(
                "The first scene must be a page, consent or survey.",
                hint="Somebody has to press a button before a seat or a place is used up.",
            )

    def scene(self, name: str) -> Scene:
        """The scene of that name. Raises `BadPackage` where there is none."""
        for scene in self.scenes:
            if scene.name == name:
                return scene
        raise BadPackage(f"There is no scene named {name!r}.")


def page(name: str, file: str, *, button: str = "Continue") -> Page:
    """Show the Markdown `file`; the participant goes on with `button`."""
    return Page(name, file, button)


def consent(name: str, file: str, *, button: str = "I agree to take part") -> Page:
    """A page whose button gives consent; the visit's end is the time of consent."""
    return Page(name, file, button)


def survey(name: str, file: str) -> Survey:
    """Ask the questions of a SurveyJS JSON `file`."""
    return Survey(name, file)


def finish(outcome: str) -> Finish:
    """Go to the ending with `outcome`."""
    return Finish(outcome)


def ending(
    name: str,
    file: str,
    *,
    codes: Mapping[str, str] | None = None,
    redirects: Mapping[str, str] | None = None,
) -> Ending:
    """The last page.

    Args:
        name: the scene's name.
        file: Markdown with thanks and debriefing.
        codes: outcome -> completion code. Outcomes are in `igym.domain.outcome`.
        redirects: outcome -> address to go on to; "{participant}" and "{code}" are
            replaced, URL-encoded.
    """
    return Ending(name, file, dict(codes or {}), dict(redirects or {}))


def play(
    name: str,
    env: Callable[..., Any],
    *,
    seats: Mapping[Any, Seat],
    keys: Mapping[Chord, Any],
    idle: Any = 0,
    title: str = "",
    help: str = "",
    draw: Callable[..., Any] | None = None,
    hud: Callable[..., str] | None = None,
    labels: Mapping[Any, str] | None = None,
    marks: Mapping[Any, str] | None = None,
    touch: tuple[Touch, ...] = (),
    aspect: float = 2.0,
    background: str = "#0b1013",
    fps: float = 30,
    episodes: int = 1,
    max_steps: int = 10_000,
    assign: str = "fixed",
    waits: str = "4 min",
    unmatched: Finish | None = None,
    grace: str = "20 s",
    countdown: str = "3 s",
    between: str = "2 s",
) -> Play:
    """A game of one or more people, with policies in the other seats.

    Args:
        name: the scene's name; data and resuming go by it.
        env: makes the environment; called once per game, with no arguments.
        seats: agent id of the environment -> `Human` or a policy. For a single-agent
            environment one seat of any name.
        keys: key, or tuple of keys held together -> action. Keys are named as in
            KeyboardEvent.key: "ArrowLeft", "a", " ".
        idle: the action when no key of the map is held.
        title, help: shown above the stage; `help` says in one line how to play.
        draw: draw(env) -> shapes of `igym.draw`. The environment's own method `draw()`
            where this is None.
        hud: hud(env) -> one line of text above the stage.
        labels: seat -> what people call it. The seat's own id where missing.
        marks: seat -> id of the shape that is pointed out as "you".
        touch: on-screen buttons for phones; one for each single key of the map if empty.
        aspect: width / height of the stage.
        fps: ticks a second, 1 to 120.
        episodes: how many, one after the other, with the same people in the same seats.
        max_steps: an episode is cut off (truncated) after so many ticks.
        assign: who gets which human seat: "fixed" (by arrival) or "random".
        waits: how long a person waits for partners.
        unmatched: what follows then; finish("no_partner") by default.
        grace: how long a person may be away before the game is given up.
        countdown, between: pause before the first episode, and between two.

    Raises:
        BadPackage: a value is outside its range; the message says which.
    """

    def need(ok: bool, why: str) -> None:
        if not ok:
            raise BadPackage(f"play({name!r}): {why}")

    need(callable(env), "env must be callable: the environment's class or a function")
    need(bool(seats), "seats is empty")
    for seat, who in seats.items():
        known = isinstance(who, HumanSeat | Random | Onnx)
        need(known, f"seat {seat!r} is {who!r}; use Human, Onnx(…) or Random()")
    texts = [str(seat) for seat in seats]
    need(len(set(texts)) == len(texts), f"two seats read the same as text: {sorted(texts)}")
    need(any(who is Human for who in seats.values()), "no seat is Human")
    need(1 <= fps <= 120, f"fps={fps} is not between 1 and 120")
    need(episodes >= 1, f"episodes={episodes} is below 1")
    need(max_steps >= 1, f"max_steps={max_steps} is below 1")
    need(0.2 <= aspect <= 5, f"aspect={aspect} is not between 0.2 and 5")
    need(assign in ("fixed", "random"), f'assign={assign!r} is not "fixed" or "random"')
    for given, what in ((labels, "labels"), (marks, "marks")):
        strange = set(given or {}) - set(seats)
        need(not strange, f"{what} names seats that are not in seats: {sorted(map(str, strange))}")
    return Play(
        name=name,
        env=env,
        seats=dict(seats),
        keymap=KeyMap.of(keys, idle),
        title=title,
        help=help,
        draw=draw,
        hud=hud,
        labels=dict(labels or {}),
        marks=dict(marks or {}),
        touch=tuple(touch),
        aspect=aspect,
        background=background,
        fps=fps,
        episodes=episodes,
        max_steps=max_steps,
        assign=assign,
        waits_s=seconds(waits),
        unmatched=unmatched or Finish("no_partner"),
        grace_s=seconds(grace),
        countdown_s=seconds(countdown),
        between_s=seconds(between),
    )
