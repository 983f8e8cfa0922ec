"""Somebody's data are marked as not to be used, with a reason; nothing is taken away."""

from __future__ import annotations

from igym.services.connect import Deployment, now_ms
from igym.store import sessions
from igym.store.records import Row, event_row


def exclude(deployment: Deployment, experiment: str, session_id: str, why: str, by: str) -> str:
    """Mark the session; with no reason, take the mark off again. In any state, also once it ended.

    Returns:
        The reason it was marked with before; "" = it was not.

    Raises:
        NotFound: there is no such session (any more).
    """
    session = sessions.read(deployment.redis, experiment, session_id)
    about: Row = (
        "sessions",
        {
            "session_id": session.id,
            "day_ms": session.started_ms,
            "excluded": bool(why),
            "excluded_why": why,
            "excluded_by": by,
        },
    )
    kind = "excluded" if why else "included"
    told = event_row(now_ms(), kind, session=session.id, detail=f"{by}: {why}" if why else by)
    return sessions.mark(deployment.redis, session, why, [about, told])
