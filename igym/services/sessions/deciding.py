"""Branches that an author's function decides: whoever stands before one waits for its answer.

The session waits between two scenes, in a phase of its own; the director asks (`decide_all`), the
checks worker answers. Whatever the function does, everybody goes on, and the data say why there.
"""

from __future__ import annotations

import json

from igym.domain.participant import Phase
from igym.domain.plan import Step
from igym.errors import NotFound
from igym.services import nudging, problems
from igym.services.connect import Deployment
from igym.services.functions import waiting
from igym.services.functions.asking import Answer
from igym.services.sessions import advancing, recalling, routing
from igym.services.sessions.routing import Said
from igym.store import sessions
from igym.store.asked import Deciding
from igym.store.asked import deciding as desk
from igym.store.post import Outbox
from igym.store.sessions import Session


def decide_all(deployment: Deployment, outbox: Outbox) -> int:
    """Ask about everybody who stands before a branch and take the ways that were said.

    Run by whoever holds the director's lease; twice at once does no harm. Returns how many went on.
    """
    return waiting.attend(
        deployment,
        desk,
        "a branch",
        lambda experiment, id, kept: _round(deployment, outbox, experiment, id, kept),
    )


def _round(
    deployment: Deployment, outbox: Outbox, experiment: str, session_id: str, kept: Deciding
) -> int:
    try:
        session = sessions.read(deployment.redis, experiment, session_id)
    except NotFound:
        session = None
    if session is None or session.phase is not Phase.DECIDING:
        desk.drop(deployment.redis, experiment, session_id)
        return 0
    plan = deployment.plans.get(experiment, session.package)
    on = routing.onward(deployment, plan, session, session.attributes)
    branch = on.asks
    if branch is not None and branch.function is not None:
        if kept.branch != branch.name:  # as another director left it behind
            kept = Deciding(branch=branch.name)
        answer = waiting.answer(
            deployment,
            desk,
            experiment,
            session_id,
            kept,
            package=plan.package,
            what=f"branch:{branch.name}",
            given=lambda: recalling.recorded(deployment, session),
            limit_s=branch.function.limit_s,
        )
        if answer is None:
            return 0
        said = _said(deployment, session, branch, answer, branch.function.default, kept.inputs)
        on = routing.onward(deployment, plan, session, session.attributes, {branch.name: said})
    advancing.go(deployment, on)
    nudging.nudge(outbox, deployment, experiment, session_id)
    return 1


def _said(
    deployment: Deployment,
    session: Session,
    branch: Step,
    answer: Answer,
    default: bool,
    inputs: str,
) -> Said:
    """The way it says, or the declared one where it says none."""
    error = answer.error
    if not error and not isinstance(answer.value, bool):
        error = f"it answered {json.dumps(answer.value)[:80]}, which is neither True nor False"
    if error:
        problems.report(
            deployment,
            session.experiment,
            session.release,
            "function_failed",
            f"{branch.name}: session {session.id} takes the default, {default}: {error}",
            where=f"after scene {session.scene}",
        )
    row = {
        "answer": None if answer.error else json.dumps(answer.value),
        "error": error or None,
        "inputs": inputs or None,
    }
    return Said(default if error else bool(answer.value), row)
