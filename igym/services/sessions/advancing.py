"""Moving a session from scene to scene, and what its screen shows on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from igym import wire
from igym.domain import flow
from igym.domain.language import said as said_in
from igym.domain.outcome import Outcome
from igym.domain.participant import Event, Phase, after
from igym.domain.plan import Plan, ScenePlan
from igym.errors import BadMessage, Conflict
from igym.services.connect import Deployment, now_ms
from igym.services.sessions import assigning, questions, routing
from igym.services.sessions.routing import Onward
from igym.store import bell, quotas, sessions
from igym.store.quotas import Give
from igym.store.records import Row
from igym.store.sessions import Session

#: What whoever was taken out of the study reads above the ending's page, if nothing else was said.
ENDED = "The people who run this study have ended it for you."

#: What whoever failed a quiz reads above the ending's page.
QUIZ_FAILED = "Some of your answers were not right, so the study ends here for you."

#: The longest answer, as JSON, that an author's matching function is given.
MAX_KEPT_CHARS = 200


def submit(deployment: Deployment, session: Session, said: wire.Advance) -> None:
    """The participant has finished a page, survey or quiz.

    Said twice, or about a scene they have left, it does nothing: their screen is behind.

    Raises:
        BadMessage: the scene is not theirs to finish, or an answer is unknown or too long.
        Conflict: they moved on elsewhere in the same moment.
    """
    if said.version != session.version or said.scene != session.scene:
        return
    plan = deployment.plans.get(session.experiment, session.package)
    scene = plan.scene(session.scene)
    if session.phase is not Phase.READING:
        raise BadMessage("There is nothing to send on this screen.")
    at_ms = now_ms()
    answers = questions.kept(scene, said.answers)
    quiz = scene.quiz
    verdict = questions.judge(session, quiz, answers) if quiz is not None else None
    rows = questions.rows(session, scene, answers, at_ms, said.times, verdict)
    if scene.page is not None and scene.page.consent:
        agreed = {"consent_version": scene.page.version, "consent_sha256": scene.page.sha256}
        rows.append(visit_row(session.id, session.visit, session.entered_ms, **agreed))
    if quiz is not None and verdict is not None:
        # Simulated people do not know what is right, and are to see what comes after.
        passed = verdict.passed or (session.mode == "rehearsal" and verdict.last)
        if not passed and not verdict.last:
            again = {
                "attempt": verdict.attempt,
                "wrong": verdict.wrong if quiz.tells == "which" else [],
                "back": scene.name if quiz.back_to else "",
            }
            to = plan.scene(quiz.back_to) if quiz.back_to else scene
            enter(deployment, session, to, rows, also=again)
            return
        if not passed and quiz.failed:
            why = {"reason": said_in(plan.language, QUIZ_FAILED)}
            enter(deployment, session, flow.last(plan), rows, outcome=quiz.failed, also=why)
            return
        answers = {**answers, "passed": passed, "attempts": verdict.attempt}
    known = {**session.attributes, **_attributes(plan, scene, answers)}
    on = routing.onward(deployment, plan, session, known)
    go(deployment, on, rows, {"attributes": known} if known != session.attributes else {})


def _attributes(plan: Plan, scene: ScenePlan, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `answers` that are asked for later on: by a branch or by `roles`; and all short ones
    where an author's function puts people together or pays them."""
    groups = [s.play.group for s in plan.scenes if s.play is not None]
    asked = {group.attribute for group in groups} | flow.asked(plan)
    every = plan.recalls or any(group.strategy == "custom" for group in groups)
    named = {f"{scene.name}.{item}": value for item, value in answers.items()}
    return {
        name: value
        for name, value in named.items()
        if name in asked or (every and len(json.dumps(value)) <= MAX_KEPT_CHARS)
    }


