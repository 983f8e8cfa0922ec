"""A preview that begins in the middle: at any scene, in any cell of a treatment.

Only where igym runs for development. Elsewhere a link could be made to lead straight to a
completion code.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from igym.domain.outcome import Outcome
from igym.domain.plan import Plan
from igym.errors import BadMessage, Conflict
from igym.services.connect import Deployment
from igym.services.sessions import advancing, routing
from igym.store import sessions

#: In a link: ?scene=together&outcome=no_partner&cell.skill=expert
SCENE, OUTCOME, CELL = "scene", "outcome", "cell."


@dataclass(frozen=True)
class Wish:
    """What a preview's link asks for."""

    scene: str = ""  # "" = begin where participants do
    outcome: str = Outcome.COMPLETE  # where `scene` is the ending
    cells: Mapping[str, str] = field(
        default_factory=dict
    )  # treatment -> cell, given without a place


def wish(deployment: Deployment, plan: Plan, mode: str, query: Mapping[str, object]) -> Wish:
    """What the link asks for; nothing, unless it is a preview's and igym runs for development.

    Raises:
        BadMessage: there is no such scene, treatment or cell.
    """
    if mode != "preview" or deployment.settings.environment != "development":
        return Wish()
    scene = str(query.get(SCENE) or "")
    if scene:
        _known("scene", scene, (s.name for s in plan.scenes))
    treatments = {t.name: t for t in plan.treatments}
    cells = {}
    for name, value in query.items():
        if name.startswith(CELL) and value:
            treatment = _known("treatment", name.removeprefix(CELL), treatments)
            cells[treatment] = _known("cell", str(value), treatments[treatment].cells)
    return Wish(scene, str(query.get(OUTCOME) or Outcome.COMPLETE)[:60], cells)


def _known(what: str, name: str, names: Iterable[str]) -> str:
    """`name`, which is one of `names`. Raises `BadMessage`."""
    listed = list(names)
    if name in listed:
        return name
    near = difflib.get_close_matches(name, listed, n=1, cutoff=0)
    hint = f"Did you mean {near[0]}?" if near else f"This study has no {what}."
    raise BadMessage(f"This link asks for a {what} that does not exist: {name[:60]!r}.", hint=hint)


def jump(deployment: Deployment, plan: Plan, session_id: str, wish: Wish) -> None:
    """Bring a session that has just begun to the scene it asks for. Twice is the same as once."""
    if not wish.scene or wish.scene == plan.scenes[0].name:
        return
    session = sessions.read(deployment.redis, plan.experiment, session_id)
    if session.visit == 0 and session.version == 1:
        on = routing.onward(deployment, plan, session, {})  # what is drawn at the beginning
        fields = dict(on.fields)
        path = list(fields.get("path", ()))
        if path and wish.scene not in path:  # it was not drawn for this one: it is all the same
            fields["path"] = [*path[:-1], wish.scene, path[-1]]
        session = on.session.changed(path=fields.get("path", on.session.path))
        scene = plan.scene(wish.scene)
        with contextlib.suppress(Conflict):  # they have moved on by themselves
            advancing.enter(deployment, session, scene, on.rows, outcome=wish.outcome, also=fields)
