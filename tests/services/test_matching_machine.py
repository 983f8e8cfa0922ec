"""People come, go and fall silent while two directors believe they lead and die in mid-sentence.

Whatever happens in whatever order: nobody is in two games, nobody is lost, and nobody sits in
a game who is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from redis import Redis
from redis.client import Pipeline

from igym.domain.grouping import Offer
from igym.domain.plan import GroupPlan
from igym.errors import Conflict, LeaseLost, NotYours
from igym.services.connect import Deployment
from igym.services.lobby import matching, waiting
from igym.services.sessions import advancing
from igym.store import games, keys, lease, lobby, sessions
from igym.store.sessions import Session
from igym.wire import inner
from tests.services.paper import E, Paper, a_plan, a_play

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow

SIZE = 2


class Killed(BaseException):
    """As kill -9: nothing of the process's own runs afterwards."""


class Mortal(Redis):
    """A connection to whose process something happens.

    After `left` more commands (< 0 = never) it dies. Before the `scripts`-th script it is held
    up while `meanwhile` happens.
    """

    left = -1
    scripts = 0
    meanwhile: Callable[[], None] | None = None

    def fate(self, commands: list[str]) -> int:
        """How many of these commands are still sent."""
        if self.meanwhile is not None and "EVALSHA" in commands:
            self.scripts -= 1
            if self.scripts < 0:
                act, self.meanwhile = self.meanwhile, None
                act()
        if self.left < 0:
            return len(commands)
        sent = min(len(commands), self.left)
        self.left -= sent
        return sent

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if not self.fate([args[0]]):
            raise Killed
        return super().execute_command(*args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Any:
        return MortalPipeline(self, transaction)


class MortalPipeline(Pipeline):
    """Half a pipeline may have left when the process dies; a transaction has or has not."""

    def __init__(self, mortal: Mortal, transaction: bool) -> None:
        pool, callbacks = mortal.connection_pool, mortal.response_callbacks
        super().__init__(pool, callbacks, transaction, None)  # type: ignore[no-untyped-call]
        self._mortal = mortal

    def execute(self, raise_on_error: bool = True) -> Any:
        sent = self._mortal.fate([args[0] for args, _ in self.command_stack])
        if sent == len(self.command_stack):
            return super().execute(raise_on_error)
        if not self.transaction and sent:
            self.command_stack = self.command_stack[:sent]
            super().execute(raise_on_error)
        raise Killed


class Director:
    """One process that makes matches, and the token it was last given."""

    def __init__(self, study: Paper, name: str) -> None:
        self.redis = Mortal(connection_pool=study.redis.connection_pool)
        d = study.deployment
        self.deployment = Deployment(d.settings, self.redis, d.plans, d.secret)
        self.outbox = study.outbox
        self.name = name
        self.token = 0
        self.born()

    def born(self) -> None:
        """A new process of that name: it remembers nothing."""
        self.redis.left, self.redis.meanwhile = -1, None
        self.matcher = matching.Matcher(self.deployment, self.outbox, self.name)


class Study(RuleBasedStateMachine):
    """The real services on a real Redis; only time and the network are the machine's."""

    redis: Redis
    deployment: Deployment
    people = Bundle("people")
    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.redis.flushall()
        self.late_ms = 0.0
        self.undo = []
        real = matching.now_ms
        for module in (matching, waiting, advancing):
            self.undo.append((module, module.now_ms))
            module.now_ms = lambda: real() + self.late_ms
        play = a_play(
            SIZE, group=GroupPlan(confirm_s=8), waits_s=600, unmatched=Offer("no_partner", again=1)
        )
        self.study = Paper(self.deployment, a_plan(play=play))
        self.directors = [Director(self.study, f"director-{n}") for n in range(2)]
        self.known: list[str] = []
        self.leads(0)

    def teardown(self) -> None:
        try:
            self.everybody_who_is_left_is_matched()
        finally:
            for module, was in self.undo:
                module.now_ms = was

    # --- people ---------------------------------------------------------------------------------

    @initialize(target=people)
    def some_wait(self) -> Any:
        return self.arrive(4)

    @rule(target=people, n=st.integers(1, 4))
    def come(self, n: int) -> Any:
        return self.arrive(n)

    def arrive(self, n: int) -> Any:
        here = [self.study.to("play").id for _ in range(n)]
        self.known += here
        return multiple(*here)

    @rule(who=people)
    def leave(self, who: str) -> None:
        session = self.study.read(who)
        if session.phase in ("waiting", "choosing"):
            with suppress(Conflict):
                self.study.leave(session, "withdrew")

    @rule(who=people, option=st.sampled_from(["again", "finish"]))
    def choose(self, who: str, option: str) -> None:
        from igym import wire

        session = self.study.read(who)
        if session.phase == "choosing":
            waiting.choose(self.study.deployment, session, wire.Choose(session.version, option))

    @rule(target=asked)
    def hear(self) -> Any:
        """Questions arrive, some of them late and twice."""
        said = [one for _, one in self.study.outbox.said if isinstance(one, inner.Ask)]
        self.study.outbox.said.clear()
        return multiple(*((one.session, one.proposal) for one in said))

    @rule(said=asked)
    def answer(self, said: tuple[str, str]) -> None:
        session, proposal = said
        with suppress(NotYours):
            waiting.here(self.study.deployment, E, self.lobby, session, proposal)

    @rule(said=consumes(asked))
    def say_nothing(self, said: tuple[str, str]) -> None:
        pass

    @rule()
    def everybody_answers(self) -> None:
        for said in self.hear_all():
            self.answer(said)
        self.study.outbox.said.clear()

    @rule(seconds=st.sampled_from([1, 9, 700]))
    def wait(self, seconds: int) -> None:
        self.late_ms += seconds * 1000

    # --- directors ------------------------------------------------------------------------------

    @rule(n=st.integers(0, 1))
    def leads(self, n: int) -> None:
        """The lease changes hands; whoever had it is not told."""
        for other in self.directors:
            lease.drop(self.redis, "matching", other.name)
        token = lease.take(self.redis, "matching", self.directors[n].name, 60)
        assert token > max(director.token for director in self.directors)
        self.directors[n].token = token

    @rule(n=st.integers(0, 1))
    def round(self, n: int) -> None:
        director = self.directors[n]
        newest = max(other.token for other in self.directors)
        before = self.games(), self.redis.hgetall(keys.proposals(E, self.lobby))
        with suppress(LeaseLost):
            director.matcher.round(director.token)
        if director.token < newest and self.redis.get(keys.fence(E)) == b"%d" % newest:
            after = self.games(), self.redis.hgetall(keys.proposals(E, self.lobby))
            assert after == before, "an older token was obeyed"

    @rule(n=st.integers(0, 1), commands=st.integers(0, 40))
    def round_in_which_it_dies(self, n: int, commands: int) -> None:
        director = self.directors[n]
        director.redis.left = commands
        with suppress(LeaseLost, Killed):
            director.matcher.round(director.token)
        director.born()

    @rule(
        n=st.integers(0, 1),
        scripts=st.integers(0, 2),
        how=st.sampled_from(["other", "takes over", "leaves", "answers"]),
        leavers=st.lists(st.integers(0, 99), max_size=4),
    )
    def round_that_is_held_up(self, n: int, scripts: int, how: str, leavers: list[int]) -> None:
        """It has looked and is about to act when the other one leads or acts, or people move.

        How many scripts it runs depends on the clock, so nothing is drawn in between.
        """
        one, other = self.directors[n], self.directors[1 - n]

        def meanwhile() -> None:
            if how == "takes over":
                self.leads(1 - n)
            if how in ("other", "takes over"):
                with suppress(LeaseLost):
                    other.matcher.round(other.token)
            elif how == "answers":
                self.everybody_answers()
            elif self.known:
                for place in leavers:
                    self.leave(self.known[place % len(self.known)])

        one.redis.scripts, one.redis.meanwhile = scripts, meanwhile
        with suppress(LeaseLost):
            one.matcher.round(one.token)
        one.redis.meanwhile = None

    # --- what always holds ----------------------------------------------------------------------

    @property
    def lobby(self) -> str:
        return sessions.lobby_name(self.study.plan.package, "play", "live")

    def games(self) -> list[str]:
        return games.open_games(self.redis, E)

    @invariant()
    def nobody_is_in_two_games_lost_or_a_phantom(self) -> None:
        now: dict[str, Session] = {id: self.study.read(id) for id in self.known}
        seated: dict[str, str] = {}
        for game_id in self.games():
            game = games.read(self.redis, E, game_id)
            assert len(game.seats) == SIZE
            for seat, session in game.seats.items():
                assert session not in seated, "in two games"
                seated[session] = game_id
                assert (now[session].game, now[session].seat) == (game_id, seat), "a phantom"
        found = lobby.look(self.redis, E, self.lobby)
        queue = {m.decode() for m in self.redis.zrange(keys.lobby(E, self.lobby), 0, -1)}
        for id, session in now.items():
            assert (session.phase == "waiting") == (id in queue) == (id in found.tickets), "lost"
            assert (session.phase == "playing") == (id in seated), "lost"
            if id in queue:
                assert found.tickets[id].version == session.version
        members = [s for proposal in found.proposals for s in proposal.sessions]
        held = {s: state.rstrip("!") for s, state in found.states.items()}
        assert set(held) <= queue & set(members)
        for proposal in found.proposals:
            mine = [s for s in proposal.sessions if held.get(s) == proposal.id]
            assert len(mine) == len(set(mine))

    def everybody_who_is_left_is_matched(self) -> None:
        """A new director makes of whatever was left behind what it should be."""
        heir = Director(self.study, "director-heir")
        for other in self.directors:
            lease.drop(self.redis, "matching", other.name)
        heir.token = lease.take(self.redis, "matching", heir.name, 60)
        for _ in range(8):
            self.study.outbox.said.clear()
            heir.matcher.round(heir.token)
            for said in self.hear_all():
                self.answer(said)
            heir.matcher.round(heir.token)
            self.late_ms += 9_000
        self.nobody_is_in_two_games_lost_or_a_phantom()
        found = lobby.look(self.redis, E, self.lobby)
        assert len(found.tickets) < SIZE and not found.proposals and not found.states

    def hear_all(self) -> list[tuple[str, str]]:
        said = [one for _, one in self.study.outbox.said if isinstance(one, inner.Ask)]
        return [(one.session, one.proposal) for one in said]


def test_tickets_survive_everything(redis, deployment):
    Study.redis, Study.deployment = redis, deployment
    run_state_machine_as_test(
        Study,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
