"""Somebody stops taking part: from any screen after consent, at once, and for good."""

from __future__ import annotations

from igym.domain import flow
from igym.domain.outcome import Outcome
from igym.domain.participant import Phase
from igym.errors import BadMessage, Conflict, NotFound
from igym.services.connect import Deployment
from igym.services.sessions import advancing
from igym.store import games, sessions
from igym.store.post import Outbox
from igym.store.records import Row
from igym.store.sessions import Session
from igym.wire import inner

#: Others move a session too (a match, the end of a game): so often it is tried again.
TRIES = 8


def withdraw(
    deployment: Deployment, outbox: Outbox, experiment: str, session_id: str, *, keep: bool
) -> None:
    """End the session with the outcome "withdrew"; `keep` is whether its data may be used.

    Said twice, or when everything is over, it does nothing. Whoever is in a game with them
    is told at once, since the game's worker is.

    Raises:
        BadMessage: they have not given consent yet: there is nothing to stop.
        Conflict: the session would not hold still; nothing was changed.
    """
    for _ in range(TRIES):
        session = sessions.read(deployment.redis, experiment, session_id)
        if session.phase is Phase.ENDED:
            return
        plan = deployment.plans.get(experiment, session.package)
        if not advancing.stoppable(plan, session):
            raise BadMessage(
                "You have not agreed to take part yet.", hint="You can simply close this page."
            )
        row: Row = (
            "sessions",
            {"session_id": session.id, "day_ms": session.started_ms, "keep_data": keep},
        )
        try:
            advancing.enter(deployment, session, flow.last(plan), [row], outcome=Outcome.WITHDREW)
        except Conflict:
            continue
        if session.game:
            leave(deployment, outbox, session, Outcome.WITHDREW)
        return
    raise Conflict("That did not work at once.", moved=(session_id,), hint="Please try again.")


def leave(deployment: Deployment, outbox: Outbox, session: Session, outcome: str) -> None:
    """Tell the worker of the session's game that whoever sat there has left it for good."""
    try:
        game = games.read(deployment.redis, session.experiment, session.game)
    except NotFound:
        return
    if game.owner:
        outbox.put(game.owner, inner.Leave(game.id, session.seat, outcome))
