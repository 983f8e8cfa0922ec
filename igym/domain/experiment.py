"""The author's vocabulary: an experiment as a value. Knows no file, server or browser.

An experiment reads from top to bottom like the session a participant lives through. Values
check themselves when made, so a typing error is reported on the author's own line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from igym.domain import routes, sense
from igym.domain.adaptive import Adaptive, ChosenBy
from igym.domain.bonus import Bonus, accepted
from igym.domain.browser_logs import ORDER, Least
from igym.domain.callbacks import checked
from igym.domain.controls import Touch
from igym.domain.duration import seconds
from igym.domain.game import Play, Seat, play
from igym.domain.language import LANGUAGES, Language
from igym.domain.nearest import nearest
from igym.domain.plan import Step
from igym.domain.policy import Human, HumanSeat, Onnx, Policy, Random, Sample
from igym.domain.routes import Several
from igym.domain.scenes import (
    Ending,
    Finish,
    Page,
    Quiz,
    Survey,
    consent,
    ending,
    finish,
    page,
    quiz,
    survey,
)
from igym.domain.screening import Screen
from igym.domain.treatments import Treatment
from igym.domain.waves import Wave, check_order
from igym.errors import BadPackage

__all__ = [
    "Ending", "Experiment", "Finish", "Human", "HumanSeat", "Onnx", "Page", "Play", "Policy",
    "Quiz", "Random", "Sample", "Seat", "Survey", "Touch", "consent", "ending", "finish", "page",
    "play", "quiz", "survey",
]  # fmt: skip

Scene = Page | Survey | Quiz | Play | Ending


@dataclass(frozen=True, slots=True, init=False)
class Experiment:
    """Uniquely named scenes, of which the last is an ending, and how they follow each other."""

    scenes: tuple[Scene, ...]  # in declared order, those of a `repeat` once for each round
    flow: Step | None  # None = one after the other
    functions: Mapping[str, Callable[[Any], bool]]  # branch -> what decides it
    treatments: tuple[Treatment, ...]
    entry: Screen | None
    waves: tuple[Wave, ...]
    repeat: Literal["resume", "refuse", "start_new"]
    exclude_if_took: tuple[str, ...]
    absent_s: float
    full: Finish
    language: Language
    bonus: Bonus | None
    callbacks: tuple[Any, ...]
    browser_logs: Least

    def __init__(
        self,
        *parts: Scene | Several | Sequence[Scene | Several],
        treatments: Sequence[Treatment] = (),
        entry: Screen | None = None,
        waves: Sequence[Wave] = (),
        repeat: Literal["resume", "refuse", "start_new"] = "resume",
        exclude_if_took: Sequence[str] = (),
        absent: str = "30 min",
        full: Finish | None = None,
        language: Language = "en",
        bonus: Bonus | None = None,
        callbacks: Sequence[Any] = (),
        browser_logs: Least = "debug",
    ) -> None:
        """Put scenes in order.

        Args:
            parts: what a participant lives through: scenes, or several put together by
                `shuffle`, `choose`, `repeat` and `branch`; the last is an ending.
            treatments: those that no seat names already.
            entry: what a participant's device and connection must be like.
            waves: the sessions of a study that people come back for; empty for one.
            repeat: what happens to somebody who began an earlier version: "resume" theirs,
                "refuse" them, or "start_new" in this one.
            exclude_if_took: experiments whose participants may not take part in this one.
            absent: a session that is not heard of for so long has ended.
            language: in which igym speaks to participants: "en" or "de". Pages are yours.
            full: what follows when every place of a treatment is taken; finish("full") by default.
            bonus: `bonus(…)`: what is paid beside the base.
            callbacks: `Callback` instances or classes, for every game scene.
            browser_logs: least severe line of participants' browsers that may be kept, or "off";
                what the deployment keeps is the most there is.

        Raises:
            BadPackage: a missing ending, a name used twice, or a malformed one.
        """
        scenes, flow, functions = routes.unfold(parts, lambda one: isinstance(one, get_args(Scene)))
        object.__setattr__(self, "scenes", scenes)
        object.__setattr__(self, "flow", flow)
        object.__setattr__(self, "functions", functions)
        named = [t for s in scenes if isinstance(s, Play) for t in s.seats.values()]
        every = [t for t in (*treatments, *named) if isinstance(t, Treatment)]
        object.__setattr__(self, "treatments", tuple({t.name: t for t in every}.values()))
        object.__setattr__(self, "entry", entry)
        object.__setattr__(self, "waves", tuple(waves))
        object.__setattr__(self, "repeat", repeat)
        object.__setattr__(self, "exclude_if_took", tuple(exclude_if_took))
        object.__setattr__(self, "absent_s", seconds(absent))
        object.__setattr__(self, "full", full or Finish("full"))
        object.__setattr__(self, "language", language)
        if language not in LANGUAGES:
            raise BadPackage(
                f"Experiment(language={language!r}) is not known.",
                hint=f"There are {', '.join(map(repr, LANGUAGES))}.",
            )
        object.__setattr__(self, "browser_logs", browser_logs)
        if browser_logs not in ORDER:
            raise BadPackage(
                f"Experiment(browser_logs={browser_logs!r}) is not known.",
                hint=f"There are {', '.join(map(repr, ORDER))}.",
            )
        object.__setattr__(self, "bonus", accepted(bonus))
        object.__setattr__(self, "callbacks", checked(callbacks, "Experiment(…)"))
        if repeat not in ("resume", "refuse", "start_new"):
            raise BadPackage(f'repeat={repeat!r} is not "resume", "refuse" or "start_new".')
        for treatment in self.treatments:
            if any(t != treatment for t in every if t.name == treatment.name):
                raise BadPackage(f"Two treatments are named {treatment.name!r}.")
        names = [scene.name for scene in scenes]
        plays = [scene for scene in scenes if isinstance(scene, Play)]
        asked = [s.between.name for s in plays if s.between]
        rules = [who.rule for s in plays for who in s.seats.values() if isinstance(who, Adaptive)]
        asked += [rule.name for rule in rules if isinstance(rule, ChosenBy)]
        routes.check_asked(asked, names)
        for treatment in self.treatments:
            if treatment.at and treatment.at not in names:
                raise BadPackage(
                    f"Treatment({treatment.name!r}): no scene is named {treatment.at!r}.",
                    hint=nearest(treatment.at, names),
                )
            if treatment.per == "group" and not any(isinstance(s, Play) for s in scenes):
                raise BadPackage(f"Treatment({treatment.name!r}): no game makes a group.")
        if not 1 <= self.absent_s <= 21 * 86_400:
            raise BadPackage(f"absent={absent!r} is not between 1 s and 21 days.")
        if not scenes or not isinstance(scenes[-1], Ending) or scenes[-1] is not parts[-1]:
            raise BadPackage("The last scene must be an ending(…).")
        check_order(self.waves)
        waves_named = {wave.name for wave in self.waves}
        for key in (*scenes[-1].codes, *scenes[-1].redirects, *scenes[-1].pages):
            outcome, colon, of_wave = key.partition(":")
            if colon and of_wave not in waves_named:
                raise BadPackage(
                    f"ending(codes=…, redirects=…, pages=…): {key!r} names no wave.",
                    hint=f"Write {outcome!r}, or {outcome!r} + ':' and the name of a wave.",
                )
        if any(isinstance(scene, Ending) for scene in scenes[:-1]):
            raise BadPackage("Only the last scene can be an ending(…).")
        if scenes[0] is not parts[0] or not isinstance(scenes[0], Page | Survey | Quiz):
            raise BadPackage(
                "The first scene must be a page, consent, survey or quiz, the same for everybody.",
                hint="Somebody has to press a button before a seat or a place is used up.",
            )
        back = {scene.name: scene.back_to for scene in scenes if isinstance(scene, Quiz)}
        sense.check_back(
            flow or Step("sequence", parts=tuple(Step("scene", name) for name in names)),
            {quiz: to for quiz, to in back.items() if to},
            [s.name for s in scenes if isinstance(s, Page | Survey) and not _consents(s)],
            names,
        )
        if flow is not None:
            self._check(flow)

    def _check(self, flow: Step) -> None:
        """Raises `BadPackage`: what is drawn and decided does not fit the treatments."""
        games = [scene.name for scene in self.scenes if isinstance(scene, Play)]
        at = {t.name: t.at if t.per == "participant" else "*" for t in self.treatments}
        sense.check(flow, at, games)
        sense.check_within(flow, at, self.scenes[0].name)
        seated = {
            who.name
            for scene in self.scenes
            if isinstance(scene, Play)
            for who in scene.seats.values()
            if isinstance(who, Treatment)
        }
        for t in self.treatments:
            if (
                t.per == "group"
                and t.name not in seated
                and sense.first_games(flow, games) != {games[0]}
            ):
                raise BadPackage(
                    f"Treatment({t.name!r}): it is assigned with the first game, which is not the "
                    "same for everybody.",
                    hint="Put a game in front of what is drawn, or name the treatment in a seat.",
                )

    def scene(self, name: str) -> Scene:
        """The scene of that name. Raises `BadPackage` where there is none."""
        for scene in self.scenes:
            if scene.name == name:
                return scene
        names = [scene.name for scene in self.scenes]
        raise BadPackage(f"There is no scene named {name!r}.", hint=nearest(name, names))


def _consents(scene: Scene) -> bool:
    return isinstance(scene, Page) and scene.consent
