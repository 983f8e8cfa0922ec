"""Moving a session from scene to scene, and what its screen shows on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from igym import wire
from igym.domain import endings, flow
from igym.domain.language import said as said_in
from igym.domain.outcome import Outcome
from igym.domain.participant import Event, Phase, after
from igym.domain.plan import EndPlan, Plan, PlayPlan, ScenePlan
from igym.errors import BadMessage, Conflict
from igym.services.connect import Deployment, now_ms
from igym.services.sessions import assigning, chatting, questions, routing
from igym.store import bell, lobby, quotas, replies, sessions
from igym.store.quotas import Give
from igym.store.records import Row
from igym.store.sessions import Session

#: Round trips that a browser measures at arrival.
PROBES = 8

#: What whoever failed a quiz reads above the ending's page.
QUIZ_FAILED = "Some of your answers were not right, so the study ends here for you."

#: How long somebody who waited in vain may think, before "finish" is taken for them.
CHOICE_S = 60.0

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
            wrong = verdict.wrong if quiz.tells == "which" else []
            enter(
                deployment, session, scene, rows, also={"attempt": verdict.attempt, "wrong": wrong}
            )
            return
        if not passed and quiz.failed:
            why = {"reason": said_in(plan.language, QUIZ_FAILED)}
            enter(deployment, session, flow.last(plan), rows, outcome=quiz.failed, also=why)
            return
        answers = {**answers, "passed": passed, "attempts": verdict.attempt}
    known = {**session.attributes, **_attributes(plan, scene, answers)}
    on = routing.onward(deployment, plan, session, known)
    also = {"attributes": known} if known != session.attributes else {}
    enter(deployment, on.session, on.scene, rows + on.rows, also={**on.fields, **also})


def _attributes(plan: Plan, scene: ScenePlan, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `answers` that are asked for later on: by a branch or by `roles`; and all short ones
    where an author's function puts people together or pays them."""
    groups = [s.play.group for s in plan.scenes if s.play is not None]
    asked = {group.attribute for group in groups} | flow.asked(plan)
    every = plan.bonus is not None or any(group.strategy == "custom" for group in groups)
    named = {f"{scene.name}.{item}": value for item, value in answers.items()}
    return {
        name: value
        for name, value in named.items()
        if name in asked or (every and len(json.dumps(value)) <= MAX_KEPT_CHARS)
    }


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
        "attempt": 0,
        "wrong": [],
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
    if session.phase is not Phase.SCREENING:  # which is no visit to a scene
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
        bot=bot and bool(join),
    )
    if join:
        bell.ring(deployment.redis)


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
            also = {"played": {**session.played, session.scene: played}} if plan.bonus else {}
            if ending:
                enter(deployment, session, flow.last(plan), outcome=ending, also=also)
            else:
                on = routing.onward(deployment, plan, session, session.attributes)
                enter(deployment, on.session, on.scene, on.rows, also={**on.fields, **also})
            return
        except Conflict:
            continue
    raise Conflict(f"Session {session_id} would not hold still.")


def stoppable(plan: Plan, session: Session) -> bool:
    """Whether they may stop taking part: they gave consent, and it is not over yet."""
    before = flow.passed(plan, session.path, session.ways, session.scene)[:-1]
    agreed = any((page := plan.scene(name).page) is not None and page.consent for name in before)
    return agreed and session.phase is not Phase.ENDED


def state(deployment: Deployment, session: Session, server: str, seq: int = 0) -> wire.State:
    """What the participant's screen shows now.

    `seq` is the last reliable message that the browser has, or that is in here.
    """
    plan = deployment.plans.get(session.experiment, session.package)
    step, steps = flow.progress(plan, session.path, session.ways, session.scene)
    return wire.State(
        wire=wire.VERSION,
        version=session.version,
        phase=session.phase,
        experiment=plan.experiment,
        title=plan.title,
        session=session.id,
        scene=session.scene,
        step=step,
        steps=steps,
        view=_view(deployment, plan, session),
        server=server,
        seq=seq,
        stoppable=stoppable(plan, session),
    )


def labels(play: PlayPlan, mine: str) -> dict[str, str]:
    """Seat -> what it is called on the screen of whoever sits in seat `mine`."""
    named = {seat: play.labels.get(seat, seat) for seat in play.seats}
    if play.partner_shown_as:
        named = {s: name if s == mine else play.partner_shown_as for s, name in named.items()}
    return named


def download_bytes(kbps: float) -> int:
    """How much to download to see that a connection has `kbps`: two seconds' worth, bounded."""
    return int(min(max(kbps * 250, 50_000), wire.MAX_PROBE_BYTES)) if kbps else 0


