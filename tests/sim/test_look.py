"""What an environment looks like: alike to all or by seat, in parts or in pixels, or rendered."""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from igym import draw
from igym.errors import BadPackage
from igym.sim.host import Sim
from igym.sim.look import MOST_PX, pixels


class Cave(gymnasium.Env):
    """A single-agent environment that renders whatever it is told to."""

    action_space = spaces.Discrete(2)
    observation_space = spaces.Discrete(2)

    def __init__(self, seen: Any = None, render_mode: str | None = "rgb_array") -> None:
        self.seen = np.zeros((2, 3, 3), np.uint8) if seen is None else seen
        self.render_mode = render_mode

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def step(self, action):
        return 0, 0.0, False, False, {}

    def render(self):
        return self.seen


def dot(env: Any, seat: str = "") -> list[draw.Shape]:
    return [draw.circle(f"dot{seat}", 0.5, 0.5, 0.1)]


# --- rendered ------------------------------------------------------------------------------------


def test_an_environment_that_renders_is_seen_as_it_renders():
    picture = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    sim = Sim(Cave(picture), ["me"])

    assert sim.look.rendered and not sim.look.by_seat
    assert sim.draw() == ()
    seen = sim.render()
    assert (seen.width, seen.height, seen.rgb) == (3, 2, bytes(range(18)))
    picture[:] = 0  # the environment paints over it
    assert seen.rgb == bytes(range(18))


def test_rows_come_from_the_top_however_the_array_lies_in_memory():
    turned = np.arange(18, dtype=np.uint8).reshape(3, 2, 3).transpose(1, 0, 2)
    assert pixels(turned).rgb == np.ascontiguousarray(turned).tobytes()


def test_a_function_that_draws_comes_before_what_the_environment_renders():
    assert not Sim(Cave(), ["me"], dot).look.rendered


@pytest.mark.parametrize(
    ("seen", "what"),
    [
        (None, "nothing"),
        ([[0]], "list"),
        (np.zeros((2, 3), np.uint8), r"shape \(2, 3\)"),
        (np.zeros((2, 3, 4), np.uint8), r"shape \(2, 3, 4\)"),
        (np.zeros((2, 3, 3)), "float64"),
        (np.zeros((1, MOST_PX + 1, 3), np.uint8), f"{MOST_PX} is the most"),
    ],
)
def test_what_is_no_picture_is_refused_and_said_what_it_is(seen, what):
    with pytest.raises(BadPackage, match=what) as told:
        pixels(seen)
    assert "uint8" in told.value.hint


@pytest.mark.parametrize(
    ("mode", "what"), [(None, "Cave cannot be drawn"), ("human", "Cave renders as 'human'")]
)
def test_an_environment_made_without_rgb_array_is_told_how_to_be_made(mode, what):
    with pytest.raises(BadPackage, match=what) as told:
        Sim(gymnasium.wrappers.TimeLimit(Cave(render_mode=mode), 10), ["me"])
    assert 'render_mode="rgb_array"' in told.value.hint


def test_gymnasiums_wrappers_do_not_hide_what_an_environment_can_draw():
    class Drawing(Cave):
        def draw(self) -> list[draw.Shape]:
            return dot(self)

    wrapped = gymnasium.wrappers.TimeLimit(Drawing(), 10)
    assert [shape.id for shape in Sim(wrapped, ["me"]).draw()] == ["dot"]


# --- by seat -------------------------------------------------------------------------------------


def per_player(env: Any, player: Any) -> list[draw.Shape]:
    return [draw.circle(f"dot{player}", 0.5, 0.5, 0.1)]


class BySeat(Cave):
    def draw(self, seat: Any) -> list[draw.Shape]:
        return per_player(self, seat)


@pytest.mark.parametrize(
    "sim",
    [
        Sim(Cave(), ["me"], per_player),
        Sim(Cave(), ["me"], dot),  # has a parameter named seat
        Sim(Cave(), ["me"], lambda env, who: per_player(env, who)),
        Sim(BySeat(), ["me"]),
    ],
    ids=["one more argument", "named seat", "lambda", "method"],
)
def test_a_function_that_takes_a_seat_draws_for_each(sim):
    assert sim.look.by_seat
    assert [shape.id for shape in sim.draw("me")] == ["dotme"]


@pytest.mark.parametrize(
    "function",
    [lambda env: [], lambda env, scale=2: [], partial(lambda size, env: [], 3), lambda *any: []],
    ids=["one argument", "a default", "partial", "any"],
)
def test_a_function_that_takes_none_draws_for_all(function):
    sim = Sim(Cave(), ["me"], function)
    assert not sim.look.by_seat and sim.draw() == []


def test_seats_are_told_by_the_authors_own_ids():
    seen: list[Any] = []
    sim = Sim(Cave(), [(0, "x")], lambda env, seat: seen.append(seat) or [])
    sim.draw("(0, 'x')")
    assert seen == [(0, "x")]


def test_a_hud_by_seat_makes_views_though_the_drawing_does_not():
    sim = Sim(Cave(), ["me"], lambda env: [], lambda env, seat: f"You are {seat}")
    assert sim.look.by_seat
    assert sim.hud("me") == "You are me"


def test_render_for_gives_each_seat_its_own_picture():
    class Foggy(Cave):
        def render_for(self, seat: str) -> np.ndarray:
            return np.full((1, 1, 3), ord(seat), np.uint8)

    sim = Sim(Foggy(render_mode=None), ["a"])
    assert sim.look.rendered and sim.look.by_seat
    assert sim.render("a").rgb == b"aaa"


# --- in the scene's own units --------------------------------------------------------------------


def test_a_scene_with_a_size_is_drawn_in_pixels():
    def in_pixels(env: Any) -> list[draw.Shape]:
        return [
            draw.rect("r", 60, 40, 120, 80, radius=4, line=8, stroke="#fff"),
            draw.line("l", [(0, 400), (600, 0)], stroke="#fff"),
            draw.text("t", 300, 200, "hi"),
            draw.sprite("s", "a.png", 300, 100, 60, 40),
        ]

    box, line, text, sprite = Sim(Cave(), ["me"], in_pixels, size=(600, 400)).draw()
    assert (box.x, box.y, box.w, box.h) == (1_000, 1_000, 2_000, 2_000)
    assert (box.r, box.line) == (100, 200)  # of the height
    assert line.points == (0, 10_000, 10_000, 0) and line.line == 0  # the usual width
    assert (text.x, text.y, text.size) == (5_000, 5_000, 0)  # the usual size
    assert (sprite.x, sprite.w, sprite.h, sprite.image) == (5_000, 1_000, 1_000, "a.png")


def test_scenery_is_in_the_same_units_and_may_be_by_seat():
    def hills(env: Any, seat: str) -> list[draw.Shape]:
        return [draw.rect(f"hill of {seat}", 0, 200, 600, 200)]

    sim = Sim(Cave(), ["me"], lambda env: [], scenery=hills, size=(600, 400))
    (hill,) = sim.scenery("me")
    assert sim.look.by_seat
    assert (hill.id, hill.y, hill.w) == ("hill of me", 5_000, 10_000)
