"""What a participant's screen shows now. Changes nothing."""

from __future__ import annotations

from typing import Literal

from igym import wire
from igym.domain import endings, flow
from igym.domain.language import said as said_in
from igym.domain.participant import Phase
from igym.domain.plan import EndPlan, Plan, PlayPlan
from igym.services.connect import Deployment
from igym.services.sessions import chatting
from igym.services.sessions.advancing import stoppable
from igym.store import lobby, replies, sessions
from igym.store.sessions import Session

#: Round trips that a browser measures at arrival.
PROBES = 8

#: What they read above a page that a quiz led back to.
READ_AGAIN = "Not all of your answers were right. Please read this again; the questions follow."

#: How long somebody who waited in vain may think, before "finish" is taken for them.
CHOICE_S = 60.0


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
    if session.phase is Phase.DECIDING:
        return wire.DecidingView()
    scene = plan.scene(session.scene)
    if scene.page is not None:
        note = said_in(plan.language, READ_AGAIN) if session.back else ""
        return wire.PageView(html=scene.page.html, button=scene.page.button, note=note)
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
    more_s = lobby.more_s(deployment.redis, session.experiment, name, session.id)
    return wire.LobbyView(
        title=play.title,
        # Masked, a wait for a person looks as the moment before a policy sits down.
        wanted=len(play.seats if play.masked else play.humans),
        waiting=len(here) if shows != "nothing" else int(play.masked),
        position=here.index(session.id) + 1 if shows == "position" else 0,
        shows=shows,
        since_ms=session.entered_ms,
        until_ms=session.entered_ms + (play.waits_s + more_s) * 1000,
        assets=list(play.assets),
        assets_at=f"/assets/{session.package}/",
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
