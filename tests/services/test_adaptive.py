"""A policy that is chosen per episode: logged with its inputs, and the same after a takeover."""

from __future__ import annotations

import json

import pytest

from igym.domain.adaptive import Adaptive, Staircase, chosen_by, staircase
from igym.domain.experiment import Human
from igym.domain.plan import AskPlan, SurveyPlan
from igym.domain.policy import Random
from igym.domain.rounds import Goal, scored, unpacked
from igym.services.functions.asking import Answer
from igym.services.games.casting import Cast
from igym.services.games.consulting import Consultant
from igym.store import games
from igym.store.games import Game
from tests.services.conftest import Lab
from tests.services.test_between import hears, say
from tests.services.test_playing import assert_whole, tables
from tests.services.test_recovering import Killed, kill_at, planned, reaped, second
from tests.services.test_rounds import designed

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow

CELLS = {"easy": Random(), "medium": Random(every=2), "hard": Random(every=3)}


def alone(lab: Lab, rule, **changes: object) -> Game:
    """One person in the left seat, and a partner by that rule in the right one."""
    designed(lab, seats={"left": Human, "right": Adaptive(rule, **CELLS)}, **changes)
    asks = ()
    if not isinstance(rule, Staircase) and hasattr(rule, "question"):
        when = "before" if rule.each else "first"
        form = SurveyPlan(Adaptive(rule, **CELLS).form(), (rule.name,))
        asks = (AskPlan(rule.name, form, ("left",), rule.limit_s, when),)
    planned(lab, humans=("left",), policies={"right": "adaptive"}, asks=asks)
    one = lab.to_lobby()
    assert lab.match() == 1
    game = games.read(lab.deployment.redis, "counters", lab.read(one).game)
    lab.connect(game, "left")
    return game


@pytest.fixture
def sat(monkeypatch) -> list[str]:
    """Which policy really sat down in the right seat, episode by episode."""
    seen: list[str] = []
    policy = Cast._policy

    def sits(self, who, seat, episode):
        seen.append(next(cell for cell, one in CELLS.items() if one is who))
        return policy(self, who, seat, episode)

    monkeypatch.setattr(Cast, "_policy", sits)
    return seen


def test_a_staircase_is_climbed_and_can_be_climbed_again_from_the_data(lab, sat):
    game = alone(lab, staircase(scored(5, "left"), up=2), practice=1, episodes=4)
    assert lab.play(game) == "finished"
    assert sat == ["easy", "easy", "easy", "medium", "medium"]

    data = tables(lab)
    assert_whole(data)
    rows = sorted(data["choices"], key=lambda row: row["episode"])
    assert [row["cell"] for row in rows] == sat
    for row in rows:
        parameters = json.loads(row["parameters"])
        rule = Staircase(**parameters | {"goal": Goal(**parameters["goal"])})
        results = [unpacked(one) for one in json.loads(row["results"])]
        assert rule.cell(row["cells"], results) == row["cell"]
    assert {row["error"] for row in rows} == {""}


@pytest.mark.parametrize("steps", [10, 14])
def test_a_takeover_keeps_the_choice_that_was_made(lab, sat, monkeypatch, steps):
    says = iter(["medium", "hard", "easy", "easy"])
    monkeypatch.setattr(Consultant, "ask", lambda self, what, results: Answer(next(says)))
    game = alone(lab, lambda results: "unused", episodes=2)
    kill_at(lab, lab.host, game, steps)  # in the second episode, or just before its first tick
    reaped(lab)
    assert second(lab).play("counters", game.id, 2) == "finished"
    assert sat == ["medium", "hard", "hard"]
    data = tables(lab)
    assert_whole(data)
    assert [row["cell"] for row in data["choices"]] == ["medium", "hard"]


def test_a_function_that_fails_or_names_no_cell_keeps_the_last_choice(lab, sat, monkeypatch):
    asked = []

    def ask(self, what, results):
        asked.append((what, len(results)))
        return [Answer("hard"), Answer("strongest"), Answer(error="took longer than 2 s")][
            len(results)
        ]

    monkeypatch.setattr(Consultant, "ask", ask)
    assert lab.play(alone(lab, lambda results: "unused", episodes=3)) == "finished"
    assert asked == [("choose:count:right", n) for n in range(3)]
    assert sat == ["hard"] * 3
    errors = [row["error"] for row in tables(lab)["choices"]]
    assert errors == ["", "'strongest' is not among ['easy', 'medium', 'hard']",
                      "took longer than 2 s"]  # fmt: skip


def test_a_participant_chooses_before_each_episode_and_a_takeover_does_not_ask_again(
    lab, sat, monkeypatch
):
    game = alone(lab, chosen_by("left", "How strong?", each=True, name="level"), episodes=3)
    wishes = ["hard", "easy", "medium"]

    def answer(about):
        say(lab, game, "left", about["episode"], ask="level", level=wishes[about["episode"]])

    said = hears(lab, monkeypatch, answer)
    kill_at(lab, lab.host, game, 10)
    reaped(lab)
    assert second(lab).play("counters", game.id, 2) == "finished"
    assert [(a["episode"], a["ask"]) for a in said] == [(0, "level"), (1, "level"), (2, "level")]
    assert sat == ["hard", "easy", "easy", "medium"]
    rows = [a for a in tables(lab)["answers"] if a["item"] == "level"]
    assert [json.loads(a["value"]) for a in rows] == wishes


def test_whoever_does_not_choose_in_time_gets_the_first(lab, sat):
    game = alone(lab, chosen_by("left", "How strong?", limit="0.1 s"), episodes=2)
    assert lab.play(game) == "finished"
    assert sat == ["easy", "easy"]
    assert [row["error"] for row in tables(lab)["choices"]] == ["nobody has chosen", ""]


@pytest.mark.parametrize("episode", [0, 1])
def test_a_worker_that_dies_after_the_choice_and_before_the_episode_chooses_the_same(
    lab, sat, monkeypatch, episode
):
    whole, left = lab.env.reset, iter(range(episode))

    def reset(self, *, seed):
        if next(left, None) is None:
            raise Killed
        return whole(self, seed=seed)

    game = alone(lab, staircase(scored(5, "left")), episodes=2)
    with monkeypatch.context() as patch:
        patch.setattr(lab.env, "reset", reset)
        with pytest.raises(Killed):
            lab.host.play("counters", game.id, 1)
    reaped(lab)
    assert second(lab).play("counters", game.id, 2) == "finished"
    data = tables(lab)
    assert_whole(data)
    assert [row["cell"] for row in data["choices"]] == ["easy", "medium"]
    # Nothing had been played yet, so nothing was begun anew.
    assert [e["attempt"] for e in data["episodes"]] == [0, 0]