def go(
    deployment: Deployment,
    on: Onward,
    rows: Sequence[Row] = (),
    also: Mapping[str, Any] | None = None,
) -> None:
    """Take the step that routing found: into the next scene, or to where a function is asked.

    Args:
        rows: written in that step, before those of `on`.
        also: further fields of the session to set.

    Raises:
        Impossible, Conflict: as `enter`.
    """
    fields = {**on.fields, **(also or {})}
    if on.asks is None:
        enter(deployment, on.session, on.scene, [*rows, *on.rows], also=fields)
    else:
        _decide(deployment, on.session, on.asks.name, [*rows, *on.rows], fields)


def _decide(
    deployment: Deployment,
    session: Session,
    branch: str,
    rows: Sequence[Row],
    fields: Mapping[str, Any],
) -> None:
    """Have the session wait before a branch; `igym.services.sessions.deciding` goes on."""
    at_ms = now_ms()
    left = (
        [visit_row(session.id, session.visit, session.entered_ms, left_ms=at_ms)]
        if session.phase is not Phase.DECIDING
        else []
    )
    phase = after(session.phase, Event.DECIDE)
    cleared: dict[str, Any] = {
        "phase": phase.value,
        "game": "",
        "seat": "",
        "attempt": 0,
        "wrong": [],
        "back": "",
    }
    sessions.move(
        deployment.redis,
        session,
        {**cleared, **fields},
        [*rows, *left],
        at_ms=at_ms,
        decides=branch,
    )
    bell.ring(deployment.redis)


def enter(
    deployment: Deployment,
    session: Session,
    scene: ScenePlan,
    rows: list[Row] | None = None,
    *,
    outcome: str = Outcome.COMPLETE,
    also: Mapping[str, Any] | None = None,
    bot: bool = False,
) -> None:
    """Move the session to `scene`, with `rows` written in the same step.

    Treatments that are due there are assigned in that step too; where one has no free place,
    the session goes to the ending instead. An ending settles the places the session has.
    Whoever waits leaves the lobby in that step, and with it whatever was proposed to them.

    Args:
        outcome: of the session, where `scene` is the ending.
        also: further fields of the session to set.
        bot: they wait to play with the policy of `fill`.

    Raises:
        Impossible: the table of moves forbids it.
        Conflict: the session has moved since it was read.
    """
    plan = deployment.plans.get(session.experiment, session.package)
    try:
        _enter(deployment, plan, session, scene, rows or [], outcome, also or {}, bot)
    except quotas.Full:
        last = flow.last(plan)
        _enter(deployment, plan, session, last, rows or [], plan.full, also or {})


def _enter(
    deployment: Deployment,
    plan: Plan,
    session: Session,
    scene: ScenePlan,
    rows: list[Row],
    outcome: str,
    also: Mapping[str, Any],
    bot: bool = False,
) -> None:
    event = flow.entering(scene)
    phase = after(session.phase, event)
    at_ms = now_ms()
    fields: dict[str, Any] = {
        "phase": phase.value,
        "scene": scene.name,
        "visit": session.visit + 1,
        "entered_ms": at_ms,
        "game": "",
        "seat": "",
        "again": 0,
        **_trying(session, scene),
        **also,
    }
    leave = ""
    made: list[Row] = []
    if session.phase is Phase.WAITING:
        leave = sessions.lobby_name(session.package, session.scene, session.mode)
        how: dict[str, Any] = {"ended_ms": at_ms, "end": "left"}  # unless `rows` know better
        visit = (session.visit, session.scene, session.entered_ms)
        made.append(ticket_row(session.id, *visit, **how))
    made += rows
    # Screening is no visit to a scene, and who stands before a branch has left theirs.
    if session.phase not in (Phase.SCREENING, Phase.DECIDING):
        made.append(visit_row(session.id, session.visit, session.entered_ms, left_ms=at_ms))
    made.append(visit_row(session.id, session.visit + 1, at_ms, scene=scene.name, entered_ms=at_ms))
    join = ""
    takes = assigning.at_scene(plan, session, scene, at_ms)
    gives: list[Give] = []
    if event is Event.QUEUE:
        join = sessions.lobby_name(session.package, scene.name, session.mode)
        made.append(ticket_row(session.id, session.visit + 1, scene.name, at_ms))
    if event is Event.FINISH:
        assert scene.end is not None
        code = scene.end.code(outcome, session.wave)
        fields |= {"outcome": outcome, "code": code}
        gives = assigning.at_end(plan, session, outcome, at_ms)
        made.append(
            (
                "sessions",
                {
                    "session_id": session.id,
                    "day_ms": session.started_ms,
                    "ended_ms": at_ms,
                    "outcome": outcome,
                    "code": code,
                },
            )
        )
    sessions.move(
        deployment.redis,
        session,
        fields,
        made,
        join=join,
        leave=leave,
        at_ms=at_ms,
        takes=takes,
        gives=gives,
        ends=phase is Phase.ENDED,
        pays=phase is Phase.ENDED and plan.bonus is not None,
        agreed=_agrees(plan, session, "" if phase is not Phase.ENDED else outcome),
        bot=bot and bool(join),
    )
    if join:
        bell.ring(deployment.redis)


