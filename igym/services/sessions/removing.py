"""Somebody who runs the study ends a participant's session: from any screen, for good, and paid."""

from __future__ import annotations

from igym.domain import flow
from igym.domain.language import said as said_in
from igym.domain.outcome import Outcome
from igym.domain.participant import Phase
from igym.errors import Conflict
from igym.services import nudging
from igym.services.connect import Deployment
from igym.services.sessions import advancing, withdrawing
from igym.store import sessions
from igym.store.post import Outbox

#: The most characters of what is said to them.
MOST_CHARS = 500


def remove(
    deployment: Deployment, outbox: Outbox, experiment: str, session_id: str, text: str = ""
) -> bool:
    """End the session with the outcome "ended_by_researcher", and its page and code.

    Whoever is in a game with them goes on by the scene's `dropped`, as after any other leaving.

    Args:
        text: a sentence for the participant; one of igym's own if empty.

    Returns:
        False where it was over already: nothing was changed.

    Raises:
        NotFound: there is no such session.
        Conflict: the session would not hold still; nothing was changed.
    """
    for _ in range(withdrawing.TRIES):
        session = sessions.read(deployment.redis, experiment, session_id)
        if session.phase is Phase.ENDED:
            return False
        plan = deployment.plans.get(experiment, session.package)
        why = text.strip()[:MOST_CHARS] or said_in(plan.language, advancing.ENDED)
        outcome = Outcome.ENDED_BY_RESEARCHER
        also = {"reason": why}
        try:
            advancing.enter(deployment, session, flow.last(plan), outcome=outcome, also=also)
        except Conflict:
            continue
        if session.game:
            withdrawing.leave(deployment, outbox, session, outcome)
        nudging.nudge(outbox, deployment, experiment, session_id)
        return True
    raise Conflict("That did not work at once.", moved=(session_id,), hint="Please try again.")
