"""Working out bonuses: once a session has ended, by the author's function, in a worker.

Run by whoever holds the director's lease; twice at once does no harm. Whatever the function
does, everybody's bonus gets an amount, and the data say what it was worked out from.
"""

from __future__ import annotations

import json

from igym.domain import bonus
from igym.domain.plan import BonusPlan
from igym.errors import NotFound
from igym.services import nudging, problems
from igym.services.connect import Deployment, now_ms
from igym.services.functions import waiting
from igym.services.functions.asking import Answer
from igym.services.sessions import recalling
from igym.store import paying, sessions
from igym.store.asked import Asked
from igym.store.asked import paying as desk
from igym.store.post import Outbox
from igym.store.sessions import Session


def pay_all(deployment: Deployment, outbox: Outbox) -> int:
    """Ask about everybody whose bonus is due and write what is answered. Returns how many."""
    return waiting.attend(
        deployment,
        desk,
        "the bonus",
        lambda experiment, id, due: _round(deployment, outbox, experiment, id, due),
    )


def _round(
    deployment: Deployment, outbox: Outbox, experiment: str, session_id: str, due: Asked
) -> bool:
    session = sessions.read(deployment.redis, experiment, session_id)
    plan = deployment.plans.get(experiment, session.package)
    if plan.bonus is None:
        raise NotFound("The package pays no bonus.")
    answer = waiting.answer(
        deployment,
        desk,
        experiment,
        session_id,
        due,
        package=plan.package,
        what="bonus",
        given=lambda: recalling.recorded(deployment, session),
        limit_s=plan.bonus.limit_s,
    )
    if answer is None:
        return False
    _settle(deployment, session, plan.bonus, answer, due.inputs)
    nudging.nudge(outbox, deployment, experiment, session_id)
    return True


def _settle(
    deployment: Deployment, session: Session, plan: BonusPlan, answer: Answer, inputs: str
) -> None:
    error = answer.error
    amount = None if error else bonus.capped(answer.value, plan.cap)
    if not error and amount is None:
        error = f"it answered {json.dumps(answer.value)[:80]}, which is no amount"
    if error:
        problems.report(
            deployment,
            session.experiment,
            session.release,
            "function_failed",
            f"The bonus of session {session.id} is the default of {plan.default:.2f}: {error}",
            where=f"after scene {session.scene}",
        )
    paid = plan.default if amount is None else amount
    row = {
        "session_id": session.id,
        "day_ms": session.started_ms,
        "paid_ms": now_ms(),
        "amount": paid,
        "currency": plan.currency,
        "answer": None if answer.error else json.dumps(answer.value),
        "cap": plan.cap,
        "error": error,
        "inputs": inputs,
    }
    paying.paid(
        deployment.redis,
        session.experiment,
        session.release,
        session.id,
        bonus.told(paid, plan.currency),
        [("bonuses", row)],
    )
