"""A study on paper: a plan without code, people who do as they are told, games nobody runs.

Everything but the environment is real: sessions, lobbies, matches, outcomes and places go
through the services and their scripts. A game is over when the test says so.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from igym import settings, wire
from igym.archive.tables import TABLES
from igym.domain import places
from igym.domain.outcome import GameOutcome
from igym.domain.places import Taken
from igym.domain.plan import (
    EndPlan,
    HoldPlan,
    PagePlan,
    Plan,
    PlayPlan,
    ScenePlan,
    SurveyPlan,
    TreatmentPlan,
)  # fmt: skip
from igym.errors import NotYours
from igym.services.connect import Deployment
from igym.services.games import finishing
from igym.services.lobby import matching, waiting
from igym.services.sessions import advancing, arriving
from igym.store import games, packages, quotas, records, sessions, sockets
from igym.store.games import Game
from igym.store.post import Outbox
from igym.store.sessions import Session
from igym.wire import inner

E = "paper"


class Outgoing(Outbox):
    """An outbox that keeps what is put into it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, inner.Inner]] = []

    def put(self, peer: str, message: inner.Inner) -> None:
        self.said.append((peer, message))


def a_play(humans: int = 2, **more: Any) -> PlayPlan:
    seats = tuple(f"s{n}" for n in range(humans))
    treated = more.get("treated", {})
    made: dict[str, Any] = {
        "seats": (*seats, *treated), "humans": seats, "policies": {}, "keys": ("a",), "touch": (),
        "title": "Play", "help": "", "labels": {}, "marks": {}, "aspect": 2.0,
        "background": "#000", "fps": 30, "episodes": 1, "max_steps": 10, "assign": "fixed",
        "waits_s": 600, "countdown_s": 0, "pause_s": 0,
        "dropped": {seat: HoldPlan() for seat in seats}, **more,
    }  # fmt: skip
    return PlayPlan(**made)


def a_plan(*treatments: TreatmentPlan, play: PlayPlan | None = None, **more: Any) -> Plan:
    """consent, about, play, after, thanks."""
    ending = EndPlan("<p>Bye</p>", {"complete": "C1", "full": "C-FULL"}, {})
    survey = SurveyPlan({"elements": []}, ("hand", "age"))
    more = {"experiment": E, "version": "1", "title": "Paper", "package": "f" * 64, **more}
    return Plan(
        scenes=(
            ScenePlan("consent", page=PagePlan("<p>Hello</p>", "Go", consent=True)),
            ScenePlan("about", survey=survey),
            ScenePlan("play", play=play or a_play()),
            ScenePlan("after", survey=survey),
            ScenePlan("thanks", end=ending),
        ),
        treatments=treatments,
        **more,
    )


def match(deployment: Deployment, outbox: Outgoing, matcher: matching.Matcher) -> int:
    """A round of the director, an answer of everybody who is asked, and another round."""
    made = matcher.round(1)
    answer(deployment, outbox)
    return made + matcher.round(1)


def answer(deployment: Deployment, outbox: Outgoing, *but: str) -> None:
    """Everybody who was asked is there, but these sessions."""
    asked = [said for _, said in outbox.said if isinstance(said, inner.Ask)]
    outbox.said = [one for one in outbox.said if not isinstance(one[1], inner.Ask)]
    for said in asked:
        session = sessions.read(deployment.redis, said.experiment, said.session)
        name = sessions.lobby_name(session.package, session.scene, session.mode)
        if said.session not in but:
            with suppress(NotYours):
                waiting.here(deployment, said.experiment, name, session.id, said.proposal)


class Paper:
    """The study, and what a test may do in it."""

    def __init__(self, deployment: Deployment, plan: Plan) -> None:
        # Nobody's browser is open, so nobody is to be taken for gone.
        told = settings.replace(deployment.settings, away_after_s=1e6)
        self.deployment = Deployment(told, deployment.redis, deployment.plans, deployment.secret)
        self.redis = deployment.redis
        self.outbox = Outgoing()
        self.matcher = matching.Matcher(self.deployment, self.outbox, "director-1")
        self.plan = plan
        packages.publish(self.redis, plan)

    def arrive(self, **query: str) -> Session:
        _, session = arriving.join(self.deployment, E, query, None)
        sockets.connect(self.redis, E, session, "web-1", 1)
        return self.read(session)

    def read(self, session: Session | str) -> Session:
        return sessions.read(self.redis, E, session if isinstance(session, str) else session.id)

    def advance(self, session: Session, **answers: Any) -> Session:
        """They press the button of the screen they see."""
        said = wire.Advance(session.scene, session.version, answers)
        advancing.submit(self.deployment, session, said)
        return self.read(session)

    def to(self, scene: str, session: Session | None = None, **query: str) -> Session:
        """Somebody who has come as far as `scene`, or to the ending if they could not."""
        session = session or self.arrive(**query)
        while session.scene not in (scene, "thanks"):
            session = self.advance(session)
        return session

    def leave(self, session: Session, outcome: str) -> Session:
        """Their session ends before its time."""
        now = self.read(session)
        advancing.enter(self.deployment, now, self.plan.scenes[-1], outcome=outcome)
        return self.read(session)

    def match(self) -> int:
        return match(self.deployment, self.outbox, self.matcher)

    def game(self, session: Session) -> Game:
        return games.read(self.redis, E, self.read(session).game)

    def finish(self, game: Game, outcome: str = "finished", away: tuple[str, ...] = ()) -> None:
        """The game is over, as its worker or the director says."""
        finishing.finish(self.deployment, self.outbox, game, GameOutcome(outcome), away)

    # --- what is written -------------------------------------------------------------------------

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A table as the archiver will make it of the rows so far."""
        table = TABLES[name]
        made: dict[tuple[Any, ...], dict[str, Any]] = {}
        for at, row in records.waiting(self.redis, E, self.plan.version, 10**6)[1]:
            if at == name:
                key = tuple(row[column] for column in table.key)
                made.setdefault(key, dict.fromkeys(table.columns)).update(row)
        return list(made.values())

    def places(self, treatment: str, mode: str = "live") -> dict[str, Taken]:
        """Cell -> places, once the log has been seen to explain each of them."""
        account = places.account(self.rows("assignments"))
        assert account.problems == []
        counted = quotas.counts(self.redis, E, self.plan.version, mode).get(treatment, {})
        assert account.cells(mode, treatment) == counted
        return counted
