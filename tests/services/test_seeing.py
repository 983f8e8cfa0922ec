"""Before anybody plays, a scene is looked at; what cannot be shown is said in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from PIL import Image

from igym import Human, Random, draw, play
from igym.domain.experiment import Play
from igym.errors import BadPackage
from igym.services.games.casting import simulated
from igym.services.packages.gallery import Gallery
from igym.services.packages.proving import choices
from igym.services.packages.seeing import STEPS, Seen, inspect


class Hill(gymnasium.Env):
    """Renders what it was given; counts its steps."""

    action_space = spaces.Discrete(2)
    observation_space = spaces.Discrete(2)
    render_mode = "rgb_array"

    def __init__(self, seen: Any = None) -> None:
        self.seen = np.zeros((4, 6, 3), np.uint8) if seen is None else seen
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return 0, {}

    def step(self, action):
        self.steps += 1
        return 0, 0.0, False, False, {}

    def render(self):
        return self.seen


class Blind(Hill):
    render_mode = None


def scene(env: Any = Hill, **more: Any) -> Play:
    return play("hill", env, seats={"me": Human}, keys={"a": 1}, **more)


def look(what: Play, root: Path) -> Seen:
    sim = simulated(what, {})
    try:
        return inspect(what, sim, Gallery(root), choices(what, sim))
    finally:
        sim.close()


def sprites(name: str, frame: str = "", at: int = 0):
    """Shows that image from some step on."""

    def drawing(env: Any) -> list[draw.Shape]:
        if env.steps < at:
            return []
        return [draw.sprite("cook", name, 0, 0, 1, 1, frame=frame)]

    return drawing


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "assets" / "cook.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "assets" / "floor.png")
    return tmp_path


@pytest.mark.parametrize(
    ("more", "aspect"),
    [
        ({}, 1.5),  # of the picture
        ({"aspect": 3.0}, 3.0),
        ({"draw": sprites("cook.png"), "size": (300, 400)}, 0.75),
        ({"draw": sprites("cook.png")}, 2.0),
    ],
)
def test_the_stage_has_the_shape_of_what_is_shown(root, more, aspect):
    assert look(scene(**more), root).aspect == pytest.approx(aspect)


def test_images_are_loaded_before_the_game_but_not_for_one_that_renders(root):
    assert look(scene(), root).assets == ()
    assert look(scene(draw=sprites("cook.png")), root).assets == ("cook.png", "floor.png")
    chosen = scene(draw=sprites("cook.png"), assets=["cook.png"])
    assert look(chosen, root).assets == ("cook.png",)


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        (scene(lambda: Hill("nothing to see")), r"render\(\) gave str"),
        (scene(draw=lambda env: [None]), "None in it, which is no shape"),
        (scene(draw=lambda env: [draw.circle("sun", 0, 0, 1, fill=None)]), "fill=None"),  # type: ignore[arg-type]
        (scene(Blind), "Blind cannot be drawn"),
        (scene(lambda: Hill(np.zeros((4, 6, 3)))), r"render\(\) gave an array of float64"),
        (scene(marks={"me": "car"}), "a rendered picture has no shapes"),
        (scene(draw=sprites("cook.png"), marks={"me": "car"}), r"'car' is no shape's id"),
        (scene(draw=sprites("cok.png")), "Did you mean 'cook.png'"),
        (scene(draw=sprites("cook.png", "up")), "is a plain image"),
        (scene(draw=sprites("cook.png"), assets=["floor.png"]), "not among assets="),
        (scene(draw=sprites("cook.png"), assets=["sky.png"]), "assets names 'sky.png'"),
        (scene(draw=sprites("cok.png", at=STEPS // 2)), "Did you mean 'cook.png'"),
    ],
)
def test_what_cannot_be_shown_is_said_with_the_name_of_the_scene(root, what, wrong):
    with pytest.raises(BadPackage, match=wrong) as told:
        look(what, root)
    assert told.value.message.startswith("play('hill'): ")
    assert told.value.message.count("hill") == 1


def test_the_view_of_every_person_is_looked_at(root):
    class Two(Hill):
        action_space = spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Discrete(2)})

        def step(self, actions):
            return {}, {}, {"__all__": False}, {}, {}

        def reset(self, *, seed=None, options=None):
            return {"a": 0, "b": 0}, {}

    def drawing(env: Any, seat: str) -> list[draw.Shape]:
        assert seat == "b", "a policy has no eyes"
        return sprites("gone.png")(Hill())

    two = play(
        "two", Two, seats={"a": Random(), "b": Human}, keys={"a": 1}, draw=drawing
    )  # fmt: skip
    with pytest.raises(BadPackage, match=r"gone.png"):
        look(two, root)


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"size": (0, 4)}, "size="),
        ({"size": (100, 1)}, "size="),
        ({"size": (6, 4), "aspect": 1.5}, "size or aspect"),
        ({"aspect": 9}, "aspect=9"),
        ({"picture_fps": 500}, "picture_fps=500"),
        ({"quality": 100}, "quality=100"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_where_they_are_written(more, wrong):
    with pytest.raises(BadPackage, match=wrong):
        scene(**more)
