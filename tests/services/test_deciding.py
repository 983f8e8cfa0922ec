"""A branch that a function decides: asked once, stored, exported, and nobody is ever stuck."""

from __future__ import annotations

import json
import time

import pytest

from igym.domain.bonus import Record
from igym.domain.conditions import answer as answered
from igym.domain.participant import Phase
from igym.domain.plan import AskedPlan, Step
from igym.errors import BadMessage
from igym.services.functions import asking, callee, waiting
from igym.services.sessions import deciding, removing, screens, withdrawing
from igym.store import packages, questions
from igym.store import records as store
from igym.store.asked import deciding as desk
from igym.wire import inner
from tests.services.paper import E, Paper
from tests.services.test_routing import ABC, a_study


def by(name: str, *ways: Step, default: bool = False) -> Step:
    parts = tuple(Step("sequence", parts=(way,)) for way in ways)
    return Step("branch", name, parts, function=AskedPlan(default, 2.0))


class Fork(Paper):
    """consent, about, then a by what a function says, else b."""

    def round(self) -> int:
        return deciding.decide_all(self.deployment, self.outbox)

    def say(self, **said) -> None:
        """What the checks worker would write about everybody who waits."""
        for one in desk.waiting(self.redis, E).values():
            assert one.question
            questions.answer(self.redis, E, one.question, json.dumps(said))

    def decided(self, session):
        """Asked and answered."""
        self.round()
        self.say(value=True)
        self.round()
        return self.read(session)

    def at_fork(self, **answers):
        return self.advance(self.advance(self.arrive()), **answers)


@pytest.fixture
def fork(deployment) -> Fork:
    return Fork(deployment, a_study(deployment, by("fit", ABC[0], ABC[1])).plan)


def test_whoever_comes_to_it_waits_between_the_scenes_until_it_is_decided(fork):
    assert packages.decode(packages.encode(fork.plan)) == fork.plan
    ann = fork.at_fork(age=30, hand="left")
    assert (ann.phase, ann.scene, ann.ways) == (Phase.DECIDING, "about", {})
    said = screens.state(fork.deployment, ann, "web-1")
    assert said.view.__struct_config__.tag == "deciding" and said.stoppable
    with pytest.raises(BadMessage):
        fork.advance(ann)
    assert fork.round() == 0 and fork.round() == 0  # asks, once
    (kept,) = desk.waiting(fork.redis, E).values()
    assert (kept.asked, kept.branch) == (1, "fit")
    fork.say(value=True)
    assert fork.round() == 1 and fork.round() == 0
    ann = fork.read(ann)
    assert (ann.phase, ann.scene, ann.ways) == (Phase.READING, "a", {"fit": "then"})
    assert ("web-1", inner.Nudge(E, ann.id)) in fork.outbox.said
    assert desk.waiting(fork.redis, E) == {}


def test_the_function_is_given_the_record_and_both_are_in_the_data(fork):
    ann = fork.decided(fork.at_fork(age=30, hand="left"))
    (row,) = fork.rows("orders")
    assert (row["kind"], row["drawn"], row["answer"], row["error"]) == (
        "branch", ["then"], "true", None,
    )  # fmt: skip
    record = Record.of(json.loads(row["inputs"]))
    assert record.session == ann.id and record.answers == {"about.age": 30, "about.hand": "left"}
    visits = [(v["scene"], v["left_ms"] is not None) for v in fork.rows("visits")]
    assert visits == [("consent", True), ("about", True), ("a", False)]
    assert (ann.visit, ann.attempt) == (2, 0)
    assert fork.to("thanks", ann).outcome == "complete"


@pytest.mark.parametrize(("default", "scene"), [(True, "a"), (False, "b")])
@pytest.mark.parametrize(
    "said", [{"error": "KeyError: 'age'"}, {"value": "yes"}, {"value": None}, {"value": 1}]
)
def test_a_function_that_fails_takes_the_declared_way_and_says_why(
    deployment, default, scene, said
):
    plan = a_study(deployment, by("fit", ABC[0], ABC[1], default=default)).plan
    fork = Fork(deployment, plan)
    ann = fork.at_fork()
    fork.round()
    fork.say(**said)
    assert fork.round() == 1 and fork.read(ann).scene == scene
    (row,) = fork.rows("orders")
    assert row["error"]
    told = store.problems(fork.redis)[0]
    assert f"fit: session {ann.id} takes the default, {default}" in told["message"]


def test_where_no_worker_ever_answers_people_go_on(fork, monkeypatch):
    ann = fork.at_fork()
    for n in range(waiting.MOST_ASKED):
        monkeypatch.setattr(asking, "now_ms", lambda n=n: time.time() * 1000 + 60_000 * n)
        assert fork.round() == 0 and fork.read(ann).phase is Phase.DECIDING
    monkeypatch.setattr(asking, "now_ms", lambda: 1e14)
    assert fork.round() == 1
    assert fork.read(ann).scene == "b"


def test_two_functions_one_behind_the_other_are_asked_one_after_the_other(deployment):
    inner_fork = by("second", ABC[0], ABC[1])
    fork = Fork(deployment, a_study(deployment, by("first", inner_fork, ABC[2])).plan)
    ann = fork.at_fork()
    fork.round()
    (first,) = desk.waiting(fork.redis, E).items()
    fork.say(value=True)
    assert fork.round() == 1 and fork.read(ann).phase is Phase.DECIDING
    desk.ask(fork.redis, E, *first, first[1].question, "")  # as a director that is behind
    assert fork.round() == 0  # asks about the second, and does not take the first's answer
    fork.say(value=False)
    assert fork.round() == 1
    assert (fork.read(ann).scene, fork.read(ann).ways) == (
        "b", {"first": "then", "second": "otherwise"},
    )  # fmt: skip


def test_who_stops_or_is_removed_while_it_is_decided_is_gone(fork):
    ann, bob = fork.at_fork(), fork.at_fork()
    fork.round()
    withdrawing.withdraw(fork.deployment, fork.outbox, E, ann.id, keep=True)
    removing.remove(fork.deployment, fork.outbox, E, bob.id)
    assert desk.waiting(fork.redis, E) == {} and fork.round() == 0
    assert [fork.read(one).outcome for one in (ann, bob)] == ["withdrew", "ended_by_researcher"]


def test_a_condition_and_a_function_may_stand_in_one_flow(deployment):
    old = Step(
        "branch", "old", (Step("sequence", parts=ABC[:1]), Step("sequence")),
        when=answered("about.age") >= 60,
    )  # fmt: skip
    fork = Fork(deployment, a_study(deployment, old, by("fit", ABC[1], ABC[2])).plan)
    ann = fork.at_fork(age=20)
    assert (ann.phase, ann.ways) == (Phase.DECIDING, {"old": "otherwise"})
    assert fork.decided(ann).scene == "b"
    assert [row["name"] for row in fork.rows("orders")] == ["old", "fit"]


def test_the_authors_function_is_found_by_its_branch_and_round():
    from igym import Experiment, branch, ending, page, repeat

    made = Experiment(
        page("hello", "h.md"),
        repeat(2, branch(lambda record: record.answers["x"] > 1, page("a", "a.md"),
                         default=False, name="fit"), page("b", "b.md")),
        ending("end", "e.md"),
    )  # fmt: skip
    record = {
        "session": "s", "mode": "live", "wave": "", "outcome": "", "treatments": {},
        "answers": {"x": 2}, "episodes": [],
    }  # fmt: skip
    assert [callee.function(made, f"branch:fit.{n}")(record) for n in (1, 2)] == [True, True]
