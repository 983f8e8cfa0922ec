"""The mountain car: Gymnasium's own environment as it is, seen as it renders itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.mountain_car.experiment import COAST, FPS, LEFT, RIGHT, SECONDS, experiment, hud
from igym.domain.experiment import Page, Survey
from igym.domain.outcome import Outcome
from igym.services.games.casting import simulated
from igym.services.packages.compiling import compile_package

ROOT = Path(__file__).parents[2] / "examples" / "mountain_car"

hill = experiment.scene("hill")


@pytest.fixture
def sim():
    made = simulated(hill, {})
    made.reset(1)
    yield made
    made.close()


def test_every_outcome_has_a_code_of_its_own_and_every_file_is_there():
    codes = experiment.scenes[-1].codes
    assert set(codes) == set(Outcome) and len(set(codes.values())) == len(codes)
    for scene in experiment.scenes:
        if isinstance(scene, Page):
            assert (ROOT / scene.file).read_text("utf-8").startswith("# ")
        if isinstance(scene, Survey):
            form = json.loads((ROOT / scene.form).read_text("utf-8"))
            assert len(form["pages"][0]["elements"]) == 3


@pytest.mark.parametrize(
    ("held", "action"),
    [
        ([], COAST),
        (["ArrowLeft"], LEFT),
        (["d"], RIGHT),
        (["ArrowLeft", "ArrowRight"], COAST),
    ],
)
def test_keys_push_the_car_the_way_they_point(held, action):
    assert hill.keymap.action(hill.keymap.mask(held)) == action


def test_it_is_seen_as_it_renders_itself_and_the_picture_follows_the_car(sim):
    before = sim.render()
    assert sim.look.rendered and (before.width, before.height) == (600, 400)
    assert sim.hud() == "Speed 0%"
    for _ in range(10):
        sim.step([RIGHT])
    assert sim.render() != before
    assert sim.hud() == hud(sim.env) != "Speed 0%"


def test_a_swing_back_gets_it_to_the_flag_within_a_try(sim):
    done, steps = None, 0
    while done is None or not done.over:
        _, velocity = sim.env.unwrapped.state
        done = sim.step([RIGHT if velocity > 0 else LEFT])
        steps += 1
    assert done.terminated and steps < SECONDS * FPS / 2


@pytest.mark.slow
def test_it_compiles_to_a_stage_of_the_pictures_shape():
    play = compile_package(ROOT, "f" * 64).scene("hill").play
    assert play.aspect == pytest.approx(1.5)
    assert (play.picture_fps, play.quality, play.assets) == (30, 80, ())
    assert play.deterministic and play.recovery == "replay"
