"""Leases under every order of taking, dropping, running out and dying, on a real Redis."""

from __future__ import annotations

import secrets

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from igym.store import games, keys, lease
from igym.store.games import Flush, Game
from tests.redis_server import leaking

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow

HOLDERS = ("a", "b", "c")


class Leases(RuleBasedStateMachine):
    """A few processes want one loop; time is the test's own."""

    redis = None

    @initialize()
    def begin(self) -> None:
        self.loop = secrets.token_hex(4)
        self.holder = ""  # who has it
        self.highest = 0  # token given out so far
        self.believes = dict.fromkeys(HOLDERS, 0)  # the token each thinks is good
        self.owner: dict[int, str] = {}  # token -> whom it was given to

    @rule(who=st.sampled_from(HOLDERS))
    def take(self, who: str) -> None:
        token = lease.take(self.redis, self.loop, who, 30)
        if self.holder in ("", who):
            # it was free or theirs: a new hand gets a new token, a renewal keeps its own
            assert token > self.highest or (self.holder == who and token == self.highest)
            assert self.holder == who or token > self.highest
            assert self.owner.setdefault(token, who) == who
            self.holder, self.highest = who, token
            self.believes[who] = token
        else:
            assert token == 0

    @rule(who=st.sampled_from(HOLDERS))
    def drop(self, who: str) -> None:
        lease.drop(self.redis, self.loop, who)
        if self.holder == who:
            self.holder = ""

    @rule(ms=st.integers(1, 40_000))
    def time_passes(self, ms: int) -> None:
        """As a clock would: the life that is left gets shorter, and ends at 0."""
        name = keys.lease(self.loop)
        left = self.redis.pttl(name)
        if left > ms + 1_000:
            self.redis.pexpire(name, left - ms)
        elif left > 0:
            self.redis.delete(name)
            self.holder = ""

    @rule(who=st.sampled_from(HOLDERS))
    def killed(self, who: str) -> None:
        """A process dies without a word, and another starts with nothing in mind."""
        self.believes[who] = 0

    @invariant()
    def one_holder_at_the_most(self) -> None:
        if self.redis is not None and hasattr(self, "loop"):
            assert lease.holder(self.redis, self.loop) == self.holder
            if self.holder:
                held = self.redis.get(keys.lease(self.loop)).decode()
                assert held == f"{self.highest}:{self.holder}"


def test_whatever_happens_a_lease_has_one_holder_and_its_tokens_rise(redis):
    machine = type("Here", (Leases,), {"redis": redis})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def game(id: str) -> Game:
    return Game(
        id=id, experiment="kitchen", package="p", release="1", scene="s", mode="live", seed=1,
        seats={}, created_ms=0,
    )  # fmt: skip


class Generations(RuleBasedStateMachine):
    """A game that goes from worker to worker, and workers that do not know it yet."""

    redis = None

    @initialize()
    def begin(self) -> None:
        self.id = secrets.token_hex(4)
        self.game = game(self.id)
        name = keys.game("kitchen", self.id)
        self.redis.hset(name, mapping=self.game.fields())
        self.redis.expire(name, keys.game.ttl_s)
        self.generation, self.owner, self.logged = 1, "", 0

    @rule(who=st.sampled_from(HOLDERS), generation=st.integers(0, 6))
    def claim(self, who: str, generation: int) -> None:
        mine = games.claim(self.redis, "kitchen", self.id, generation, who, 1)
        may = generation == self.generation and self.owner in ("", who)
        assert mine == may
        if mine:
            self.owner = who

    @rule()
    def its_worker_is_dead(self) -> None:
        """What a takeover does to the game's record: the next generation, owned by nobody."""
        self.generation += 1
        self.owner = ""
        fields = {"generation": self.generation, "owner": "", "phase": "offered"}
        self.redis.hset(keys.game("kitchen", self.id), mapping=fields)

    @rule(generation=st.integers(0, 6), ticks=st.integers(1, 3))
    def write(self, generation: int, ticks: int) -> None:
        """Ticks of a worker that believes in that generation."""
        writer = msgspec.structs.replace(game(self.id), generation=generation)
        episode = f"{self.id}-000"
        chunk = f"{self.logged}+{ticks}".encode()
        flush = Flush(writer, episode, chunk, self.logged + ticks, now_ms=1)
        (written,) = games.append(self.redis, [flush])
        assert written == (generation == self.generation)
        if written:
            self.logged += ticks

    @invariant()
    def the_log_has_every_tick_once(self) -> None:
        if self.redis is None or not hasattr(self, "id"):
            return
        at = 0
        for chunk in games.log(self.redis, "kitchen", f"{self.id}-000"):
            begin, ticks = map(int, chunk.decode().split("+"))
            assert begin == at
            at += ticks
        assert at == self.logged


def test_whoever_writes_of_a_superseded_generation_is_refused(redis):
    machine = type("Here", (Generations,), {"redis": redis})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert leaking(redis) == []
