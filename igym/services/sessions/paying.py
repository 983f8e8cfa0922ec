"""Working out bonuses: once a session has ended, by the author's function, in a worker.

Run by whoever holds the director's lease; twice at once does no harm. Whatever the function
does, everybody's bonus gets an amount, and the data say what it was worked out from.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from igym.domain import bonus
from igym.domain.plan import BonusPlan
from igym.errors import IgymError, NotFound, TooMuch
from igym.services import nudging, problems
from igym.services.connect import Deployment, now_ms
from igym.services.functions import asking
from igym.services.functions.asking import Answer
from igym.store import games, packages, paying, sessions
from igym.store.paying import Due
from igym.store.post import Outbox
from igym.store.sessions import Session

_log = logging.getLogger(__name__)

#: A question that nobody answered is asked so often.
MOST_ASKED = 3


def pay_all(deployment: Deployment, outbox: Outbox) -> int:
    """Ask about everybody whose bonus is due and write what is answered. Returns how many."""
    made = 0
    for experiment in packages.known(deployment.redis):
        for session_id, due in paying.due(deployment.redis, experiment).items():
            try:
                made += _round(deployment, outbox, experiment, session_id, due)
            except IgymError as error:
                _log.error("bonus of %s in %s: %s", session_id, experiment, error)
                paying.drop(deployment.redis, experiment, session_id)
    return made


def _round(
    deployment: Deployment, outbox: Outbox, experiment: str, session_id: str, due: Due
) -> bool:
    session = sessions.read(deployment.redis, experiment, session_id)
    plan = deployment.plans.get(experiment, session.package)
    if plan.bonus is None:
        raise NotFound("The package pays no bonus.")
    answer = asking.answer(deployment, experiment, due.question) if due.question else None
    if due.question and answer is None:
        return False
    if answer is None or (answer.lost and due.asked < MOST_ASKED):
        record = recorded(deployment, session)
        try:
            question = asking.ask(
                deployment, experiment, plan.package, "bonus", [record], plan.bonus.limit_s
            )
        except TooMuch as error:
            answer = Answer(error=str(error))
        else:
            asked = Due(question, due.asked + 1, json.dumps(record))
            paying.ask(deployment.redis, experiment, session_id, asked)
            return False
    _settle(deployment, session, plan.bonus, answer, due.inputs)
    nudging.nudge(outbox, deployment, experiment, session_id)
    return True


def recorded(deployment: Deployment, session: Session) -> dict[str, Any]:
    """What the author's function is given (`igym.domain.bonus.Record`), as JSON can hold it."""
    played = dict(session.played)
    for scene, game_id in session.groups.items():
        if scene not in played:  # they left it before it was over
            try:
                game = games.read(deployment.redis, session.experiment, game_id)
            except NotFound:
                continue
            seats = [seat for seat, who in game.seats.items() if who == session.id]
            played[scene] = {"seat": seats[0], "results": game.results} if seats else {}
    return {
        "session": session.id,
        "mode": session.mode,
        "wave": session.wave,
        "outcome": session.outcome,
        "treatments": dict(session.cells),
        "answers": dict(session.attributes),
        "episodes": [
            {"scene": scene, "seat": one["seat"], "result": result}
            for scene, one in played.items()
            for result in one.get("results", ())
        ],
    }


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
