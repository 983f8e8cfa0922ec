"""What is known of one participant now, as an admin's page shows it. Reads only.

What was archived is not here: reading tables takes libraries that web workers do not carry.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from igym.domain import flow
from igym.errors import NotFound
from igym.services.connect import Deployment
from igym.store import games, records, sessions
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
    rows = records.latest(deployment.redis, experiment, session.release, session_id, MOST_ROWS)
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


def _moments(table: str, row: dict[str, Any], answers: bool) -> list[Moment]:
    """What a row that waits for the archiver says."""
    if table == "events":
        return [_moment(row["at_ms"], row["kind"], (row["detail"] or "") if answers else "")]
    if table == "visits" and (entered_ms := row.get("entered_ms")):
        return [_moment(entered_ms, f"came to {row['scene']}")]
    if table == "answers" and answers:
        said = row.get("value") or ""
        return [_moment(row["answered_ms"], f"answered {row['item']}", said)]
    return []
