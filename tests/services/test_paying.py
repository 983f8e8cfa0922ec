"""Bonuses: worked out once from what was recorded, capped, and never lost to a bad function."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal

import pytest

from igym.archive import bonuses
from igym.domain import bonus
from igym.domain.plan import BonusPlan
from igym.services import auditing
from igym.services.data import repaying
from igym.services.functions import asking, callee
from igym.services.functions.asking import Answer
from igym.services.sessions import advancing, paying, screens
from igym.store import games
from igym.store.asked import paying as desk
from tests.services.conftest import Lab
from tests.services.test_playing import assert_whole, tables

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow


@pytest.fixture
def says(lab: Lab, monkeypatch) -> dict:
    """A study that pays; `says["answer"]` gives what the author's function says to its inputs."""
    plans = lab.deployment.plans._plans
    for key, plan in plans.items():
        plans[key] = dataclasses.replace(plan, bonus=BonusPlan(2.5, "GBP", 0.5, 1.0))
    how: dict = {"answer": lambda record: Answer(record.score() / 4), "asked": []}

    def ask(deployment, experiment, package, what, arguments, limit_s):
        assert what == "bonus"
        how["asked"].append(json.loads(json.dumps(arguments[0])))
        return f"question-{len(how['asked'])}"

    def answer(deployment, experiment, question):
        return how["answer"](bonus.Record.of(how["asked"][-1]))

    monkeypatch.setattr(asking, "ask", ask)
    monkeypatch.setattr(asking, "answer", answer)
    return how


def paid(lab: Lab, rounds: int = 2) -> list[dict]:
    for _ in range(rounds):
        paying.pay_all(lab.deployment, lab.outbox)
    data = tables(lab)
    assert_whole(data)
    return data["bonuses"]


