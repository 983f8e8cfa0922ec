"""Who sits where: people in chairs, policies by name, by treatment, or in a seat nobody took."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from gymnasium import spaces

from igym import Human, Random, Treatment, fill, hold, play
from igym.domain.controls import Controls
from igym.domain.keymap import KeyMap
from igym.engine.hands import Hands
from igym.engine.seats import Chair, Idle, RandomSeat
from igym.errors import BadPackage
from igym.services.games.casting import Cast, environment
from igym.sim.host import Sim
from igym.store.games import Game

SKILL = Treatment("skill", novice=Random(every=30), expert=Random(every=1))
SEATS = {"left": Human, "right": Human, "referee": SKILL, "crowd": Random()}


class Pitch:
    """Four agents who do nothing much."""

    def __init__(self, treatments: dict[str, str] | None = None) -> None:
        self.told = treatments
        self.action_space = spaces.Dict({seat: spaces.Discrete(3) for seat in SEATS})

    def reset(self, *, seed: int) -> tuple[Any, Any]:
        return dict.fromkeys(SEATS, 0), {}

    def draw(self) -> list[Any]:
        return []


SCENE = play(
    "game",
    Pitch,
    seats=SEATS,
    keys={"a": 1},
    fill=fill(after="1 min", policy=Random(every=7)),
    dropped={"left": hold("5 s", Random(every=9)), "right": hold("5 s", "noop")},
)


def cast(*people: str, cells: dict[str, str] | None = None) -> Cast:
    sim = Sim(Pitch(), list(SEATS))
    sim.reset(1)
    game = Game("g", "e", "p", "1", "game", "live", 5, dict.fromkeys(people, "s"), 0.0)
    hands = {seat: Hands(Controls(KeyMap.of({"a": 1}, 0))) for seat in people}
    cells = {"skill": "novice"} if cells is None else cells
    return Cast(game, SCENE, cells, sim, Path(), hands, lambda call: None)  # type: ignore


def every(decider: Any) -> int:
    assert isinstance(decider, RandomSeat)
    return decider._every


def test_people_have_chairs_and_the_other_seats_their_policies():
    left, right, referee, crowd = cast("left", "right").deciders(0)
    assert isinstance(left, Chair) and isinstance(right, Chair)
    assert (every(referee), every(crowd)) == (30, 1)


def test_a_treatment_puts_the_policy_of_its_cell_into_the_seat():
    referee = cast("left", "right", cells={"skill": "expert"}).deciders(0)[2]
    assert every(referee) == 1


@pytest.mark.parametrize("cells", [{}, {"skill": "master"}])
def test_a_game_without_a_cell_says_which_treatment_is_missing(cells):
    with pytest.raises(BadPackage, match="no cell of skill"):
        cast("left", "right", cells=cells).deciders(0)


def test_a_seat_nobody_took_is_filled():
    left, right, *_ = cast("left").deciders(0)
    assert isinstance(left, Chair) and every(right) == 7


def test_what_sits_in_for_a_person_is_the_scenes_choice_by_seat():
    made = cast("left", "right")
    assert every(made.stand_in("left", 0)) == 9


def test_where_the_rule_names_no_policy_an_admin_seats_the_one_for_seats_nobody_took():
    assert every(cast("left", "right").stand_in("right", 0)) == 7
    unfilled = cast("left", "right")
    unfilled._play = dataclasses.replace(SCENE, fill=None)
    assert isinstance(unfilled.stand_in("right", 0), Idle)


def test_policies_draw_something_else_in_each_seat_and_episode():
    def drawn(episode: int, seat: int) -> list[int]:
        decider = cast("left", "right", cells={"skill": "expert"}).deciders(episode)[seat]
        return [decider.decide(lambda: None, 0.1)[0] for _ in range(40)]

    assert drawn(0, 2) == drawn(0, 2)
    assert len({tuple(drawn(e, s)) for e in (0, 1) for s in (2, 3)}) == 4


def test_an_environment_that_asks_is_told_the_cells():
    assert environment(SCENE, {"skill": "novice"}).told == {"skill": "novice"}
    plain = play("plain", dict, seats={"x": Human}, keys={"a": 1})
    assert environment(plain, {"skill": "novice"}) == {}