def _agrees(plan: Plan, session: Session, outcome: str) -> bool:
    """Whether whoever goes on from where the session is consents by that: to another scene, or
    to an ending that is no refusal."""
    if session.phase is not Phase.READING or outcome not in ("", Outcome.COMPLETE):
        return False
    page = plan.scene(session.scene).page
    return page is not None and page.consent


def _trying(session: Session, scene: ScenePlan) -> dict[str, Any]:
    """How far a quiz is: kept by whoever reads again on the way back to it."""
    if not session.back:
        return {"attempt": 0, "wrong": [], "back": ""}
    back = "" if scene.name == session.back else session.back
    return {"attempt": session.attempt, "wrong": session.wrong, "back": back}


def visit_row(session_id: str, visit: int, day_ms: float, **known: Any) -> Row:
    """What is known of a session's visit to a scene; `day_ms` is when the scene was entered."""
    key = {"session_id": session_id, "visit": visit, "day_ms": day_ms}
    return ("visits", {**key, **known})


def ticket_row(session_id: str, visit: int, scene: str, since_ms: float, **more: Any) -> Row:
    """The row of a wait in a lobby; its key is the visit it happened in."""
    return (
        "tickets",
        {
            "session_id": session_id,
            "visit": visit,
            "day_ms": since_ms,
            "scene": scene,
            "since_ms": since_ms,
            **more,
        },
    )


def move_on(
    deployment: Deployment,
    session_id: str,
    experiment: str,
    game: str,
    ending: str,
    results: Sequence[Mapping[str, Any]] = (),
) -> None:
    """A game is over: its participant goes to the next scene, or to the ending.

    Safe to call twice: who is no longer in that game is left where they are.

    Args:
        ending: an outcome of the session that leads to the ending; "" goes on.
        results: of the episodes they were in, as `igym.domain.rounds.packed` has them.
    """
    for _ in range(5):
        session = sessions.read(deployment.redis, experiment, session_id)
        if session.phase is not Phase.PLAYING or session.game != game:
            return
        plan = deployment.plans.get(experiment, session.package)
        try:
            played = {"seat": session.seat, "results": list(results)}
            also: dict[str, Any] = {}
            if plan.recalls:
                also["played"] = {**session.played, session.scene: played}
            if ending == Outcome.ENDED_BY_RESEARCHER:
                also["reason"] = said_in(plan.language, ENDED)
            if ending:
                enter(deployment, session, flow.last(plan), outcome=ending, also=also)
            else:
                on = routing.onward(deployment, plan, session, session.attributes)
                go(deployment, on, also=also)
            return
        except Conflict:
            continue
    raise Conflict(f"Session {session_id} would not hold still.")


def stoppable(plan: Plan, session: Session) -> bool:
    """Whether they may stop taking part: they gave consent, and it is not over yet."""
    before = flow.passed(plan, session.path, session.ways, session.scene)[:-1]
    agreed = any((page := plan.scene(name).page) is not None and page.consent for name in before)
    return agreed and session.phase is not Phase.ENDED
