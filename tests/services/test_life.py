"""The life of sessions, driven through the services and their scripts on a real Redis.

First every event in every phase, then whatever people, browsers and directors may do at once.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)  # fmt: skip

from igym import wire
from igym.domain.grouping import Offer
from igym.domain.participant import LIFE, Event, Impossible, Phase
from igym.domain.plan import TreatmentPlan
from igym.errors import Conflict
from igym.services.connect import now_ms
from igym.services.lobby import waiting
from igym.services.sessions import absence, advancing
from igym.store import counts, games, heard, keys, sessions
from igym.store.sessions import Session
from tests.services.paper import E, Paper, a_plan, a_play

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow

#: The scene by which each event happens that a session can bring about by itself.
TO = {Event.TURN_PAGE: "about", Event.QUEUE: "play", Event.FINISH: "thanks"}
#: A scene in which a session of that phase can be.
IN = {
    Phase.SCREENING: "consent", Phase.READING: "consent", Phase.WAITING: "play",
    Phase.DECIDING: "consent", Phase.CHOOSING: "play", Phase.PLAYING: "play",
    Phase.ENDED: "thanks",
}  # fmt: skip


def snapshot(study: Paper) -> dict[bytes, bytes]:
    """Everything that is stored, but for what was heard."""
    redis = study.redis
    return {k: redis.dump(k) for k in redis.scan_iter("igym:*") if not k.endswith(b":heard")}


def put(study: Paper, phase: Phase) -> Session:
    """A session that is in that phase, however it came there."""
    if phase is Phase.WAITING:
        return study.to("play")
    ann = study.arrive()
    study.redis.hset(keys.session(E, ann.id), mapping={"phase": phase.value, "scene": IN[phase]})
    return study.read(ann)


@pytest.mark.parametrize("event", TO)
@pytest.mark.parametrize("phase", Phase)
def test_every_event_in_every_phase_does_what_the_table_says_or_nothing(deployment, phase, event):
    study = Paper(deployment, a_plan())
    ann = put(study, phase)
    scene = study.plan.scene(TO[event])
    before = snapshot(study)
    to = LIFE[phase].moves.get(event)
    if to is None:
        with pytest.raises(Impossible):
            advancing.enter(study.deployment, ann, scene)
        assert snapshot(study) == before
        return
    stale = ann.changed(version=ann.version - 1)
    with pytest.raises(Conflict):
        advancing.enter(study.deployment, stale, scene)
    assert snapshot(study) == before  # a stale version changes nothing

    advancing.enter(study.deployment, ann, scene)

    now = study.read(ann)
    assert (now.phase, now.version, now.scene) == (to, ann.version + 1, scene.name)


@pytest.mark.parametrize("phase", Phase)
def test_only_who_waits_is_seated(deployment, phase):
    study = Paper(deployment, a_plan(play=a_play(1)))
    ann = study.to("play")
    if phase is not Phase.WAITING:  # its ticket was made for somebody who waited
        study.redis.hset(keys.session(E, ann.id), "phase", phase.value)
        ann = ann.changed(version=study.redis.hincrby(keys.session(E, ann.id), "version", 1))
    study.match()
    now = study.read(ann)
    if Event.SEAT in LIFE[phase].moves:
        assert (now.phase, now.version) == (Phase.PLAYING, ann.version + 1)
        assert study.game(ann).seats == {"s0": ann.id}
    else:
        assert (now.phase, now.version, now.game) == (phase, ann.version, "")


class Lives(RuleBasedStateMachine):
    """Sessions, and everything that may happen to them."""

    deployment = None  # set by the test
    people = Bundle("people")

    @initialize()
    def begin(self):
        self.deployment.redis.flushall()
        colour = TreatmentPlan("colour", "participant", ("red", "blue", "green"), 2, 1, "about")
        play = a_play(2, unmatched=Offer(again=1))
        self.study = Paper(self.deployment, a_plan(colour, absent_s=100, play=play))
        self.seen: dict[str, Session] = {}
        self.old: dict[str, list[wire.Advance]] = {}
        self.links: dict[str, str] = {}
        self.asks: Counter[str] = Counter()  # session -> how often it was given a choice

    # --- what people do --------------------------------------------------------------------------

    @rule(target=people)
    def arrive(self):
        ann = self.study.arrive()
        return self.met(ann)

    @rule(target=people, link=st.sampled_from("abc"))
    def click_a_link(self, link):
        ann = self.study.arrive(PROLIFIC_PID=link)
        assert self.links.setdefault(link, ann.id) == ann.id
        return self.met(ann) if ann.id not in self.seen else multiple()

    @rule(target=people, meet=st.booleans())
    def two_hurry_to_the_lobby(self, meet):
        """Most lives are too short to get there by single steps, and then nobody ever plays."""
        ids = [self.met(self.study.arrive()) for _ in range(2)]
        for id in ids:
            while self.study.read(id).phase is Phase.READING:
                self.go_on(id)
        if meet:
            self.study.match()
        return multiple(*ids)

    def met(self, ann):
        self.seen[ann.id] = ann
        self.old[ann.id] = []
        return ann.id

    def button(self, id) -> wire.Advance:
        now = self.study.read(id)
        said = wire.Advance(now.scene, now.version, {})
        self.old[id].append(said)
        return said

    def press(self, id, said):
        now = self.study.read(id)
        if now.phase is Phase.READING:
            advancing.submit(self.study.deployment, now, said)

    @rule(id=people)
    def go_on(self, id):
        self.press(id, self.button(id))

    @rule(id=people)
    def double_click(self, id):
        said = self.button(id)
        before = self.study.read(id)
        self.press(id, said)
        self.press(id, said)
        assert self.study.read(id).visit <= before.visit + 1

    @rule(id=people, which=st.integers(0, 9))
    def press_in_an_old_tab(self, id, which):
        if self.old[id]:
            said = self.old[id][which % len(self.old[id])]
            before = self.study.read(id)
            if (said.version, said.scene) != (before.version, before.scene):
                self.press(id, said)
                assert self.study.read(id) == before

    @rule(id=people)
    def withdraw(self, id):
        if self.study.read(id).phase in (Phase.READING, Phase.WAITING):
            self.study.leave(self.study.read(id), "withdrew")

    @rule(id=people, seed=st.integers(0, 99))
    def do_everything_at_once(self, id, seed):
        """Two tabs, a withdrawal and the director, in the same moment: one of them moves it."""
        said, start = self.button(id), Barrier(4)
        before = self.study.read(id)

        def mover(act):
            start.wait()
            with suppress(Conflict, Impossible):
                act()

        acts = [
            lambda: self.press(id, said),
            lambda: self.press(id, said),
            lambda: self.withdraw_as_seen(before),
            self.study.match,
        ]
        random.Random(seed).shuffle(acts)
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(mover, acts))

    def withdraw_as_seen(self, before):
        if before.phase is Phase.READING:
            advancing.enter(
                self.study.deployment, before, self.study.plan.scenes[-1], outcome="withdrew"
            )

    # --- what happens to them --------------------------------------------------------------------

    @rule()
    def match(self):
        self.study.match()

    @rule(which=st.integers(0, 9), how=st.sampled_from(("finished", "abandoned", "failed", "lost")))
    def end_a_game(self, which, how):
        ids = games.open_games(self.study.redis, E)
        if ids:
            game = games.read(self.study.redis, E, ids[which % len(ids)])
            self.study.finish(game, how, ("s0",) if how == "abandoned" else ())
            before = [self.study.read(s) for s in game.seats.values()]
            self.study.finish(game, how)
            assert [self.study.read(s) for s in game.seats.values()] == before

    def silent(self, id, seconds):
        key = keys.session(E, id)
        redis = self.study.redis
        entered = float(redis.hget(key, "entered_ms")) - seconds * 1000
        redis.hset(key, "entered_ms", repr(entered))
        redis.zadd(keys.heard(E), {id: 1})
        redis.zincrby(keys.presence(E), -seconds * 1000, id)

    @rule(id=people)
    def fall_silent(self, id):
        before = self.study.read(id)
        if before.phase is not Phase.ENDED:
            self.silent(id, 101)
            absence.look(self.study.deployment, self.study.outbox)
            now = self.study.read(id)
            alive = before.phase is Phase.PLAYING
            assert now.phase is (Phase.PLAYING if alive else Phase.ENDED)
            assert now.outcome == ("" if alive else "absent")
            heard.note(self.study.redis, E, {id: 0})

    @rule(id=people)
    def wait_in_vain(self, id):
        before = self.study.read(id)
        if before.phase is not Phase.WAITING:
            return
        name = sessions.lobby_name(before.package, before.scene, before.mode)
        raw = self.study.redis.hget(keys.tickets(E, name), id)
        ticket = json.loads(raw)
        ticket["joined_ms"] -= 601_000
        self.study.redis.hset(keys.tickets(E, name), id, json.dumps(ticket))
        self.study.match()
        now = self.study.read(id)
        assert now.phase in (Phase.ENDED, Phase.PLAYING, Phase.CHOOSING)
        assert now.phase is not Phase.CHOOSING or before.again == 0
        self.asks[id] += now.phase is Phase.CHOOSING

    @rule(id=people, option=st.sampled_from(("again", "finish")), times=st.integers(1, 2))
    def choose(self, id, option, times):
        before = self.study.read(id)
        for _ in range(times):
            said = wire.Choose(before.version, option)
            waiting.choose(self.study.deployment, self.study.read(id), said)
        now = self.study.read(id)
        if before.phase is Phase.CHOOSING:
            assert now.phase is (Phase.WAITING if option == "again" else Phase.ENDED)
            assert now.version == before.version + 1
        else:
            assert now == before

    # --- what is always so -----------------------------------------------------------------------

    def now(self) -> dict[str, Session]:
        return {id: self.study.read(id) for id in self.seen}

    @invariant()
    def nobody_goes_back_and_ended_is_ended(self):
        seats = Counter(row["session_id"] for row in self.study.rows("seats"))
        for id, before in self.seen.items():
            now = self.study.read(id)
            if before.phase is Phase.ENDED:
                assert now == before
            assert now.version >= before.version and now.visit >= before.visit
            assert now.version == 1 + now.visit + seats[id] + self.asks[id]
            assert (now.outcome != "") == (now.phase is Phase.ENDED)
            assert (now.game != "") == (now.phase is Phase.PLAYING)
            self.seen[id] = now

    @invariant()
    def exactly_one_visit_is_open(self):
        visits: dict[str, dict[int, dict]] = {}
        for row in self.study.rows("visits"):
            visits.setdefault(row["session_id"], {})[row["visit"]] = row
        for id, now in self.now().items():
            mine = visits[id]
            assert sorted(mine) == list(range(now.visit + 1))
            assert [n for n in sorted(mine) if mine[n]["left_ms"] is None] == [now.visit]
            assert mine[now.visit]["scene"] == now.scene

    @invariant()
    def every_place_is_explained_and_none_is_given_twice(self):
        taken, now = self.study.places("colour"), self.now().values()
        held = Counter(
            one.cells["colour"] for one in now if one.phase is not Phase.ENDED and one.cells
        )
        for cell, places in taken.items():
            assert 0 <= places.all <= 3 and places.reserved == held[cell]
        assert all(one.cells or one.scene in ("consent", "thanks") for one in now)

    @invariant()
    def what_is_counted_is_what_is_there(self):
        now = list(self.now().values())
        (found,) = counts.read(self.study.redis, E, ("live", "pilot")).values() if now else [None]
        if found is None:
            return
        assert (
            +found.now == Counter(one.phase.value for one in now) and min(found.now.values()) >= 0
        )
        assert found.outcomes == Counter(one.outcome for one in now if one.outcome)
        assert found.ever["arrived"] == len(now)
        assert found.ever["ended"] == found.outcomes.total()
        entered = {
            phase: {row["session_id"] for row in self.study.rows(table)}
            for phase, table in (("waiting", "tickets"), ("playing", "seats"))
        }
        assert {phase: found.ever[phase] for phase in entered} == {
            phase: len(ids) for phase, ids in entered.items()
        }
        seated = len(self.study.rows("seats"))
        assert found.waits.total() == seated
        paces = counts.pace(self.study.redis, E, "live", now_ms(), 60)
        assert {name: sum(each) for name, each in paces.items()} == {
            name: found.ever[name] for name in counts.MILESTONES
        }

    @invariant()
    def whoever_has_not_ended_is_looked_after(self):
        watched = {s.decode() for s in self.study.redis.zrange(keys.presence(E), 0, -1)}
        assert watched == {id for id, one in self.now().items() if one.phase is not Phase.ENDED}

    def teardown(self):
        if not hasattr(self, "study"):
            return
        for id in self.seen:
            if self.study.read(id).phase is Phase.PLAYING:
                self.study.finish(self.study.game(self.study.read(id)), "lost")
            if self.study.read(id).phase is not Phase.ENDED:
                self.study.leave(self.study.read(id), "withdrew")
        assert all(places.reserved == 0 for places in self.study.places("colour").values())
        assert not self.study.redis.exists(keys.holders(E, "1", "live"))


def test_whatever_happens_in_whatever_order(deployment):
    class Here(Lives):
        pass

    Here.deployment = deployment
    run_state_machine_as_test(Here, settings=settings(max_examples=40, stateful_step_count=30))
    deployment.redis.flushall()
