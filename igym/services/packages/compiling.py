"""From a package's code to plain data. Runs where packages are tried (`trying`).

Nothing else may be believed about a package that was not compiled like this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from igym import __version__
from igym.domain import flow
from igym.domain.adaptive import Adaptive, ChosenBy
from igym.domain.bonus import Bonus
from igym.domain.callbacks import about_people, changes_env
from igym.domain.controls import BUTTONS
from igym.domain.dropout import Hold
from igym.domain.experiment import Ending, Experiment, Page, Play, Quiz, Survey
from igym.domain.grouping import Grouping
from igym.domain.keymap import chord_keys
from igym.domain.plan import (
    AskPlan,
    BonusPlan,
    ButtonPlan,
    EntryPlan,
    FillPlan,
    GroupPlan,
    HoldPlan,
    Plan,
    PlayPlan,
    Recovery,
    ScenePlan,
    SurveyPlan,
    TouchPlan,
    TreatmentPlan,
)
from igym.domain.policy import Policy, describe
from igym.domain.screening import Screen
from igym.domain.treatments import Treatment
from igym.errors import BadPackage
from igym.services.packages import paging
from igym.services.packages.gallery import Gallery
from igym.services.packages.loading import load
from igym.services.packages.manifest import manifest
from igym.services.packages.proving import prove
from igym.services.packages.rehearsing import rehearse
from igym.sim.host import plain

#: Characters of what a treatment's cell stands for.
_MOST_WORDS = 200

_LABELS = {
    "ArrowLeft": "◀",
    "ArrowRight": "▶",
    "ArrowUp": "▲",
    "ArrowDown": "▼",
    " ": "●",
}


def _play(
    scene: Play,
    root: Path,
    cells: Mapping[str, str],
    gallery: Gallery,
    callbacks: Sequence[Any] = (),
) -> PlayPlan:
    keys = scene.keymap.keys
    touch = tuple(
        TouchPlan(t.label, tuple(keys.index(k) for k in chord_keys(t.chord)), t.side)
        for t in scene.touch
        if all(k in keys for k in chord_keys(t.chord))
    )
    if len(touch) < len(scene.touch):
        raise BadPackage(f"play({scene.name!r}): touch holds a key that is not in keys.")
    if not touch:
        touch = tuple(
            TouchPlan(
                _LABELS.get(key, key.upper()),
                (i,),
                "left" if key in ("ArrowLeft", "ArrowRight") else "right",
            )
            for i, key in enumerate(keys)
            if key in _LABELS or len(keys) <= 8
        )
    seen = rehearse(scene, root, cells, gallery)
    proof = prove(scene, cells)
    if changes_env((*callbacks, *scene.callbacks)):
        # What was done to the environment is in no log of actions.
        recovery: Recovery = "restart" if proof.recovery == "replay" else proof.recovery
        proof = replace(proof, deterministic=False, recovery=recovery)
    return PlayPlan(
        seats=tuple(map(str, scene.seats)),
        humans=tuple(map(str, scene.humans)),
        policies={
            str(seat): describe(who) for seat, who in scene.seats.items() if isinstance(who, Policy)
        }
        | {str(s): _adapts(who) for s, who in scene.seats.items() if isinstance(who, Adaptive)},
        keys=keys,
        touch=touch,
        title=scene.title or scene.name.partition(".")[0].replace("_", " ").capitalize(),
        help=scene.help,
        labels={str(k): v for k, v in scene.labels.items()},
        marks={str(k): v for k, v in scene.marks.items()},
        aspect=seen.aspect,
        background=scene.background,
        fps=scene.fps,
        episodes=scene.episodes,
        max_steps=scene.max_steps,
        assign=scene.assign,
        waits_s=scene.waits_s,
        countdown_s=scene.countdown_s,
        pointer=scene.pointer is not None,
        buttons=_buttons(scene),
        sticks=scene.gamepad is not None and scene.gamepad.sticks,
        pause_s=scene.pause_s,
        practice=scene.practice,
        gate=scene.until is not None,
        never=scene.never.outcome,
        asks=_asks(scene, root),
        group=_group(scene.group),
        fill=_fill(scene),
        shows=scene.shows,
        unmatched=scene.unmatched,
        dropped={str(seat): _hold(hold) for seat, hold in scene.dropped.items()},
        limits=scene.limits,
        chat=scene.chat,
        partner_shown_as=scene.partner_shown_as,
        masked=scene.masked,
        assets=seen.assets,
        picture_fps=scene.picture_fps,
        quality=scene.quality,
        treated={str(s): who.name for s, who in scene.seats.items() if isinstance(who, Treatment)},
        tick_ms=proof.tick_ms,
        recovery=proof.recovery,
        deterministic=proof.deterministic,
        longest_ms=proof.longest_ms,
        found=proof.why,
        isolation=scene.isolation,
        observations=not proof.deterministic
        if scene.observations == "auto"
        else scene.observations,
        infos=scene.infos,
        actions={"+".join(held): plain(a) for held, a in scene.keymap.declared()},
    )


def _buttons(scene: Play) -> tuple[ButtonPlan, ...]:
    if scene.gamepad is None:
        return ()
    keys = scene.keymap.keys
    return tuple(
        ButtonPlan(BUTTONS.index(button), tuple(keys.index(key) for key in held))
        for button, held in scene.gamepad.holds(keys).items()
    )


def _asks(scene: Play, root: Path) -> tuple[AskPlan, ...]:
    made = []
    for who in scene.seats.values():
        rule = who.rule if isinstance(who, Adaptive) else None
        if isinstance(who, Adaptive) and isinstance(rule, ChosenBy):
            form = SurveyPlan(who.form(), (rule.name,))
            when: Literal["before", "first"] = "before" if rule.each else "first"
            made.append(AskPlan(rule.name, form, (rule.seat,), rule.limit_s, when))
    if scene.between is not None:
        seats = tuple(map(str, scene.humans))
        form = paging.survey(root, scene.between)
        asked = AskPlan(scene.between.name, form, seats, scene.between_limit_s)
        made.append(replace(asked, practice=scene.between_practice))
    names = [ask.name for ask in made]
    if len(set(names)) < len(names):
        raise BadPackage(
            f"play({scene.name!r}): two questions have one name, of {names}.",
            hint="chosen_by(…, name=…) gives each its own.",
        )
    return tuple(made)


def _adapts(who: Adaptive) -> str:
    cells = ", ".join(f"{cell}={describe(policy)}" for cell, policy in who.cells.items())
    return f"{who.kind}({cells})"


def _group(group: Grouping) -> GroupPlan:
    return GroupPlan(
        strategy=group.strategy,
        max_rtt_ms=group.max_rtt_ms,
        relax_ms_per_s=group.relax_ms_per_s,
        scene=group.scene,
        attribute=group.attribute,
        wanted=dict(group.wanted),
        limit_s=group.limit_s,
        mixes=group.mixes,
        confirm_s=group.confirm_s,
        asks=group.asks,
    )


def _fill(scene: Play) -> FillPlan | None:
    if scene.fill is None:
        return None
    return FillPlan(scene.fill.after_s, describe(scene.fill.policy), scene.fill.at_most)


def _hold(hold: Hold) -> HoldPlan:
    return HoldPlan(
        hold.grace_s,
        hold.then,
        describe(hold.policy) if hold.policy else "",
        hold.returns,
        hold.message,
        hold.leaver,
        hold.partner,
    )


def compile_package(root: Path, package: str) -> Plan:
    """Import the package in this process and turn it into a plan.

    Raises:
        BadPackage: with the scene or file that will not do.
        Whatever the researcher's code raises.
    """
    about = manifest(root)
    experiment: Experiment = load(root, f"c{package[:24]}")
    cells = {t.name: next(iter(t.cells)) for t in experiment.treatments}
    games: dict[str, PlayPlan] = {}  # rounds of a `repeat` differ in whom they put together
    gallery = Gallery(root)
    scenes = []
    for scene in experiment.scenes:
        if isinstance(scene, Page):
            scenes.append(
                ScenePlan(
                    scene.name,
                    page=paging.page(root, scene, experiment.language),
                )
            )
        elif isinstance(scene, Survey):
            asked = paging.survey(root, scene, experiment.language)
            scenes.append(ScenePlan(scene.name, survey=asked))
        elif isinstance(scene, Quiz):
            judged = paging.quiz(root, scene, experiment.language)
            scenes.append(ScenePlan(scene.name, quiz=judged))
        elif isinstance(scene, Play):
            once = scene.name.partition(".")[0]
            if once not in games:
                games[once] = _play(scene, root, cells, gallery, experiment.callbacks)
            game = replace(games[once], group=_group(scene.group))
            scenes.append(ScenePlan(scene.name, play=game))
        elif isinstance(scene, Ending):
            scenes.append(ScenePlan(scene.name, end=paging.ending(root, scene)))
    plan = Plan(
        experiment=str(about["id"]),
        version=str(about["version"]),
        title=str(about["title"]),
        package=package,
        scenes=tuple(scenes),
        igym=__version__,
        dependencies=tuple(map(str, about.get("dependencies", ()))),
        treatments=tuple(_treatment(t) for t in experiment.treatments),
        entry=_entry(experiment.entry),
        waves=experiment.waves,
        repeat=experiment.repeat,
        exclude_if_took=experiment.exclude_if_took,
        absent_s=experiment.absent_s,
        browser_logs=experiment.browser_logs,
        full=experiment.full.outcome,
        flow=experiment.flow,
        language=experiment.language,
        bonus=_bonus(experiment.bonus),
        hooks=about_people(_callbacks(experiment)),
    )
    flow.check_items(plan)
    return plan


def _callbacks(experiment: Experiment) -> list[Any]:
    plays = [scene for scene in experiment.scenes if isinstance(scene, Play)]
    return [*experiment.callbacks, *(one for play in plays for one in play.callbacks)]


def _bonus(bonus: Bonus | None) -> BonusPlan | None:
    if bonus is None:
        return None
    return BonusPlan(bonus.cap, bonus.currency, bonus.default, bonus.limit_s)


def _treatment(t: Treatment) -> TreatmentPlan:
    means = {cell: in_words(value) for cell, value in t.cells.items()}
    return TreatmentPlan(t.name, t.per, tuple(t.cells), t.wanted, t.over, t.at, t.valid, means)


def in_words(value: object) -> str:
    """What a cell stands for, as the codebook has it: the same for the same files."""
    if isinstance(value, Policy):
        said = describe(value)
        every = getattr(value, "every", 1)
        return f"{said}:every@{every}" if every > 1 else said
    if callable(value):
        return str(getattr(value, "__qualname__", type(value).__qualname__))
    text = value if isinstance(value, str) else re.sub(r" at 0x[0-9a-f]+", "", repr(value))
    return text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS]}…"


def _entry(entry: Screen | None) -> EntryPlan | None:
    if entry is None:
        return None
    return EntryPlan(
        devices=entry.devices,
        browsers=entry.browsers,
        blocked=entry.blocked,
        width_px=entry.width_px,
        height_px=entry.height_px,
        rtt_ms=entry.rtt_ms,
        kbps=entry.kbps,
        check=entry.check is not None,
        limit_s=entry.limit_s,
        fails=entry.fails,
        messages=dict(entry.messages),
    )
