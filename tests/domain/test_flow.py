"""Scenes follow each other as the author wrote them, as was drawn, and as was answered."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym import (
    Experiment,
    Human,
    Treatment,
    answer,
    branch,
    cell,
    choose,
    consent,
    ending,
    page,
    play,
    quiz,
    repeat,
    reunion,
    shuffle,
    strangers,
    survey,
)
from igym.domain import conditions, flow, orders
from igym.domain.experiment import Play, Quiz, Survey
from igym.domain.participant import Event
from igym.domain.plan import EndPlan, PagePlan, Plan, PlayPlan, ScenePlan, SurveyPlan
from igym.errors import BadPackage, NotFound
from igym.forms import form, text

GAME = PlayPlan(
    seats=("a",), humans=("a",), policies={}, keys=("x",), touch=(), title="", help="",
    labels={}, marks={}, aspect=2, background="#000", fps=30, episodes=1, max_steps=10,
    assign="fixed", waits_s=60, countdown_s=3, pause_s=2,
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
        scene, _ = flow.onward(PLAN, (), {}, scene.name, {})
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


@pytest.mark.parametrize(
    "ask", [PLAN.index, PLAN.scene, lambda name: flow.onward(PLAN, (), {}, name, {})]
)
def test_a_scene_that_is_not_there_is_said_by_name(ask):
    with pytest.raises(NotFound, match="no scene named 'gone'"):
        ask("gone")


# --- drawn and decided -------------------------------------------------------------------------

PARTS = [page(f"p{n}", "p.md") for n in range(6)]
HELLO, END = page("hello", "h.md"), ending("end", "e.md")
SEEDS, NUMBERS = st.integers(0, 2**31 - 1), st.integers(0, 5_000)


def plan_of(scene) -> ScenePlan:
    if scene is END:
        return ScenePlan(scene.name, end=EndPlan("", {}, {}))
    if isinstance(scene, Survey):
        return ScenePlan(scene.name, survey=SurveyPlan({}, ("age", "hand")))
    if isinstance(scene, Play):
        return ScenePlan(scene.name, play=GAME)
    return ScenePlan(scene.name, page=PagePlan("", "Go"))


def planned(*parts, **more) -> Plan:
    """A plan with these parts between the first page and the ending."""
    made = Experiment(HELLO, *parts, END, **more)
    return replace(PLAN, scenes=tuple(map(plan_of, made.scenes)), flow=made.flow)


def walked(plan: Plan, path, answers=None) -> list[str]:
    """The scenes somebody sees who answers so."""
    ways: dict[str, str] = {}
    seen, name = [], plan.scenes[0].name
    while True:
        seen.append(name)
        if name == plan.scenes[-1].name:
            return seen
        scene, ways = flow.onward(plan, path, ways, name, conditions.facts(answers or {}, {}))
        name = scene.name


def drawn(plan: Plan, seed: int, number: int) -> flow.Path:
    assert plan.flow is not None
    return flow.draw(plan.flow, seed, number)


@given(SEEDS, NUMBERS, st.integers(2, 6), st.sampled_from(("chance", "latin")))
def test_a_shuffled_path_has_every_scene_once_and_is_the_same_for_the_same_seed(seed, n, k, how):
    plan = planned(shuffle(*PARTS[:k], balance=how))
    path = drawn(plan, seed, n).scenes
    assert sorted(path) == sorted(scene.name for scene in plan.scenes)
    assert (path[0], path[-1]) == ("hello", "end")
    assert drawn(plan, seed, n).scenes == path
    assert walked(plan, path) == list(path)


@given(SEEDS, NUMBERS, st.integers(1, 4), st.booleans(), st.sampled_from(("chance", "blocks")))
def test_a_subset_has_the_size_that_was_asked_for(seed, number, take, shuffled, balance):
    plan = planned(choose(take, *PARTS[:5], shuffled=shuffled, balance=balance))
    path = drawn(plan, seed, number).scenes[1:-1]
    assert len(set(path)) == len(path) == take
    assert set(path) <= {f"p{n}" for n in range(5)}
    assert shuffled or list(path) == sorted(path)


@given(st.integers(2, 12))
def test_a_latin_square_is_balanced(n):
    rows = orders.latin(n)
    copies = len(rows) // n
    assert copies == (1 if n % 2 == 0 else 2)
    for place in range(n):
        assert Counter(row[place] for row in rows) == dict.fromkeys(range(n), copies)
    follows = Counter(pair for row in rows for pair in pairwise(row))
    pairs = {(a, b) for a in range(n) for b in range(n) if a != b}
    assert follows == dict.fromkeys(pairs, copies)


@given(SEEDS, st.integers(2, 4), st.sampled_from(("blocks", "latin")), st.integers(0, 9))
def test_in_each_block_every_order_comes_once(seed, n, balance, block):
    plan = planned(shuffle(*PARTS[:n], balance=balance))
    every = orders.every(n, n, shuffled=True) if balance == "blocks" else orders.latin(n)
    size = len(every)
    got = {drawn(plan, seed, block * size + place).orders[0].drawn for place in range(size)}
    assert got == {tuple(f"p{part}" for part in row) for row in every}


def test_who_comes_next_cannot_be_told_from_who_came_before():
    plan = planned(shuffle(*PARTS[:2], balance="blocks"))
    first = [drawn(plan, 7, 2 * block).orders[0].drawn[0] for block in range(200)]
    assert 70 < first.count("p0") < 130


def test_two_orders_of_one_study_are_independent():
    plan = planned(
        shuffle(*PARTS[:2], balance="blocks"), shuffle(*PARTS[2:4], balance="blocks", name="later")
    )
    both = Counter(tuple(o.drawn[0] for o in drawn(plan, 3, n).orders) for n in range(400))
    assert len(both) == 4 and min(both.values()) > 60
    assert [o.name for o in drawn(plan, 3, 0).orders] == ["shuffle1", "later"]


def test_a_list_stays_together_and_is_named_by_its_scenes():
    plan = planned(shuffle([PARTS[0], PARTS[1]], PARTS[2]))
    found = {drawn(plan, 1, n).scenes[1:-1] for n in range(40)}
    assert found == {("p0", "p1", "p2"), ("p2", "p0", "p1")}
    assert drawn(plan, 1, 0).orders[0].drawn in (("p0+p1", "p2"), ("p2", "p0+p1"))


def test_each_round_has_scenes_of_its_own_and_is_shuffled_anew():
    plan = planned(repeat(30, shuffle(PARTS[0], PARTS[1]), PARTS[2]), PARTS[3])
    names = [scene.name for scene in plan.scenes]
    assert names[:5] == ["hello", "p0.1", "p1.1", "p2.1", "p0.2"] and names[-2:] == ["p3", "end"]
    path = drawn(plan, 5, 0)
    assert path.scenes[3::3][:30] == tuple(f"p2.{n}" for n in range(1, 31))
    assert [one.name for one in path.orders] == [f"shuffle1.{n}" for n in range(1, 31)]
    assert len({one.drawn[0].partition(".")[0] for one in path.orders}) == 2


def test_rounds_within_rounds_are_told_apart():
    plan = planned(repeat(2, PARTS[0], repeat(2, PARTS[1])))
    names = [scene.name for scene in plan.scenes][1:-1]
    assert names == ["p0.1", "p1.1.1", "p1.1.2", "p0.2", "p1.2.1", "p1.2.2"]


ABOUT = survey("about", "about.json")
ADULT = answer("about.age") >= 18


@pytest.mark.parametrize(
    ("answers", "way"),
    [({"about.age": 30}, ["p0", "p1"]), ({"about.age": 10}, ["p2"]), ({}, ["p2"])],
)
def test_a_branch_is_taken_by_what_was_answered(answers, way):
    plan = planned(ABOUT, branch(ADULT, [PARTS[0], PARTS[1]], PARTS[2]), PARTS[3])
    assert walked(plan, (), answers) == ["hello", "about", *way, "p3", "end"]


def test_a_branch_without_another_way_is_passed_over():
    plan = planned(ABOUT, branch(ADULT, PARTS[0]))
    assert walked(plan, ()) == ["hello", "about", "end"]
    assert walked(plan, (), {"about.age": 18}) == ["hello", "about", "p0", "end"]


def test_a_branch_stays_as_it_was_decided():
    plan = planned(ABOUT, branch(ADULT, [PARTS[0], PARTS[1]], PARTS[2]))
    scene, ways = flow.onward(plan, (), {}, "about", conditions.facts({"about.age": 20}, {}))
    assert (scene.name, ways) == ("p0", {"branch1": "then"})
    scene, again = flow.onward(plan, (), ways, "p0", {})  # nothing is known any more
    assert (scene.name, again) == ("p1", ways)


def test_in_a_repeat_a_branch_is_about_its_own_round():
    plan = planned(repeat(2, ABOUT, branch(ADULT, PARTS[0])))
    assert walked(plan, (), {"about.2.age": 20}) == ["hello", "about.1", "about.2", "p0.2", "end"]


def test_a_group_may_meet_again_in_the_same_round():
    def game(name, group):
        return play(name, object, seats={"a": Human, "b": Human}, keys={"x": 1}, group=group)

    made = Experiment(HELLO, repeat(2, game("one", strangers()), game("two", reunion("one"))), END)
    assert [s.group.scene for s in made.scenes if isinstance(s, Play)] == ["", "one.1", "", "one.2"]


@given(SEEDS, NUMBERS, st.booleans(), st.booleans())
def test_progress_never_goes_back_and_ends_at_the_end(seed, number, old, left):
    plan = planned(
        ABOUT,
        choose(2, PARTS[0], [PARTS[1], PARTS[2]], branch(ADULT, PARTS[3])),
        branch(ADULT, branch(answer("about.hand") == "left", [PARTS[4], PARTS[5]])),
    )
    path = drawn(plan, seed, number).scenes
    said = {"about.age": 20 if old else 10, "about.hand": "left" if left else ""}
    ways: dict[str, str] = {}
    name, parts, seen = "hello", [], []
    while True:
        step, steps = flow.progress(plan, path, ways, name)
        parts.append(step / steps)
        seen.append(name)
        assert 0 <= step < steps
        assert flow.passed(plan, path, ways, name) == seen
        if name == "end":
            break
        scene, ways = flow.onward(plan, path, ways, name, conditions.facts(said, {}))
        name = scene.name
    assert parts == sorted(parts) and step == steps - 1


def a_game(name="game"):
    return play(name, object, seats={"a": Human}, keys={"x": 1})


def quizzed(back_to: str, name: str = "check"):
    return quiz(name, form(text("goal", "?")), correct={"goal": "win"}, back_to=back_to)


GROUP = Treatment("goal", per="group", x=1, y=2)
SKILL = Treatment("skill", novice=1, expert=2)
SKILLED = cell("skill") == "expert"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: shuffle(PARTS[0]), "at least two parts"),
        (lambda: shuffle(*PARTS, balance="latn"), "latn.*Did you mean 'latin'"),
        (lambda: shuffle(*[page(f"q{n}", "q.md") for n in range(7)], balance="blocks"),
         "7 parts have 5040 orders, more than the 720"),
        (lambda: shuffle(*PARTS, name="My order"), "'My order'.* will not do"),
        (lambda: choose(0, *PARTS), "give a number from 1 to 5"),
        (lambda: choose(6, *PARTS), "Use shuffle"),
        (lambda: choose(2, *PARTS, balance="latin"), "Latin square has all parts"),
        (lambda: repeat(0, PARTS[0]), "from 1 to 100"),
        (lambda: repeat(2), "at least one part"),
        (lambda: branch("adult", PARTS[0]), "is not a condition"),
        (lambda: branch(ADULT, []), "no scene on either way"),
        (lambda: branch(len, PARTS[0]), "needs default=True or default=False, not None"),
        (lambda: branch(len, PARTS[0], default=True, limit="2 min"), "at most 30 s"),
        (lambda: branch(ADULT, PARTS[0], default=True), "only a function may fail"),
        (lambda: shuffle(*PARTS, within="goal"), "this one goes by chance"),
        (lambda: shuffle(*PARTS, balance="latin", within=3), "give a Treatment, its name"),
        (lambda: planned(shuffle(*PARTS, balance="latin", within="gaol"), treatments=[SKILL]),
         "within='gaol': there is no such treatment"),
        (lambda: planned(shuffle(*PARTS, balance="latin", within="skil"), treatments=[SKILL]),
         "Did you mean 'skill'"),
        (lambda: planned(a_game(), shuffle(*PARTS, balance="latin", within=GROUP),
                         treatments=[GROUP]), "not assigned yet when orders are drawn"),
        (lambda: planned(PARTS[0], quizzed("p1")), "back_to='p1': there is no such scene"),
        (lambda: planned(PARTS[0], quizzed("p00")), "Did you mean 'p0'"),
        (lambda: planned(quizzed("p0"), PARTS[0]), "does not come before it in the same list"),
        (lambda: planned(branch(SKILLED, PARTS[0]), quizzed("p0"), treatments=[SKILL]),
         "does not come before it in the same list"),
        (lambda: planned(PARTS[0], branch(SKILLED, a_game()), quizzed("p0"), treatments=[SKILL]),
         "'game' would come again too"),
        (lambda: planned(consent("yes", "c.md"), quizzed("yes")), "'yes' would come again too"),
        (lambda: planned("page"), "'page' is no scene"),
        (lambda: planned(repeat(2, PARTS[0]), PARTS[0], PARTS[0]), "Two scenes are named 'p0'"),
        (lambda: planned(shuffle(*PARTS[:2], name="p0")), "an order and a scene, are named 'p0'"),
        (lambda: planned(branch(ADULT, PARTS[0]), ABOUT), "no scene 'about' comes before it"),
        (lambda: planned(ABOUT, branch(answer("abuot.age") > 1, PARTS[0])), "Did you mean 'about'"),
        (lambda: planned(ABOUT, branch(answer("age") > 1, PARTS[0])), "not say of which scene"),
        (lambda: planned(shuffle(ABOUT, branch(ADULT, PARTS[0]))),
         "no scene 'about' comes before it"),
        (lambda: planned(branch(cell("c") == "x", PARTS[0])), "there is no such treatment"),
        (lambda: planned(branch(cell("goal") == "x", PARTS[0]), a_game(), treatments=[GROUP]),
         "is not assigned before it"),
        (lambda: planned(shuffle(a_game("g1"), a_game("g2")), treatments=[GROUP]),
         "the first game, which is not the same"),
        (lambda: Experiment(shuffle(*PARTS), END), "first scene must be"),
        (lambda: Experiment(HELLO, shuffle(PARTS[0], END)), "last scene must be an ending"),
        (lambda: planned(page("p.1", "p.md")), "'p.1' will not do"),
        (lambda: planned(repeat(100, *PARTS)), "more than 500 scenes"),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_is_refused_in_words(make, told):
    with pytest.raises(BadPackage, match=told):
        make()


def test_a_quiz_leads_back_within_its_round_over_whatever_can_be_read_again():
    made = Experiment(
        HELLO, repeat(2, PARTS[0], shuffle(PARTS[1], ABOUT), quizzed("p0"), a_game()), END
    )
    assert [s.back_to for s in made.scenes if isinstance(s, Quiz)] == ["p0.1", "p0.2"]
    assert Experiment(HELLO, PARTS[0], quizzed("hello"), END).flow is None


def test_a_function_decides_once_it_has_spoken_and_not_before():
    plan = planned(ABOUT, branch(lambda _: True, PARTS[0], PARTS[1], default=False, name="fit"))
    with pytest.raises(flow.Undecided) as undecided:
        flow.onward(plan, (), {}, "about", {})
    assert undecided.value.branch.name == "fit"
    for met, scene in ((True, "p0"), (False, "p1")):
        found, ways = flow.onward(plan, (), {}, "about", {("function", "fit"): met})
        assert (found.name, ways) == (scene, {"fit": "then" if met else "otherwise"})
        assert flow.onward(plan, (), ways, "about", {})[0] is found  # and stays decided
    assert plan.recalls and not planned(ABOUT, branch(ADULT, PARTS[0])).recalls


@given(SEEDS, st.lists(st.sampled_from(("novice", "expert")), min_size=1, max_size=60))
def test_an_order_within_cells_is_balanced_in_each_of_them(seed, arrivals):
    plan = planned(
        shuffle(*PARTS[:3], balance="blocks", within=SKILL), shuffle(*PARTS[3:5], balance="blocks"),
        treatments=[SKILL],
    )  # fmt: skip
    numbers, got = Counter(), {"novice": Counter(), "expert": Counter()}
    for n, skill in enumerate(arrivals):
        within = {(): (seed, n), ("skill",): (seed + len(skill), numbers[skill])}
        first, second = flow.draw(plan.flow, seed, n, within).orders
        numbers[skill] += 1
        got[skill][first.drawn] += 1
        assert (first.within, first.number, second.number) == (("skill",), numbers[skill] - 1, n)
    for counts in got.values():
        assert not counts or max(counts.values()) - min(counts.get(o, 0) for o in counts) <= 1
        assert sum(counts.values()) < 6 or len(counts) == 6  # every order, in each run of six


def test_a_branch_on_a_question_that_is_not_asked_is_refused_when_the_forms_are_known():
    plan = planned(ABOUT, branch(answer("about.agee") > 1, PARTS[0]))
    with pytest.raises(BadPackage, match=r"about has no such question\. Did you mean 'age'"):
        flow.check_items(plan)
    flow.check_items(planned(ABOUT, branch(ADULT, PARTS[0])))


def test_a_treatment_of_groups_may_come_with_a_game_that_everybody_plays_first():
    planned(a_game("g0"), shuffle(a_game("g1"), a_game("g2")), treatments=[GROUP])
    planned(a_game("g0"), branch(cell("goal") == "x", PARTS[0]), treatments=[GROUP])
