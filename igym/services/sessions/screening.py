"""Who is let in. No scene is shown before the verdict is stored.

The web tier judges what can be measured. Where the author has a function of their own, the
session waits for it: the director asks (`judge_all`), the checks worker answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median
from typing import Any

from igym import wire
from igym.domain import flow
from igym.domain import screening as rules
from igym.domain.language import said as said_in
from igym.domain.participant import Phase
from igym.domain.plan import EntryPlan, Plan
from igym.domain.screening import Facts
from igym.errors import NotFound
from igym.services import nudging, problems
from igym.services.connect import Deployment, now_ms
from igym.services.functions import waiting as asked
from igym.services.functions.asking import Answer
from igym.services.sessions import advancing
from igym.store import bell, sessions
from igym.store.post import Outbox
from igym.store.records import Row
from igym.store.screening import Waiting, desk
from igym.store.sessions import Session

#: The most characters of a sentence of the author's function that a participant is shown.
MOST_CHARS = 500

#: A round trip that the server could not measure took longer than it waited.
UNKNOWN_MS = 600_000.0


def hear(
    deployment: Deployment,
    session: Session,
    said: wire.Screened,
    user_agent: str,
    rtts_ms: Sequence[float],
) -> None:
    """The browser has said what it found. Judge it, or have it judged.

    Said twice, or after the verdict, it does nothing.

    Args:
        user_agent: as its connection was opened with; it is read here and not kept.
        rtts_ms: round trips that the server measured on that connection.

    Raises:
        Conflict: the session moved on in the same moment.
    """
    if session.phase is not Phase.SCREENING or said.version != session.version:
        return
    plan = deployment.plans.get(session.experiment, session.package)
    entry = plan.entry or EntryPlan()
    waiting = _measured(said, user_agent, rtts_ms)
    check = rules.judge(entry, waiting.facts)
    if check or not entry.check:
        _settle(deployment, plan, session, waiting, check, _message(plan, check))
        return
    desk.add(deployment.redis, session.experiment, session.id, waiting)
    bell.ring(deployment.redis)


def _measured(said: wire.Screened, user_agent: str, rtts_ms: Sequence[float]) -> Waiting:
    device, agent = rules.agent(user_agent)
    browser_ms = median(said.rtt_ms) if said.rtt_ms else None
    server_ms = median(rtts_ms) if rtts_ms else None
    facts = Facts(
        device=rules.smaller(said.device, device),
        browser=said.browser.lower(),
        agent=agent,
        width_px=said.width_px,
        height_px=said.height_px,
        rtt_ms=max(UNKNOWN_MS if one is None else one for one in (browser_ms, server_ms)),
        kbps=said.kbps,
    )
    return Waiting(facts=facts, browser_rtt_ms=browser_ms, server_rtt_ms=server_ms)


def _message(plan: Plan, check: str) -> str:
    """The author's sentence, or ours in the language of the study."""
    messages = plan.entry.messages if plan.entry is not None else {}
    return messages.get(check) or said_in(plan.language, rules.MESSAGES.get(check, ""))


def _settle(
    deployment: Deployment,
    plan: Plan,
    session: Session,
    waiting: Waiting,
    check: str,
    reason: str,
    answer: Answer | None = None,
) -> None:
    """Write the verdict, and in the same step move the session where it leads."""
    to = flow.last(plan) if check else plan.scenes[0]
    advancing.enter(
        deployment,
        session,
        to,
        [_row(session, waiting, check, answer)],
        outcome=f"screened_{check}",
        also={"reason": reason, "query": {}},  # the author's function has seen it
    )


def _row(session: Session, waiting: Waiting, check: str, answer: Answer | None) -> Row:
    facts = waiting.facts
    return (
        "screenings",
        {
            "session_id": session.id,
            "day_ms": session.started_ms,
            "judged_ms": now_ms(),
            "verdict": "out" if check else "in",
            "check": check or None,
            "device": facts.device,
            "browser": facts.browser,
            "agent": facts.agent,
            "width_px": facts.width_px,
            "height_px": facts.height_px,
            "rtt_ms": facts.rtt_ms if facts.rtt_ms < UNKNOWN_MS else None,
            "browser_rtt_ms": waiting.browser_rtt_ms,
            "server_rtt_ms": waiting.server_rtt_ms,
            "kbps": facts.kbps or None,
            "function": json.dumps(answer.value) if answer and not answer.error else None,
            "error": answer.error or None if answer else None,
        },
    )


# --- the author's function ---------------------------------------------------------------------


def judge_all(deployment: Deployment, outbox: Outbox) -> int:
    """Ask the authors' functions about everybody who waits, and act on the answers there are.

    Run by whoever holds the director's lease; twice at once does no harm. Returns the number
    of verdicts.
    """
    return asked.attend(
        deployment,
        desk,
        "screening",
        lambda experiment, id, waiting: _round(deployment, outbox, experiment, id, waiting),
    )


def _round(
    deployment: Deployment, outbox: Outbox, experiment: str, session_id: str, waiting: Waiting
) -> int:
    redis = deployment.redis
    try:
        session = sessions.read(redis, experiment, session_id)
    except NotFound:
        session = None
    if session is None or session.phase is not Phase.SCREENING:
        desk.drop(redis, experiment, session_id)
        return 0
    plan = deployment.plans.get(experiment, session.package)
    entry = plan.entry or EntryPlan()
    answer = asked.answer(
        deployment,
        desk,
        experiment,
        session_id,
        waiting,
        package=plan.package,
        what="screen",
        given=lambda: _for_author(waiting.facts, session),
        limit_s=entry.limit_s,
    )
    if answer is None:
        return 0
    answer = _usable(deployment, plan, answer)
    check, reason = _verdict(plan, answer)
    _settle(deployment, plan, session, waiting, check, reason, answer)
    desk.drop(redis, experiment, session_id)
    nudging.nudge(outbox, deployment, experiment, session_id)
    return 1


def _for_author(facts: Facts, session: Session) -> dict[str, Any]:
    return {
        "device": facts.device,
        "browser": facts.browser or facts.agent,
        "width_px": facts.width_px,
        "height_px": facts.height_px,
        "rtt_ms": facts.rtt_ms,
        "kbps": facts.kbps,
        "query": session.query,
    }


def _usable(deployment: Deployment, plan: Plan, answer: Answer) -> Answer:
    """`answer`, or an error where it is neither True, False nor a sentence."""
    if answer.error or isinstance(answer.value, bool | str):
        return answer
    message = f"The function for screen answered {json.dumps(answer.value)[:80]}."
    where = "Experiment(entry=screen(check=…)) answers True, False or a sentence"
    problems.report(
        deployment, plan.experiment, plan.version, "function_failed", message, where=where
    )
    return Answer(error=message)


def _verdict(plan: Plan, answer: Answer) -> tuple[str, str]:
    """(the check that failed or "", what the participant reads)."""
    if answer.error:
        lets_in = plan.entry is not None and plan.entry.fails == "open"
    else:
        lets_in = answer.value is True
    if lets_in:
        return "", ""
    said = answer.value.strip()[:MOST_CHARS] if isinstance(answer.value, str) else ""
    return "function", said or _message(plan, "function")
