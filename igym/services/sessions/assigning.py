"""Treatments: which places a move or a match asks for, and which it settles.

The scripts that move sessions and seal matches give the places (`igym.store.quotas`), so that
a place and what it is for become true in one step.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from igym.domain import flow, places
from igym.domain.plan import Plan, ScenePlan, TreatmentPlan
from igym.domain.strategies import Ticket
from igym.services.connect import Deployment
from igym.store import quotas
from igym.store.games import Game
from igym.store.quotas import Give, Take
from igym.store.records import Row
from igym.store.sessions import Session

#: A researcher who looks at their own study is never told that it is full.
UNCOUNTED = ("preview",)


def at_scene(plan: Plan, session: Session, scene: ScenePlan, at_ms: float) -> list[Take]:
    """Places a session needs that enters `scene`: those of treatments per participant that are
    due there, or were on the way there and that it does not have yet."""
    here = flow.passed(plan, session.path, session.ways, scene.name)
    return [
        _take(t, session.mode, session.id, [session.id], scene.name, at_ms)
        for t in plan.treatments
        if t.per == "participant"
        and t.name not in session.cells
        and (not t.at or t.at in here)
        and scene.end is None
    ]


def for_group(plan: Plan, game: Game, members: Sequence[Ticket]) -> list[Take]:
    """Places a group needs that is matched into `game`: those of treatments per group whose
    first scene this is. Whoever has been assigned before keeps their cell."""
    people = [member.session for member in members]
    return [
        _take(t, game.mode, game.id, people, game.scene, game.created_ms)
        for t in grouped(plan, game.scene)
        if not any(t.name in member.cells for member in members)
    ]


def grouped(plan: Plan, scene: str) -> list[TreatmentPlan]:
    """Treatments that a group is assigned to when it is matched for `scene`: those of the
    scene's seats; and those of no seat at all, at the experiment's first game."""
    seats = {s.name: set(s.play.treated.values()) for s in plan.scenes if s.play is not None}
    here = seats[scene]
    if scene == next(iter(seats)):
        here = here | ({t.name for t in plan.treatments} - set().union(*seats.values()))
    return [t for t in plan.treatments if t.per == "group" and t.name in here]


def _take(
    t: TreatmentPlan, mode: str, unit: str, members: Sequence[str], scene: str, at_ms: float
) -> Take:
    seed = secrets.randbits(31)
    wanted = 0 if mode in UNCOUNTED else t.wanted
    row: dict[str, Any] = {
        "unit_id": unit,
        "treatment": t.name,
        "day_ms": at_ms,
        "per": t.per,
        "session_id": unit if t.per == "participant" else None,
        "game_id": unit if t.per == "group" else None,
        "mode": mode,
        "scene": scene,
        "cells": t.cells,
        "wanted": wanted,
        "over": t.over,
        "seed": seed,
        "reserved_ms": at_ms,
    }
    order = places.drawn(t.cells, seed)
    return Take(t.name, unit, t.cells, order, wanted, t.over, members, at_ms, row)


def named(plan: Plan, session: Session) -> list[Row]:
    """Rows of the cells that a session came with: a preview's link named them, so that no place
    was taken and nothing was drawn."""
    rows: list[Row] = []
    for t in plan.treatments:
        if cell := session.cells.get(t.name):
            take = _take(t, session.mode, session.id, [session.id], session.scene, 0)
            row = take.row | {
                "cell": cell,
                "per": "participant",
                "session_id": session.id,
                "game_id": None,
                "seed": None,
                "day_ms": session.started_ms,
                "reserved_ms": session.started_ms,
            }
            rows.append(("assignments", row))
    return rows


def at_end(plan: Plan, session: Session, outcome: str, at_ms: float) -> list[Give]:
    """What becomes of the places of a session that ends with `outcome`."""
    valid = {t.name: outcome in t.valid for t in plan.treatments}
    return [
        Give(name, unit, session.id, valid.get(name, False), at_ms, outcome)
        for name, unit in session.holds.items()
    ]


def spent(
    deployment: Deployment, plan: Plan, mode: str, treatments: Iterable[TreatmentPlan]
) -> bool:
    """Whether one of `treatments` has no place, and none can come free any more."""
    counted = _counted(deployment, plan, mode, treatments)
    return any(places.spent(t.cells, taken, t.wanted) for t, taken in counted)


def groups_left(deployment: Deployment, plan: Plan, scene: str, mode: str) -> int:
    """How many groups could be matched for `scene` before a treatment has no free place."""
    counted = _counted(deployment, plan, mode, grouped(plan, scene))
    counts = [places.left(t.cells, taken, t.wanted, t.over) for t, taken in counted]
    return min(counts, default=1_000_000)


def _counted(
    deployment: Deployment, plan: Plan, mode: str, treatments: Iterable[TreatmentPlan]
) -> list[tuple[TreatmentPlan, Mapping[str, places.Taken]]]:
    limited = [t for t in treatments if t.wanted and mode not in UNCOUNTED]
    if not limited:
        return []
    taken = quotas.counts(deployment.redis, plan.experiment, plan.version, mode)
    return [(t, taken.get(t.name, {})) for t in limited]


def in_common(members: Sequence[Session]) -> dict[str, str]:
    """Treatment -> cell of people who are about to be seated together, where all have the same.

    Where people of different cells meet (`mixes`), that is no cell of the group's.
    """
    first = members[0].cells if members else {}
    return {
        name: cell
        for name, cell in first.items()
        if all(member.cells.get(name) == cell for member in members)
    }


def cells_of(game: Game, sessions: Sequence[Session] = ()) -> dict[str, str]:
    """Treatment -> cell of a game: of its group, and of its people where all have the same."""
    return in_common(sessions) | dict(game.cells)
