"""Which scene follows, for one session: what is drawn for it, and what its branches decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from igym.domain import conditions, flow
from igym.domain.plan import Plan, ScenePlan
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


def onward(
    deployment: Deployment, plan: Plan, session: Session, attributes: Mapping[str, Any]
) -> Onward:
    """The scene after the session's, by what is known of it with these `attributes`.

    Nothing is written but the session's number among those that drew an order.
    """
    fields: dict[str, Any] = {}
    rows: list[Row] = []
    path = session.path
    if plan.flow is not None and not path:
        seed, number = orders.number(
            deployment.redis, plan.experiment, plan.version, session.mode, session.id
        )
        drawn = flow.draw(plan.flow, seed, number)
        path = fields["path"] = list(drawn.scenes)
        rows += [
            _row(
                session,
                one.name,
                one.kind,
                one.drawn,
                balance=one.balance,
                seed=seed,
                number=number,
            )
            for one in drawn.orders
        ]
        rows.append(
            (
                "sessions",
                {"session_id": session.id, "day_ms": session.started_ms, "path": path},
            )
        )
    known = conditions.facts(attributes, session.cells)
    scene, ways = flow.onward(plan, path, session.ways, session.scene, known)
    if ways != session.ways:
        fields["ways"] = ways
        rows += [
            _row(session, name, "branch", [way])
            for name, way in ways.items()
            if name not in session.ways
        ]
    return Onward(session.changed(**fields), scene, fields, rows)


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