def _view(deployment: Deployment, plan: Plan, session: Session) -> wire.View:
    if session.phase is Phase.SCREENING:
        kbps = plan.entry.kbps if plan.entry else 0
        return wire.ScreeningView(probes=PROBES, bytes=download_bytes(kbps))
    scene = plan.scene(session.scene)
    if scene.page is not None:
        return wire.PageView(html=scene.page.html, button=scene.page.button)
    if scene.survey is not None:
        return wire.SurveyView(form=scene.survey.form)
    if scene.quiz is not None:
        quiz = scene.quiz
        return wire.QuizView(
            form=quiz.asked.form,
            attempt=session.attempt + 1,
            attempts=quiz.attempts,
            wrong=session.wrong,
            explain={k: v for k, v in quiz.explain.items() if k in session.wrong},
        )
    if scene.end is not None:
        return _end(scene.end, session)
    play = scene.play
    assert play is not None
    if session.phase is Phase.WAITING:
        return _lobby(deployment, play, session)
    if session.phase is Phase.CHOOSING:
        return _choice(deployment, play, session)
    return wire.GameView(
        game=session.game,
        title=play.title,
        help=play.help,
        keys=list(play.keys),
        touch=[wire.TouchKey(t.label, list(t.keys), t.side) for t in play.touch],
        aspect=play.aspect,
        background=play.background,
        fps=play.fps,
        episodes=play.most_episodes,
        seat=session.seat,
        seats=labels(play, session.seat),
        marks=play.marks,
        chat=chatting.view(deployment.redis, session) if play.chat else None,
        pointer=play.pointer,
        buttons=[wire.PadButton(one.button, list(one.keys)) for one in play.buttons],
        sticks=play.sticks,
        asks=_asks(deployment, play, session),
        assets=list(play.assets),
        assets_at=f"/assets/{session.package}/",
    )


def _end(end: EndPlan, session: Session) -> wire.EndView:
    about = {
        "participant": session.participant,
        "code": session.code,
        "session": session.id,
        "outcome": session.outcome,
    }
    redirect = end.redirect(session.outcome, session.wave)
    return wire.EndView(
        html=end.page(session.outcome, session.wave).replace("{bonus}", session.bonus or "…"),
        outcome=session.outcome,
        code=session.code,
        redirect=endings.filled(redirect, {**session.given, **about}),
        reason=session.reason,
    )


def _asks(deployment: Deployment, play: PlayPlan, session: Session) -> list[wire.AskView]:
    """What they may be asked between the episodes of their game, and what they have answered."""
    mine = [ask for ask in play.asks if session.seat in ask.seats]
    if not mine:
        return []
    done = replies.answered(deployment.redis, session.experiment, session.game, session.seat)
    return [wire.AskView(a.name, a.survey.form, sorted(done.get(a.name, []))) for a in mine]


def _lobby(deployment: Deployment, play: PlayPlan, session: Session) -> wire.LobbyView:
    """The waiting room; numbers the author hides are not in it."""
    name = sessions.lobby_name(session.package, session.scene, session.mode)
    here = lobby.present(
        deployment.redis, session.experiment, name, deployment.settings.away_after_s
    )
    if session.id not in here:
        here.append(session.id)
    shows = "nothing" if play.masked else play.shows
    return wire.LobbyView(
        title=play.title,
        # Masked, a wait for a person looks as the moment before a policy sits down.
        wanted=len(play.seats if play.masked else play.humans),
        waiting=len(here) if shows != "nothing" else int(play.masked),
        position=here.index(session.id) + 1 if shows == "position" else 0,
        shows=shows,
        since_ms=session.entered_ms,
        until_ms=session.entered_ms + play.waits_s * 1000,
    )


def options(
    deployment: Deployment, play: PlayPlan, session: Session
) -> list[Literal["again", "bot", "finish"]]:
    """What somebody who waited in vain may choose between."""
    found: list[Literal["again", "bot", "finish"]] = []
    name = sessions.lobby_name(session.package, session.scene, session.mode)
    if session.again < play.unmatched.again:
        found.append("again")
    if play.unmatched.bot and fills(deployment, session.experiment, play, name):
        found.append("bot")
    return [*found, "finish"]


def fills(deployment: Deployment, experiment: str, play: PlayPlan, name: str) -> bool:
    """Whether one more game of that lobby may have a policy in a person's seat."""
    if play.fill is None:
        return False
    most = play.fill.at_most
    return not most or lobby.filled(deployment.redis, experiment, name) < most


def _choice(deployment: Deployment, play: PlayPlan, session: Session) -> wire.ChoiceView:
    until_ms = lobby.chooses_until(deployment.redis, session.experiment, session.id)
    asked_ms = until_ms - CHOICE_S * 1000
    return wire.ChoiceView(
        title=play.title,
        options=[wire.ChoiceOption(name) for name in options(deployment, play, session)],
        waited_ms=max(0.0, asked_ms - session.entered_ms),
        until_ms=until_ms,
    )
