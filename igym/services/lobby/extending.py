"""Somebody who waits in a lobby is let wait longer than their scene says."""

from __future__ import annotations

from igym.domain.participant import Phase
from igym.errors import Conflict
from igym.services.connect import Deployment, now_ms
from igym.store import bell, lobby, records, sessions
from igym.store.records import event_row
from igym.store.sessions import Session


def extend(deployment: Deployment, session: Session, once: str, more_s: float) -> float:
    """Let the session wait `more_s` longer. With the same `once` again, it is as once.

    Returns:
        By how much its wait is now longer than the scene says, s.

    Raises:
        Conflict: it does not wait (any more). Nothing was changed.
    """
    redis = deployment.redis
    name = sessions.lobby_name(session.package, session.scene, session.mode)
    made_s = None
    if session.phase is Phase.WAITING:
        made_s = lobby.extend(redis, session.experiment, name, session.id, once, more_s)
    if made_s is None:
        raise Conflict(f"They do not wait in a lobby: they are {session.phase}.")
    row = event_row(now_ms(), "wait_extended", session=session.id, detail=f"{more_s:g} s more")
    records.add(redis, session.experiment, session.release, [row])
    bell.ring(redis)
    return made_s
