"""Sessions that went silent: they end, and their places are free again.

Run by whoever holds the director's lease. A person in a live game is the game's own business
(`igym.domain.dropout`).
"""

from __future__ import annotations

import logging

from igym.domain import flow
from igym.domain.outcome import Outcome
from igym.domain.participant import Phase
from igym.errors import Conflict, NotFound
from igym.services import nudging
from igym.services.connect import Deployment, now_ms
from igym.services.sessions import advancing
from igym.store import games, heard, packages, presence, sessions
from igym.store.post import Outbox
from igym.store.sessions import Session

_log = logging.getLogger(__name__)

#: Sessions looked at in one round, of each experiment.
MOST = 200

#: A person in a live game is looked at again after so long, seconds.
PLAYS_S = 60.0


def look(deployment: Deployment, outbox: Outbox) -> int:
    """End every session that was silent for as long as its experiment allows.

    Returns:
        How many.
    """
    ended = 0
    for experiment in packages.known(deployment.redis):
        due = presence.due(deployment.redis, experiment, now_ms(), MOST)
        ago_ms = heard.ago_ms(deployment.redis, experiment, due)
        for session_id in due:
            try:
                session = sessions.read(deployment.redis, experiment, session_id)
            except NotFound:
                presence.forget(deployment.redis, experiment, session_id)
                continue
            try:
                ended += _look_at(deployment, outbox, session, ago_ms.get(session_id))
            except Conflict:
                continue  # it moved just now; the next round looks again
    return ended


def _look_at(
    deployment: Deployment, outbox: Outbox, session: Session, ago_ms: float | None
) -> bool:
    redis, at_ms = deployment.redis, now_ms()
    if session.phase is Phase.ENDED:
        presence.forget(redis, session.experiment, session.id)
        return False
    plan = deployment.plans.get(session.experiment, session.package)
    silent_ms = at_ms - session.entered_ms  # whoever moved was there
    if ago_ms is not None:
        silent_ms = min(silent_ms, ago_ms)
    left_ms = plan.absent_s * 1000 - silent_ms
    if left_ms <= 0 and session.phase is Phase.PLAYING and _lives(deployment, session):
        left_ms = PLAYS_S * 1000
    if left_ms > 0:
        presence.again(redis, session.experiment, session.id, at_ms + left_ms)
        return False
    _log.info("session %s was silent for %.0f s", session.id, silent_ms / 1000)
    rows = []
    if session.phase is Phase.WAITING:
        rows = [
            advancing.ticket_row(
                session.id,
                session.visit,
                session.scene,
                session.entered_ms,
                ended_ms=at_ms,
                end="absent",
            )
        ]
    last = flow.last(plan)
    advancing.enter(deployment, session, last, rows, outcome=Outcome.ABSENT)
    nudging.nudge(outbox, deployment, session.experiment, session.id)
    return True


def _lives(deployment: Deployment, session: Session) -> bool:
    """Whether the session's game is still there to decide."""
    try:
        return games.read(deployment.redis, session.experiment, session.game).phase != "over"
    except NotFound:
        return False
