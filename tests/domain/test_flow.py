"""Scenes follow each other as the author wrote them, and a plan is found by name."""

from __future__ import annotations

import pytest

from igym.domain import flow
from igym.domain.participant import Event
from igym.domain.plan import EndPlan, PagePlan, Plan, PlayPlan, ScenePlan, SurveyPlan
from igym.errors import NotFound

GAME = PlayPlan(
    seats=("a",), humans=("a",), policies={}, keys=("x",), touch=(), title="", help="",
    labels={}, marks={}, aspect=2, background="#000", fps=30, episodes=1, max_steps=10,
    assign="fixed", waits_s=60, countdown_s=3, between_s=2,
)  # fmt: skip
PLAN = Plan(
    experiment="e",
    version="1",
    title="E",
    package="ff",
    scenes=(
        ScenePlan("hello", page=PagePlan("<p>", "Go")),
        ScenePlan("about", survey=SurveyPlan({}, ("q",))),
        ScenePlan("game", play=GAME),
        ScenePlan("end", end=EndPlan("<p>", {}, {})),
    ),
)


def test_scenes_follow_in_the_authors_order_and_the_last_stays():
    walked, scene = [], PLAN.scenes[0]
    for _ in range(6):
        walked.append(scene.name)
        scene = flow.following(PLAN, scene.name)
    assert walked == ["hello", "about", "game", "end", "end", "end"]
    assert flow.last(PLAN).name == "end"


@pytest.mark.parametrize(
    ("scene", "event"),
    [
        ("hello", Event.TURN_PAGE),
        ("about", Event.TURN_PAGE),
        ("game", Event.QUEUE),
        ("end", Event.FINISH),
    ],
)
def test_a_game_is_entered_by_its_lobby_and_an_ending_finishes(scene, event):
    assert flow.entering(PLAN.scene(scene)) is event


def test_a_plan_knows_where_a_scene_stands():
    assert [PLAN.index(scene.name) for scene in PLAN.scenes] == [0, 1, 2, 3]


@pytest.mark.parametrize("ask", [PLAN.index, PLAN.scene, lambda name: flow.following(PLAN, name)])
def test_a_scene_that_is_not_there_is_said_by_name(ask):
    with pytest.raises(NotFound, match="no scene named 'gone'"):
        ask("gone")
