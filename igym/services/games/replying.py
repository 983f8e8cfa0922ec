"""What a participant says between the episodes of a game. Runs in web workers."""

from __future__ import annotations

from igym import wire
from igym.domain.participant import Phase
from igym.domain.plan import ScenePlan
from igym.errors import BadMessage, NotYours
from igym.services.connect import Deployment, now_ms
from igym.services.sessions import questions
from igym.store import replies
from igym.store.sessions import Session


def reply(deployment: Deployment, session: Session, said: wire.Reply) -> None:
    """Keep somebody's answers. Said again, nothing happens; said late, they are kept all the same.

    Raises:
        NotYours: they are not in that game (any more).
        BadMessage: nobody asked them that, or an answer is missing, unknown or too long.
    """
    if session.phase is not Phase.PLAYING or session.game != said.game:
        raise NotYours("That game is over.", hint="We show you what comes next.")
    plan = deployment.plans.get(session.experiment, session.package)
    play = plan.scene(session.scene).play
    ask = play.ask(said.ask) if play else None
    if play is None or ask is None or session.seat not in ask.seats:
        raise BadMessage(f"Nobody asked {said.ask!r} here.", hint="Reload the page.")
    if said.episode >= play.most_episodes:
        raise BadMessage(f"There is no episode {said.episode} in this game.")
    scene = ScenePlan(ask.name, survey=ask.survey)
    answers = questions.kept(scene, said.answers)
    rows = questions.rows(session, scene, answers, now_ms(), said.times)
    for _, row in rows:
        row |= {"scene": ask.name, "game_id": session.game, "episode": said.episode}
    replies.keep(
        deployment.redis,
        session.experiment,
        session.release,
        session.game,
        ask=ask.name,
        episode=said.episode,
        seat=session.seat,
        answers=answers,
        rows=rows,
    )
