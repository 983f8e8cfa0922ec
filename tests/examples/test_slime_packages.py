"""Both slime packages: they compile, their picture follows the game, their keys move people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from examples.slime_volleyball import court, picture
from examples.slime_volleyball.experiment import experiment as people
from examples.slime_volleyball_ai.experiment import experiment as person_and_ai
from igym.domain.experiment import Human, Page, Survey
from igym.domain.keymap import KeyMap
from igym.domain.outcome import Outcome
from igym.sim.draw import KINDS, Picture

EXAMPLES = Path(__file__).parents[2] / "examples"
PACKAGES = {"slime_volleyball": people, "slime_volleyball_ai": person_and_ai}


@pytest.fixture
def match():
    env = court.make_court()
    env.reset(seed=1)
    return env


def test_people_sit_on_both_sides_of_the_net_or_opposite_an_ai():
    assert people.scene("together").humans == ("agent_left", "agent_right")
    for name in ("easy", "strong"):
        assert person_and_ai.scene(name).seats["agent_left"] is Human
        assert person_and_ai.scene(name).humans == ("agent_left",)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_outcome_has_a_code_of_its_own(package):
    codes = PACKAGES[package].scenes[-1].codes

    assert set(codes) == set(Outcome)
    assert len(set(codes.values())) == len(codes)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_a_scene_names_is_there(package):
    for scene in PACKAGES[package].scenes:
        if isinstance(scene, Page):
            assert (EXAMPLES / package / scene.file).read_text("utf-8").startswith("# ")
        if isinstance(scene, Survey):
            form = json.loads((EXAMPLES / package / scene.form).read_text("utf-8"))
            assert len(form["pages"][0]["elements"]) == 4


@pytest.mark.parametrize("file", ["court.py", "picture.py"])
def test_the_two_packages_have_the_same_court(file):
    one, other = (EXAMPLES / package / file for package in PACKAGES)

    assert one.read_text("utf-8") == other.read_text("utf-8")


@pytest.mark.parametrize("seat", ["agent_left", "agent_right"])
@pytest.mark.parametrize(
    ("held", "moves"),
    [
        (["ArrowLeft"], (-1, 0)),
        (["ArrowRight"], (1, 0)),
        (["ArrowUp"], (0, 1)),
        (["ArrowUp", "ArrowLeft"], (-1, 1)),
        (["d", "w"], (1, 1)),
        (["a", "d"], (0, 0)),
        (["ArrowLeft", "ArrowRight", "ArrowUp"], (0, 1)),
        ([], (0, 0)),
    ],
)
def test_keys_move_either_slime_the_way_the_arrows_point(match, seat, held, moves):
    keymap, row = KeyMap.of(court.KEYS, 0), 0 if seat == "agent_left" else 1
    before = match._env_state.agent_pos[row].copy()
    match.step({"agent_left": 0, "agent_right": 0, seat: keymap.action(keymap.mask(held))})
    moved = match._env_state.agent_pos[row] - before

    assert np.sign(moved).tolist() == list(moves)


def test_the_score_counts_what_the_other_side_lost(match):
    over = False
    scored = {"agent_left": 0, "agent_right": 0}
    while not over:
        _, rewards, ended, _, _ = match.step({"agent_left": 0, "agent_right": 3})
        for seat in scored:
            scored[seat] += rewards[seat] > 0
        over = ended["__all__"]
        assert court.points(match) == (scored["agent_left"], scored["agent_right"])
        picture.draw_court(match)  # every score has its scenery

    assert max(scored.values()) == court.POINTS
    assert court.hud(match) == f"Points {scored['agent_left']} : {scored['agent_right']}"


def test_what_a_person_is_told_is_theirs_is_in_the_picture(match):
    shapes = {shape.id: KINDS[shape.kind] for shape in picture.draw_court(match)}

    assert [shapes[picture.SLIMES[seat]] for seat in ("agent_left", "agent_right")] == ["arc"] * 2


def test_only_what_moves_is_sent_again(match):
    shown = Picture()
    shown.change(picture.draw_court(match))

    assert shown.change(picture.draw_court(match)) == ([], [])
    match.step({"agent_left": 0, "agent_right": 5})
    changed, gone = shown.change(picture.draw_court(match))

    # While the ball is held still: one slime, its shadow, eye and pupil.
    assert len(changed) / 2 == 4
    assert gone == []


@pytest.mark.slow
def test_the_ball_stays_in_the_picture_at_the_highest_serve(match):
    for seed in range(30):
        match.reset(seed=seed)
        for _ in range(100):
            match.step({"agent_left": 0, "agent_right": 0})
            ball = next(s for s in picture.draw_court(match) if s.id == "ball")
            assert 0 <= ball.x <= 10_000
            assert ball.y >= ball.r
