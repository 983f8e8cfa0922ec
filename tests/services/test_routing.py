"""What is drawn for somebody is drawn once, survives whatever happens, and is in the data."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier

import pytest

from igym import wire
from igym.domain.conditions import answer, cell
from igym.domain.plan import EndPlan, PagePlan, ScenePlan, Step, TreatmentPlan
from igym.errors import Conflict
from igym.services.sessions import advancing, screens
from igym.store import keys, packages
from tests.services.paper import E, Paper, a_plan, a_play


def scene(name: str) -> Step:
    return Step("scene", name)


def a_study(deployment, *steps: Step, treatments=(), names=("a", "b", "c")) -> Paper:
    """consent, about, `steps` over pages of these names, thanks."""
    plan = a_plan(*treatments)
    consent, about = plan.scenes[:2]
    pages = [ScenePlan(name, page=PagePlan(f"<p>{name}</p>", "Go")) for name in names]
    end = ScenePlan("thanks", end=EndPlan("", {"complete": "C1"}, {}))
    flow = Step("sequence", parts=(scene("consent"), scene("about"), *steps, scene("thanks")))
    return Paper(deployment, replace(plan, scenes=(consent, about, *pages, end), flow=flow))


ABC = (scene("a"), scene("b"), scene("c"))
SHUFFLE = Step("shuffle", "shuffle1", ABC, take=3, balance="blocks")
ADULT = Step(
    "branch", "adult", (Step("sequence", parts=ABC[:1]), Step("sequence", parts=ABC[1:])),
    when=answer("about.age") >= 18,
)  # fmt: skip


def walk(study: Paper, session, **answers) -> list[str]:
    seen = [session.scene]
    while session.scene != "thanks":
        session = study.advance(session, **(answers if session.scene == "about" else {}))
        seen.append(session.scene)
    return seen


def test_a_path_is_drawn_after_the_first_scene_and_never_again(deployment):
    study = a_study(deployment, SHUFFLE)
    assert packages.decode(packages.encode(study.plan)) == study.plan
    ann = study.arrive(id="ann")
    assert ann.path == []
    ann = study.advance(ann)
    path = ann.path
    assert sorted(path) == ["a", "about", "b", "c", "consent", "thanks"]

    # Another web worker that has heard of nothing, the same link once more, and even the numbers
    # and the seed lost: it is in the session
    study.redis.delete(keys.orders(E, "1", "live"))
    again = study.arrive(id="ann")
    assert (again.id, again.path) == (ann.id, path)
    assert walk(study, again) == path[1:]
    assert study.read(ann).path == path

    (row,) = (row for row in study.rows("sessions") if row["session_id"] == ann.id)
    assert row["path"] == path
    (drawn,) = study.rows("orders")
    assert (drawn["name"], drawn["drawn"], drawn["number"]) == ("shuffle1", path[2:5], 0)


def test_the_recorded_seed_and_number_give_the_same_path(deployment):
    study = a_study(deployment, SHUFFLE)
    from igym.domain import flow

    for _ in range(4):
        session = study.advance(study.arrive())
        row = next(r for r in study.rows("orders") if r["session_id"] == session.id)
        assert list(flow.draw(study.plan.flow, row["seed"], row["number"]).scenes) == session.path


def test_orders_are_balanced_over_those_who_consent_in_each_mode(deployment):
    study = a_study(deployment, SHUFFLE)
    for mode in ("live", "pilot"):
        for _ in range(6):
            study.arrive(mode=mode)  # who leaves at once takes no order
            study.advance(study.arrive(mode=mode))
    modes = {row["session_id"]: row["mode"] for row in study.rows("sessions")}
    counts = Counter((modes[r["session_id"]], tuple(r["drawn"])) for r in study.rows("orders"))
    assert len(counts) == 12 and set(counts.values()) == {1}


def test_an_order_within_cells_is_balanced_in_each_of_them(deployment):
    within = replace(SHUFFLE, within=("colour",))
    other = Step("shuffle", "s2", (scene("d"), scene("e")), take=2, balance="blocks")
    study = a_study(
        deployment, within, other,
        treatments=[TreatmentPlan("colour", "participant", ("red", "blue"))], names="abcde",
    )  # fmt: skip
    people = {one.id: one for one in (study.advance(study.arrive()) for _ in range(12))}
    rows = [row for row in study.rows("orders") if row["name"] == "shuffle1"]
    counts = Counter((people[r["session_id"]].cells["colour"], tuple(r["drawn"])) for r in rows)
    assert len(counts) == 12 and set(counts.values()) == {1}  # each order once in each cell
    assert {tuple(r["within"]) for r in rows} == {("colour=red",), ("colour=blue",)}
    assert sorted(r["number"] for r in rows) == sorted([*range(6)] * 2)
    rest = [row for row in study.rows("orders") if row["name"] == "s2"]
    assert sorted(row["number"] for row in rest) == list(range(12))
    assert {row["within"] for row in rest} == {None}


def test_two_tabs_at_once_draw_one_path(deployment):
    study = a_study(deployment, SHUFFLE)
    for n in range(10):
        ann, together = study.arrive(), Barrier(4)
        said = wire.Advance(ann.scene, ann.version)

        def press(_, ann=ann, said=said, together=together):
            together.wait()
            with suppress(Conflict):
                advancing.submit(study.deployment, ann, said)

        with ThreadPoolExecutor(4) as tabs:
            list(tabs.map(press, range(4)))
        (row,) = (r for r in study.rows("orders") if r["session_id"] == ann.id)
        assert row["drawn"] == study.read(ann).path[2:5]
        assert row["number"] == n  # nobody's number is lost


@pytest.mark.parametrize(
    ("age", "way", "seen"), [(30, "then", ["a"]), (9, "otherwise", ["b", "c"])]
)
def test_a_branch_goes_by_the_answers_and_is_recorded(deployment, age, way, seen):
    study = a_study(deployment, ADULT)
    ann = study.arrive()
    assert walk(study, ann, age=age) == ["consent", "about", *seen, "thanks"]
    assert study.read(ann).ways == {"adult": way}
    rows = {row["name"]: (row["kind"], row["drawn"]) for row in study.rows("orders")}
    assert rows == {"adult": ("branch", [way])}
    visited = [row["scene"] for row in study.rows("visits")]
    assert visited == ["consent", "about", *seen, "thanks"]


def test_a_branch_goes_by_the_cell_that_was_assigned(deployment):
    by = Step("branch", "by", (Step("sequence", parts=ABC[:1]), Step("sequence", parts=ABC[1:2])),
              when=cell("colour") == "red")  # fmt: skip
    study = a_study(
        deployment, by, treatments=[TreatmentPlan("colour", "participant", ("red", "blue"))]
    )
    for _ in range(4):
        ann = study.arrive()
        seen = "a" if ann.cells["colour"] == "red" else "b"
        assert walk(study, ann) == ["consent", "about", seen, "thanks"]


def test_a_treatment_that_is_assigned_on_a_way_nobody_takes_is_not_assigned(deployment):
    study = a_study(
        deployment,
        ADULT,
        treatments=[TreatmentPlan("colour", "participant", ("red", "blue"), at="a")],
    )
    old, young = study.arrive(), study.arrive()
    walk(study, old, age=30), walk(study, young, age=9)
    assert [bool(study.read(one).cells) for one in (old, young)] == [True, False]


def test_progress_counts_the_scenes_of_ones_own_way(deployment):
    study = a_study(deployment, ADULT)
    ann = study.advance(study.arrive())
    told = screens.state(study.deployment, ann, "web-1")
    assert (told.step, told.steps) == (1, 5)  # the longer way, as long as nobody knows
    ann = study.advance(ann, age=30)
    told = screens.state(study.deployment, ann, "web-1")
    assert (told.step, told.steps, told.stoppable) == (2, 4, True)


def test_games_may_come_in_a_drawn_order(deployment):
    plan = a_plan(play=a_play(1))
    games = [ScenePlan(name, play=a_play(1)) for name in ("g.1", "g.2")]
    steps = [scene("consent"), Step("shuffle", "s", (scene("g.1"), scene("g.2")), take=2)]
    flow = Step("sequence", parts=(*steps, scene("thanks")))
    study = Paper(
        deployment, replace(plan, scenes=(plan.scenes[0], *games, plan.scenes[-1]), flow=flow)
    )
    ann = study.advance(study.arrive())
    played = []
    for _ in range(2):
        played.append(study.read(ann).scene)
        assert study.match() == 1
        study.finish(study.game(ann))
    assert (study.read(ann).outcome, played) == ("complete", study.read(ann).path[1:3])
