"""Quizzes are judged on the server; every attempt is a row, and what is right is never sent."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from igym import wire
from igym.domain.experiment import finish, quiz
from igym.domain.participant import Phase
from igym.domain.plan import PagePlan, ScenePlan
from igym.errors import BadMessage, BadPackage
from igym.forms import answer, choice, choices, form, number, ranking, text
from igym.services.packages import paging
from igym.services.sessions import advancing, screens
from igym.store import packages
from tests.services.paper import Paper, a_plan, a_play

ASKED = form(
    choice("goal", "What is the goal?", ["score", "survive"], required=True),
    choices("keys", "Which keys move?", ["up", "left", "right"]),
    text("colour", "Which colour are you?"),
    number("rounds", "How many rounds?", shown_if=answer("goal") == "score"),
    text("remark", "Anything unclear?"),
)
CORRECT = {
    "goal": "score",
    "keys": ["left", "right"],
    "colour": ("red", "crimson"),
    "rounds": 3,
}
GOOD = {"goal": "score", "keys": ["right", "left"], "colour": " Red ", "rounds": 3}


def a_study(deployment, tmp_path, **more):
    more = {"correct": CORRECT, "explain": {"goal": "Score as often as you can."}, **more}
    plan = a_plan(play=a_play(1))
    asked = ScenePlan("check", quiz=paging.quiz(tmp_path, quiz("check", ASKED, **more)))
    end = replace(plan.scenes[-1].end, codes={"complete": "C1", "screened_out": "C-OUT"})
    scenes = (plan.scenes[0], asked, *plan.scenes[2:-1], ScenePlan("thanks", end=end))
    return Paper(deployment, replace(plan, scenes=scenes))


@pytest.fixture
def study(deployment, tmp_path):
    return a_study(deployment, tmp_path)


def view(study, session):
    return screens.state(study.deployment, session, "web-1").view


def test_whoever_is_right_goes_on(study):
    ann = study.advance(study.advance(study.arrive()), **GOOD)
    assert (ann.scene, ann.attempt, ann.wrong) == ("play", 0, [])
    rows = {row["item"]: row for row in study.rows("answers")}
    assert {item: row["correct"] for item, row in rows.items()} == dict.fromkeys(GOOD, True)
    assert {row["attempt"] for row in rows.values()} == {1}


def test_a_wrong_attempt_says_what_was_wrong_and_may_be_repeated(study):
    ann = study.advance(study.arrive())
    assert (view(study, ann).attempt, view(study, ann).wrong) == (1, [])
    ann = study.advance(ann, goal="survive", keys=["left"], colour="red", remark="none")
    assert (ann.scene, ann.phase, ann.visit) == ("check", Phase.READING, 2)
    shown = view(study, ann)
    assert (shown.attempt, shown.attempts, shown.wrong) == (2, 2, ["goal", "keys"])
    assert shown.explain == {"goal": "Score as often as you can."}
    ann = study.advance(ann, **GOOD)
    assert ann.scene == "play"

    rows = {(r["attempt"], r["item"]): (json.loads(r["value"]), r["correct"]) for r in
            study.rows("answers")}  # fmt: skip
    assert rows[1, "goal"] == ("survive", False)
    assert rows[1, "colour"] == ("red", True)
    assert rows[1, "remark"] == ("none", None)  # nothing is right or wrong about it
    assert (1, "rounds") not in rows  # it was not shown
    assert rows[2, "rounds"] == (3, True)


def test_whoever_is_never_right_ends_with_the_outcome_and_its_code(study):
    ann = study.advance(study.arrive())
    for _ in range(2):
        ann = study.advance(ann, goal="survive")
    assert (ann.phase, ann.outcome, ann.code) == (Phase.ENDED, "screened_out", "C-OUT")
    assert "not right" in view(study, ann).reason
    assert {row["attempt"] for row in study.rows("answers")} == {1, 2}
    (row,) = study.rows("sessions")
    assert (row["outcome"], row["code"]) == ("screened_out", "C-OUT")


def test_a_quiz_without_consequence_goes_on(deployment, tmp_path):
    study = a_study(deployment, tmp_path, failed=None, attempts=1)
    ann = study.advance(study.advance(study.arrive()), goal="survive")
    assert ann.scene == "play"


def test_only_whether_it_was_right_is_told_where_the_author_says_so(deployment, tmp_path):
    study = a_study(deployment, tmp_path, tells="whether", failed=finish("no_idea"))
    ann = study.advance(study.advance(study.arrive()), goal="survive")
    assert (view(study, ann).wrong, view(study, ann).explain) == ([], {})
    assert study.advance(ann, goal="survive").outcome == "no_idea"


def back_to_the_rules(deployment, tmp_path, **more):
    """consent, rules, example, check (which leads back to the rules), play."""
    study = a_study(deployment, tmp_path, back_to="rules", attempts=3, **more)
    consent, check, *rest = study.plan.scenes
    pages = [ScenePlan(name, page=PagePlan("<p>Read</p>", "Go")) for name in ("rules", "example")]
    return Paper(deployment, replace(study.plan, scenes=(consent, *pages, check, *rest)))


def test_a_wrong_attempt_may_lead_back_to_the_instructions(deployment, tmp_path):
    study = back_to_the_rules(deployment, tmp_path)
    assert packages.decode(packages.encode(study.plan)) == study.plan
    ann = study.to("check")
    assert view(study, study.arrive()).note == ""
    ann = study.advance(ann, goal="survive")
    assert ann.scene == "rules" and "Not all of your answers" in view(study, ann).note
    ann = study.advance(ann)
    assert ann.scene == "example" and view(study, ann).note
    ann = study.read(study.advance(ann))
    shown = view(study, ann)
    assert (shown.attempt, shown.attempts, shown.wrong) == (2, 3, ["goal", "keys", "colour"])
    ann = study.advance(ann, **GOOD)
    assert (ann.scene, ann.attempt, ann.wrong, ann.back) == ("play", 0, [], "")
    assert {row["attempt"] for row in study.rows("answers")} == {1, 2}
    seen = [row["scene"] for row in study.rows("visits") if row["session_id"] == ann.id]
    assert seen == ["consent", "rules", "example", "check", "rules", "example", "check", "play"]


def test_reading_again_gives_no_further_attempt(deployment, tmp_path):
    study = back_to_the_rules(deployment, tmp_path, tells="whether")
    ann = study.to("check")
    for attempt in (1, 2):
        ann = study.advance(ann, goal="survive")
        assert (ann.scene, ann.attempt) == ("rules", attempt)
        ann = study.to("check", ann)
        assert view(study, ann).wrong == []
    assert study.advance(ann, goal="survive").outcome == "screened_out"


def test_a_simulated_participant_gets_through_to_what_comes_after(study):
    ann = study.advance(study.arrive(mode="rehearsal"))
    for _ in range(2):
        ann = study.advance(ann, goal="survive")
    assert ann.scene == "play"


def test_said_twice_an_attempt_counts_once(study):
    ann = study.advance(study.arrive())
    said = wire.Advance("check", ann.version, {"goal": "survive"})
    advancing.submit(study.deployment, ann, said)
    advancing.submit(study.deployment, study.read(ann), said)
    assert study.read(ann).attempt == 1


def test_what_the_form_refuses_is_no_attempt(study):
    ann = study.advance(study.arrive())
    for answers in ({}, {"goal": "win"}, {"goal": "score", "answer": "score"}):
        with pytest.raises(BadMessage):
            study.advance(ann, **answers)
    assert study.read(ann) == ann


def test_what_is_right_never_reaches_a_browser(deployment, tmp_path):
    study = a_study(deployment, tmp_path, correct={"colour": ("magenta", "fuchsia")})
    assert packages.decode(packages.encode(study.plan)) == study.plan
    ann = study.advance(study.arrive())
    for _ in range(3):
        said = str(screens.state(study.deployment, ann, "web-1"))
        assert "magenta" not in said and "fuchsia" not in said and "correct" not in said
        if ann.phase is Phase.READING:
            ann = study.advance(ann, goal="score", colour="blue")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"correct": {}}, "correct is empty"),
        (
            {"correct": {"gaol": "score"}},
            "'gaol', which its form does not ask. Did you mean 'goal'",
        ),
        ({"correct": {"goal": "scor"}}, "'scor' can be no answer to 'goal'. Did you mean 'score'"),
        ({"correct": {"keys": "left"}}, "'left' can be no answer to 'keys'"),
        ({"correct": {"rounds": "3"}}, "'3' can be no answer to 'rounds'"),
        ({"correct": CORRECT, "explain": {"x": "?"}}, "explain names 'x'"),
        ({"correct": CORRECT, "attempts": 0}, "attempts=0 is not 1 to 20"),
        ({"correct": CORRECT, "failed": "out"}, "failed='out' is not finish"),
        ({"correct": CORRECT, "tells": "all"}, "tells='all' is not"),
    ],
)
def test_a_quiz_that_cannot_be_is_refused_with_what_to_mend(changes, told):
    with pytest.raises(BadPackage, match=told):
        quiz("check", ASKED, **changes)


def test_a_ranking_is_right_in_one_order_only():
    asked = form(ranking("best", "Order them", ["a", "b"]))
    made = quiz("check", asked, correct={"best": ["a", "b"]})
    assert made.correct == {"best": (["a", "b"],)}


def test_when_each_item_was_seen_and_changed_is_beside_its_answer(study):
    ann = study.advance(study.arrive())
    times = {"goal": (1.0, 2.0, 3.0), "remark": (4.0, 0.0, 0.0), "no_item": (5.0, 5.0, 5.0)}
    said = wire.Advance("check", ann.version, {"goal": "survive"}, times)
    advancing.submit(study.deployment, ann, said)
    keys = ("value", "first_shown_ms", "first_change_ms", "last_change_ms")
    rows = {row["item"]: tuple(row[key] for key in keys) for row in study.rows("answers")}
    assert rows == {
        "goal": ('"survive"', 1.0, 2.0, 3.0),
        "remark": (None, 4.0, None, None),  # seen, and left as it was
    }
