"""Waiting that ends without a partner: time-outs, choices, and who was not there.

All deadlines are the server's: a browser whose clock stands still changes nothing.
"""

from __future__ import annotations

from igym import wire
from igym.domain import flow
from igym.domain.outcome import Outcome
from igym.domain.participant import Event, Phase, after
from igym.domain.plan import Plan, PlayPlan
from igym.errors import BadMessage, Conflict, NotFound, NotYours
from igym.services.connect import Deployment, now_ms
from igym.services.sessions import advancing, screens
from igym.store import bell, lobby, proposals, sessions
from igym.store.records import Row
from igym.store.sessions import Session


def here(deployment: Deployment, experiment: str, name: str, session: str, proposal: str) -> None:
    """Somebody who was asked is there. May be said twice.

    Raises:
        NotYours: they are not, or no longer, in that proposal.
    """
    said = proposals.confirm(deployment.redis, experiment, name, session, proposal)
    if not said:
        raise NotYours("That match is over.", hint="You keep your place; we look for another.")
    if said == 2:
        bell.ring(deployment.redis)


def heard(deployment: Deployment, experiment: str, name: str, session: str, rtt_ms: float) -> None:
    """The round trip of somebody who waits was measured."""
    if lobby.measured(deployment.redis, experiment, name, session, rtt_ms):
        bell.ring(deployment.redis)  # `nearest` may have waited for it


def unmatched(deployment: Deployment, plan: Plan, session: Session) -> None:
    """Somebody has waited for as long as the scene says: ask them, or let them go.

    Raises:
        Conflict: they were matched or moved in this moment.
    """
    play = _play(plan, session)
    at_ms = now_ms()
    row = _timed_out(session, at_ms)
    if play.unmatched.asks and len(screens.options(deployment, play, session)) > 1:
        phase = after(session.phase, Event.ASK)
        sessions.move(
            deployment.redis,
            session,
            {"phase": phase.value},
            [row],
            leave=sessions.lobby_name(session.package, session.scene, session.mode),
            at_ms=at_ms,
            chooses_until_ms=at_ms + screens.CHOICE_S * 1000,
        )
        return
    outcome = play.unmatched.outcome
    advancing.enter(deployment, session, flow.last(plan), [row], outcome=outcome)


def absent(deployment: Deployment, plan: Plan, session: Session) -> None:
    """Somebody did not answer twice: they are not there. Raises as `unmatched`."""
    row = _timed_out(session, now_ms(), "absent")
    advancing.enter(deployment, session, flow.last(plan), [row], outcome=Outcome.ABSENT)


def full(deployment: Deployment, plan: Plan, session: Session) -> None:
    """Every place of a treatment is taken for good. Raises as `unmatched`."""
    row = _timed_out(session, now_ms(), "full")
    advancing.enter(deployment, session, flow.last(plan), [row], outcome=plan.full)


def choose(deployment: Deployment, session: Session, said: wire.Choose) -> None:
    """The participant has chosen. Said twice, or about an earlier screen, it does nothing.

    Raises:
        BadMessage: that is not one of their options.
        Conflict: they moved on elsewhere in the same moment.
    """
    if said.version != session.version or session.phase is not Phase.CHOOSING:
        return
    plan = deployment.plans.get(session.experiment, session.package)
    play = _play(plan, session)
    if said.option not in screens.options(deployment, play, session):
        raise BadMessage("That choice is not open (any more).", hint="Please choose another.")
    if said.option == "finish":
        _finish(deployment, plan, session)
        return
    bot = said.option == "bot"
    again = session.again + (not bot)
    scene = plan.scene(session.scene)
    advancing.enter(deployment, session, scene, also={"again": again}, bot=bot)


def choose_for_the_silent(deployment: Deployment, experiment: str) -> list[str]:
    """Take "finish" for whoever has not chosen in time. Returns the sessions that moved."""
    moved = []
    for session_id in lobby.due(deployment.redis, experiment, now_ms()):
        try:
            session = sessions.read(deployment.redis, experiment, session_id)
            if session.phase is not Phase.CHOOSING:
                lobby.chosen(deployment.redis, experiment, session_id)
                continue
            plan = deployment.plans.get(experiment, session.package)
            _finish(deployment, plan, session)
            moved.append(session_id)
        except NotFound:
            lobby.chosen(deployment.redis, experiment, session_id)
        except Conflict:
            continue  # they chose in this very moment
    return moved


def _finish(deployment: Deployment, plan: Plan, session: Session) -> None:
    outcome = _play(plan, session).unmatched.outcome
    advancing.enter(deployment, session, flow.last(plan), outcome=outcome)


def _play(plan: Plan, session: Session) -> PlayPlan:
    play = plan.scene(session.scene).play
    assert play is not None
    return play


def _timed_out(session: Session, at_ms: float, end: str = "timed_out") -> Row:
    return advancing.ticket_row(
        session.id, session.visit, session.scene, session.entered_ms, ended_ms=at_ms, end=end
    )
