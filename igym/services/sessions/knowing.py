"""What is known of one participant now, as an admin's page shows it. Reads only.

What was archived days ago is not here: reading tables takes libraries that web workers do not
carry. What the archiver left behind (`igym.store.trails`) is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from igym.domain import flow
from igym.errors import NotFound
from igym.services.connect import Deployment
from igym.store import games, records, sessions, trails
from igym.store.records import Row
from igym.store.sessions import Session

#: So many of the latest rows that wait for the archiver are looked through, and so many told.
MOST_ROWS, MOST_TOLD, MOST_TEXT = 5_000, 200, 2_000

Moment = dict[str, Any]


def about(
    deployment: Deployment, experiment: str, session_id: str, *, answers: bool
) -> dict[str, Any]:
    """Facts and a timeline, the latest first. Costs some ms.

    Args:
        answers: whether to tell the recruiter's ids, what they said and what their browser logged.

    Raises:
        NotFound: there is no such session (any more).
    """
    session = sessions.read(deployment.redis, experiment, session_id)
    redis = deployment.redis
    rows = records.latest(redis, experiment, session.release, session_id, MOST_ROWS)
    rows = [*rows, *reversed(trails.read(redis, experiment, session_id))]
    told = [*_visit(session), *_played(deployment, session)]
    told += [moment for table, row in rows for moment in _moments(table, row, answers)]
    unlike = {(moment["at_ms"], moment["what"], moment["detail"]): moment for moment in told}
    told = sorted(unlike.values(), key=lambda moment: -moment["at_ms"])
    recruiter = {row["name"]: row["value"] for table, row in rows if table == "recruiter_ids"}
    return {
        "link": {**session.given, **recruiter} if answers else {},
        "reason": session.reason,
        "bonus": session.bonus,
        "scenes": _passed(deployment, session),
        "timeline": told[:MOST_TOLD],
        "answers": _answers(rows) if answers else [],
        "devices": _devices(rows),
        "withheld": not answers,
    }


def _passed(deployment: Deployment, session: Session) -> list[str]:
    with suppress(NotFound):
        plan = deployment.plans.get(session.experiment, session.package)
        return flow.passed(plan, session.path, session.ways, session.scene)
    return []


def _moment(at_ms: float, what: str, detail: object = "") -> Moment:
    return {"at_ms": at_ms, "what": what, "detail": str(detail)[:MOST_TEXT]}


def _visit(session: Session) -> list[Moment]:
    told = [_moment(session.started_ms, "arrived")]
    if session.outcome:
        told.append(_moment(session.entered_ms, f"ended: {session.outcome}"))
    elif session.visit:
        told.append(_moment(session.entered_ms, f"came to {session.scene}"))
    return told


def _played(deployment: Deployment, session: Session) -> list[Moment]:
    """Matched, begun and ended, of each game that is still remembered."""
    told = []
    for scene, id in {**session.groups, session.scene: session.game}.items():
        if not id:
            continue
        with suppress(NotFound):
            game = games.read(deployment.redis, session.experiment, id)
            told.append(_moment(game.created_ms, f"matched for {scene}"))
            if game.claimed_ms:
                told.append(_moment(game.claimed_ms, f"{scene} was begun by {game.owner}"))
            if game.ended_ms:
                told.append(_moment(game.ended_ms, f"{scene} ended: {game.outcome}"))
    return told


def _answers(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What was said, the latest first; once each."""
    made: dict[tuple[Any, ...], dict[str, Any]] = {}
    for table, row in rows:
        if table == "answers":
            said = {
                "scene": row.get("scene") or "",
                "item": row["item"],
                "value": str(row.get("value") or "")[:MOST_TEXT],
                "at_ms": row["answered_ms"],
                "attempt": row.get("attempt"),
                "correct": row.get("correct"),
            }
            made.setdefault((said["at_ms"], said["scene"], said["item"]), said)
    return sorted(made.values(), key=lambda said: -said["at_ms"])[:MOST_TOLD]


def _devices(rows: Sequence[Row]) -> list[str]:
    """What they sit at, where that is kept, and how well its screen keeps up."""
    agents, screens = dict[str, None](), dict[float, dict[str, Any]]()
    for table, row in reversed(rows):  # what came later fills in what came before
        if table == "sessions" and row.get("device"):
            agents[f"{row['device']}, {row.get('browser') or 'unknown browser'}"] = None
        if table == "screens":
            known = {k: v for k, v in row.items() if v is not None}
            screens.setdefault(row["opened_ms"], {}).update(known)
    return [*agents, *(_screen(one) for _, one in sorted(screens.items()))]


def _screen(row: Mapping[str, Any]) -> str:
    said = f"stage {row.get('width_px', 0)} × {row.get('height_px', 0)} px"
    if row.get("refresh_hz"):
        said += f", {row['refresh_hz']:.0f} Hz"
    if row.get("paints"):
        lost = row.get("dropped_paints") or 0
        said += f", {lost / (lost + row['paints']):.1%} of paints dropped"
    return said


def _moments(table: str, row: dict[str, Any], answers: bool) -> list[Moment]:
    """What a row that waits for the archiver says."""
    if table == "events":
        return [_moment(row["at_ms"], row["kind"], (row.get("detail") or "") if answers else "")]
    if table == "visits" and (entered_ms := row.get("entered_ms")):
        return [_moment(entered_ms, f"came to {row['scene']}")]
    if table == "tickets" and row.get("ended_ms") and row.get("end") != "matched":
        return [
            _moment(row["ended_ms"], f"waited for {row.get('scene', '')} in vain: {row['end']}")
        ]
    if table == "answers" and answers:
        said = row.get("value") or ""
        return [_moment(row["answered_ms"], f"answered {row['item']}", said)]
    return []