def played(lab: Lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    return game


def test_everybody_is_paid_for_what_was_recorded_and_once(lab, says):
    game = played(lab)
    rows = paid(lab, rounds=5)
    assert {row["session_id"]: row["amount"] for row in rows} == dict.fromkeys(
        game.seats.values(), 2.5
    )
    assert {(row["currency"], row["answer"], row["error"]) for row in rows} == {("GBP", "2.5", "")}
    record = bonus.Record.of(json.loads(rows[0]["inputs"]))
    assert record.outcome == "complete" and record.answers["about.age"] == 30
    assert [(p.scene, p.score) for p in record.episodes] == [("count", 5.0), ("count", 5.0)]
    assert len(says["asked"]) == 2 and desk.waiting(lab.deployment.redis, "counters") == {}


@pytest.mark.parametrize(
    ("answer", "amount", "error"),
    [
        (Answer(99.0), 2.5, ""),
        (Answer(-1), 0.0, ""),
        (Answer(1.005), 1.0, ""),
        (Answer("plenty"), 0.5, 'it answered "plenty", which is no amount'),
        (Answer(error="KeyError: 'cook'"), 0.5, "KeyError: 'cook'"),
    ],
)
def test_a_cap_caps_and_where_there_is_no_amount_the_default_is_paid(
    lab, says, answer, amount, error
):
    says["answer"] = lambda record: answer
    session = lab.to_lobby()
    plan = lab.deployment.plans.get("counters", session.package)
    advancing.enter(lab.deployment, session, plan.scenes[-1], outcome="no_partner")
    (row,) = paid(lab)
    assert (row["amount"], row["error"]) == (amount, error)


def test_a_question_that_nobody_answers_is_asked_again_and_then_the_default_is_paid(lab, says):
    says["answer"] = lambda record: Answer(error="no checks worker answered", lost=True)
    session = lab.to_lobby()
    plan = lab.deployment.plans.get("counters", session.package)
    advancing.enter(lab.deployment, session, plan.scenes[-1], outcome="no_partner")
    assert paid(lab, rounds=3) == []
    assert [row["amount"] for row in paid(lab, rounds=3)] == [0.5]
    assert len(says["asked"]) == 3


def test_the_ending_says_the_bonus_where_the_author_wants_it(lab, says):
    plans = lab.deployment.plans._plans
    for key, plan in plans.items():
        last = plan.scenes[-1]
        end = dataclasses.replace(last.end, html="<p>You get {bonus}.</p>")
        scenes = (*plan.scenes[:-1], dataclasses.replace(last, end=end))
        plans[key] = dataclasses.replace(plan, scenes=scenes)
    game = played(lab)
    session = lab.read(game.seats["left"])
    before = screens.state(lab.deployment, session, "web-1")
    paid(lab)
    after = screens.state(lab.deployment, lab.read(session), "web-1")
    assert (before.view.html, after.view.html) == ("<p>You get ….</p>", "<p>You get 2.50 GBP.</p>")
    assert after.version > before.version  # so the page is told


def test_the_recruiter_gets_a_line_for_each_of_their_people(lab, says):
    played_by = lab.to_lobby(PROLIFIC_PID="p1"), lab.to_lobby()
    assert lab.match() == 1
    game = games.read(lab.deployment.redis, "counters", lab.read(played_by[0]).game)
    lab.connect(game, "left", "right")
    lab.play(game)
    paid(lab)
    made = bonuses.payout(lab.deployment.data, "counters", "1")
    assert made.csv() == "p1,2.50\n" and made.total == Decimal("2.50")
    assert made.unnamed == [played_by[1].id] and made.currencies == {"GBP"}
    assert bonuses.payout(lab.deployment.data, "counters", "1", "pilot").csv() == ""


def test_the_authors_function_gets_a_record(lab, says):
    played(lab)
    paid(lab)
    package = next(iter(lab.deployment.plans._plans))[1]
    experiment = lab.host._load(lab.deployment, package).experiment
    pays = bonus.bonus(lambda record: len(record.episodes) + record.answers["about.age"], cap=50)
    object.__setattr__(experiment, "bonus", pays)
    assert callee.function(experiment, "bonus")(says["asked"][0]) == 32


# --- once more -----------------------------------------------------------------------------------

MENDED = """
from igym import Experiment, bonus, ending, page

def pays(record):
    if record.answers["about.age"] > 99:
        raise ValueError("too old")
    return len(record.episodes) * 1.5

experiment = Experiment(page("hello", "x.md"), ending("end", "x.md"), bonus=bonus(pays, cap=99))
"""


def deeds(lab) -> list:
    return [deed for deed in auditing.read(lab.deployment) if deed.did != "activated"]


def test_a_mended_function_works_out_all_bonuses_again_and_says_what_changed(lab, says, tmp_path):
    says["answer"] = lambda record: Answer(error="KeyError: 'cook'")
    played(lab)
    lab.to_lobby()
    before = {row["session_id"]: row["amount"] for row in paid(lab)}
    assert set(before.values()) == {0.5} and len(before) == 2
    folder = tmp_path / "mended"
    folder.mkdir()
    (folder / "experiment.py").write_text(MENDED)

    def again(dry_run: bool = False):
        return repaying.recompute(lab.deployment, "counters", "1", using=folder, dry_run=dry_run)

    would = again(dry_run=True)
    assert {(one.was, one.now, one.error) for one in would} == {(0.5, 2.5, "")}  # as was promised
    assert {row["amount"] for row in tables(lab)["bonuses"]} == {0.5}
    assert deeds(lab) == []

    assert again() == would
    data = tables(lab)
    assert {(row["amount"], row["answer"], row["error"]) for row in data["bonuses"]} == {
        (2.5, "3.0", "")
    }
    events = [e for e in data["events"] if e["kind"] == "bonus_recomputed"]
    assert {e["session_id"] for e in events} == set(before)
    assert json.loads(events[0]["detail"])["was"] == 0.5
    (deed,) = deeds(lab)
    assert (deed.did, deed.before, deed.after) == (
        "bonuses_recomputed", {"bonuses": 2, "total": 1.0}, {"changed": 2, "total": 5.0},
    )  # fmt: skip
    assert {(one.was, one.now) for one in again()} == {(2.5, 2.5)}
    assert len(deeds(lab)) == 1  # nothing changed: no deed

    (folder / "experiment.py").write_text(MENDED.replace("> 99", "> 9"))
    assert {(one.now, one.error) for one in again()} == {(2.5, "ValueError: too old")}
    assert {row["amount"] for row in tables(lab)["bonuses"]} == {2.5}
