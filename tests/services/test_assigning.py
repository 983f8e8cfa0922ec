"""Treatments of participants: assigned once, where they are due, and counted until the end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from igym.domain.participant import Phase
from igym.domain.places import Taken
from igym.domain.plan import GroupPlan, TreatmentPlan
from igym.errors import Conflict
from igym.services.sessions import advancing, assigning
from tests.services.paper import Paper, a_plan, a_play

COLOUR = TreatmentPlan("colour", "participant", ("red", "blue"), wanted=2)


@pytest.fixture
def paper(deployment):
    return lambda *treatments, **more: Paper(deployment, a_plan(*treatments, **more))


def test_at_arrival_by_default_and_for_good(paper):
    study = paper(COLOUR)
    ann = study.arrive(PROLIFIC_PID="ann")
    assert set(ann.cells) == {"colour"} and ann.holds == {"colour": ann.id}
    assert study.arrive(PROLIFIC_PID="ann").cells == ann.cells
    assert study.advance(study.advance(ann)).cells == ann.cells
    assert sum(taken.all for taken in study.places("colour").values()) == 1


def test_at_a_scene_it_is_assigned_on_the_way_in_and_not_before(paper):
    study = paper(TreatmentPlan("colour", "participant", ("red", "blue"), at="about"))
    ann = study.arrive()
    assert ann.cells == {}
    assert set(study.advance(ann).cells) == {"colour"}
    (row,) = study.rows("assignments")
    assert (row["unit_id"], row["session_id"], row["game_id"]) == (ann.id, ann.id, None)
    assert (row["scene"], row["mode"], row["per"]) == ("about", "live", "participant")


def test_twenty_clicks_on_one_link_take_one_place(paper):
    study = paper(COLOUR)
    with ThreadPoolExecutor(20) as clicks:
        people = list(clicks.map(lambda _: study.arrive(PROLIFIC_PID="ann"), range(20)))
    assert len({one.id for one in people}) == 1
    assert sum(taken.all for taken in study.places("colour").values()) == 1


def test_who_comes_when_every_place_is_taken_is_told_so_and_paid_as_it_says(paper):
    study = paper(COLOUR)
    people = [study.arrive() for _ in range(4)]
    late = study.arrive(PROLIFIC_PID="late")
    assert (late.phase, late.scene, late.outcome, late.code) == (
        Phase.ENDED, "thanks", "full", "C-FULL",
    )  # fmt: skip
    assert late.cells == {} and study.arrive(PROLIFIC_PID="late") == late
    told = {row["session_id"]: row for row in study.rows("sessions")}[late.id]
    assert (told["outcome"], told["ended_ms"] is not None) == ("full", True)

    # Until somebody gives up: then there is a place again, in their cell
    study.leave(people[1], "withdrew")
    assert study.arrive().cells == people[1].cells
    assert study.arrive().outcome == "full"


def test_full_at_a_scene_ends_the_session_there_and_frees_what_it_had(paper):
    size = TreatmentPlan("size", "participant", ("small", "large"), wanted=1, at="about")
    study = paper(TreatmentPlan("colour", "participant", ("red", "blue")), size)
    people = [study.advance(study.arrive()) for _ in range(3)]
    assert [one.outcome for one in people] == ["", "", "full"]
    assert [set(one.cells) for one in people] == [{"colour", "size"}] * 2 + [{"colour"}]
    assert sum(taken.reserved for taken in study.places("colour").values()) == 2
    assert sum(taken.reserved for taken in study.places("size").values()) == 2


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [("complete", True), ("partner_left", True), ("withdrew", False), ("screened_rtt", False),
     ("no_partner", False), ("absent", False), ("technical_problem", False)],
)  # fmt: skip
def test_an_outcome_counts_where_the_treatment_says_so(paper, outcome, counts):
    study = paper(
        TreatmentPlan("c", "participant", ("x", "y"), 5, valid=("complete", "partner_left"))
    )
    ann = study.arrive()
    study.leave(ann, outcome)
    assert study.places("c")[ann.cells["c"]] == Taken(0, int(counts))
    (row,) = study.rows("assignments")
    assert (row["reason"], row["settled_by"]) == (outcome, ann.id)


def test_more_places_than_wanted_are_given_out_but_no_more_completions_asked_for(paper):
    study = paper(TreatmentPlan("c", "participant", ("x", "y"), wanted=1, over=1))
    people = [study.arrive() for _ in range(4)]
    assert all(one.phase is Phase.READING for one in people)
    assert study.arrive().outcome == "full"
    for one in people[:2]:  # one of each cell
        study.leave(one, "complete")
    study.leave(people[2], "withdrew")
    assert study.arrive().outcome == "full"  # both cells have the one they wanted
    assert sum(taken.valid for taken in study.places("c").values()) == 2


def test_a_preview_is_never_full_and_a_pilot_does_not_use_up_the_study(paper):
    study = paper(COLOUR)
    assert all(study.arrive(mode="preview").outcome == "" for _ in range(9))
    assert [study.arrive(mode="pilot").outcome for _ in range(5)] == [""] * 4 + ["full"]
    assert [study.arrive().outcome for _ in range(5)] == [""] * 4 + ["full"]
    assert study.places("colour", "preview") and study.places("colour", "pilot")


def test_the_same_seed_and_counts_give_the_same_cell(paper):
    study = paper(TreatmentPlan("c", "participant", ("x", "y", "z")))
    for _ in range(30):
        study.arrive()
    assert {taken.all for taken in study.places("c").values()} == {10}  # and each is explained
    assert len({row["seed"] for row in study.rows("assignments")}) == 30


def test_a_move_that_comes_too_late_takes_no_place(paper):
    study = paper(TreatmentPlan("c", "participant", ("x", "y"), wanted=2, at="about"))
    ann = study.arrive()
    about = study.plan.scene("about")
    advancing.enter(study.deployment, ann, about)
    with pytest.raises(Conflict):
        advancing.enter(study.deployment, ann, about)
    assert sum(taken.all for taken in study.places("c").values()) == 1


def test_answers_that_put_people_together_are_kept_with_the_session(paper):
    play = a_play(group=GroupPlan("roles", attribute="about.hand", wanted={"left": 1, "right": 1}))
    study = paper(play=play)
    ann = study.advance(study.advance(study.arrive()), hand="left", age=30)
    assert study.read(ann).attributes == {"about.hand": "left"}


def test_a_game_knows_the_cells_that_all_its_people_have(paper):
    study = paper(COLOUR)
    one, two = study.arrive(), study.arrive()
    assert one.cells != two.cells and assigning.in_common([one, two]) == {}
    assert assigning.in_common([one, one]) == one.cells
