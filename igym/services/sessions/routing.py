"""Which scene follows, for one session: what is drawn for it, and what its branches decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from igym.domain import conditions, flow
from igym.domain.plan import Plan, ScenePlan, Step
from igym.services.connect import Deployment, now_ms
from igym.store import orders
from igym.store.records import Row
from igym.store.sessions import Session


@dataclass(frozen=True)
class Onward:
    """Where a session goes, to be written in the same step as the move itself."""

    session: Session  # as it will be: with its path and ways
    scene: ScenePlan
    fields: Mapping[str, Any]
    rows: list[Row]
    asks: Step | None = None  # a branch whose function is asked first: the scene is not known yet


@dataclass(frozen=True)
class Said:
    """What the function of a branch said, and the row's columns about that."""

    met: bool
    row: Mapping[str, Any]


def onward(
    deployment: Deployment,
    plan: Plan,
    session: Session,
    attributes: Mapping[str, Any],
    said: Mapping[str, Said] | None = None,
) -> Onward:
    """The scene after the session's, by what is known of it with these `attributes`.

    Nothing is written but the session's number among those that drew an order.

    Args:
        said: branch -> what its function said.
    """
    fields: dict[str, Any] = {}
    rows: list[Row] = []
    path = session.path
    if plan.flow is not None and not path:
        drawn = _draw(deployment, plan, plan.flow, session)
        path = fields["path"] = list(drawn.scenes)
        rows += [
            _row(
                session,
                one.name,
                one.kind,
                one.drawn,
                balance=one.balance,
                within=[f"{name}={session.cells.get(name, '')}" for name in one.within] or None,
                seed=one.seed,
                number=one.number,
            )
            for one in drawn.orders
        ]
        rows.append(
            (
                "sessions",
                {"session_id": session.id, "day_ms": session.started_ms, "path": path},
            )
        )
    told = said or {}
    known = conditions.facts(attributes, session.cells)
    known |= {("function", branch): one.met for branch, one in told.items()}
    asks = None
    try:
        scene, ways = flow.onward(plan, path, session.ways, session.scene, known)
    except flow.Undecided as undecided:
        scene, ways, asks = plan.scene(session.scene), undecided.ways, undecided.branch
    if ways != session.ways:
        fields["ways"] = ways
        rows += [
            _row(session, name, "branch", [way], **(told[name].row if name in told else {}))
            for name, way in ways.items()
            if name not in session.ways
        ]
    return Onward(session.changed(**fields), scene, fields, rows, asks)


def _draw(deployment: Deployment, plan: Plan, step: Step, session: Session) -> flow.Path:
    """The session's path, by its numbers among all and among those in the same cells."""
    counts = {}
    for names in flow.counted(step) | {()}:
        within = ",".join(f"{name}={session.cells.get(name, '')}" for name in names)
        counts[names] = orders.number(
            deployment.redis, plan.experiment, plan.version, session.mode, session.id, within
        )
    return flow.draw(step, *counts[()], counts)


def _row(session: Session, name: str, kind: str, drawn: Any, **more: Any) -> Row:
    return (
        "orders",
        {
            "session_id": session.id,
            "name": name,
            "day_ms": session.started_ms,
            "kind": kind,
            "drawn": list(drawn),
            "decided_ms": now_ms(),
            **more,
        },
    )
