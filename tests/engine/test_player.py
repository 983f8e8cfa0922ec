"""A network's numbers become actions of every kind: choices, several at once, and numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from igym import Normal, Onnx, Random, Sample
from igym.engine import choosing
from igym.engine.onnx import load
from igym.engine.player import Player, check, seated
from igym.engine.seats import OnnxSeat, RandomSeat
from igym.errors import BadPackage, BadPolicy
from tests.engine.test_onnx import ECHO, FLOAT, INT64, rng, root, save

__all__ = ["root"]

#: Half the observation, and its negative as the logarithm of a deviation.
ARM = Onnx("arm.onnx", choose="mean")


@pytest.fixture
def arm(tmp_path: Path) -> Path:
    node = helper.make_node
    half = np.array([0.5], np.float32)
    save(
        tmp_path / "arm.onnx",
        [node("Mul", ["obs", "half"], ["mean"]), node("Neg", ["obs"], ["log_std"])],
        {"obs": (FLOAT, ["batch", "n"])},
        {"mean": (FLOAT, ["batch", "n"]), "log_std": (FLOAT, ["batch", "n"])},
        {"half": half},
    )
    return tmp_path


# --- numbers -------------------------------------------------------------------------------------


def test_a_mean_is_the_action_and_draws_nothing(arm):
    drawn = rng(7)
    assert Player(load(ARM, arm), drawn).decide([1.0, -3.0]) == [0.5, -1.5]
    assert drawn.random() == rng(7).random()


def test_numbers_are_drawn_about_the_mean_one_draw_each(arm):
    model = load(replace(ARM, choose=Normal(0.1)), arm)
    drawn, player = rng(5), Player(model, rng(5))
    us = [drawn.random(), drawn.random()]
    normal = choosing.NormalDist()
    expected = [m + 0.1 * normal.inv_cdf(u) for m, u in zip([0.5, 1.0], us, strict=True)]
    assert player.decide([1.0, 2.0]) == pytest.approx(expected)
    assert player.rng.random() == drawn.random()


def test_drawn_numbers_have_the_mean_and_deviation_that_the_model_gives(arm):
    model = load(replace(ARM, choose=Normal("log_std", log=True)), arm)
    player = Player(model, rng(1))
    drawn = np.array([player.decide([1.0, -1.0]) for _ in range(4_000)])
    deviation = drawn.std(axis=0)
    assert drawn.mean(axis=0) == pytest.approx([0.5, -0.5], abs=0.15)
    assert deviation == pytest.approx([math.exp(-1), math.exp(1)], rel=0.05)


@given(st.floats(0, 1, exclude_max=True))
def test_a_drawn_number_is_finite_whatever_is_drawn(u):
    (number,) = choosing.action(replace(ARM, choose=Normal(1.0)), [0.0], [1.0], [u], None)
    assert abs(number) < 9


@pytest.mark.parametrize("choose", [Normal(0.5), Sample(0.7)])
def test_a_player_of_several_draws_is_rebuilt_by_skipping(arm, choose):
    spec = replace(ARM, choose=choose, heads=() if isinstance(choose, Normal) else (2, 2))
    seen = [0.5, 1.0, -0.5, 0.25]
    whole = seated(load(spec, arm), 3)
    check(whole.model, seen, None, 4)
    decided = [whole.decide(seen) for _ in range(8)]
    again = seated(whole.model, 3)
    again.skip(5)
    assert [again.decide(seen) for _ in range(3)] == decided[5:]


# --- several choices -----------------------------------------------------------------------------


def test_each_head_chooses_for_itself(arm):
    seen = [1.0, 0.0, 0.0, 3.0, 2.0]
    greedy = Player(load(replace(ARM, choose="argmax", heads=(2, 3)), arm), rng())
    assert greedy.decide(seen) == [0, 1]
    sampled = Player(load(replace(ARM, choose=Sample(0.01), heads=(2, 3)), arm), rng())
    assert [sampled.decide(seen) for _ in range(20)] == [[0, 1]] * 20
    with pytest.raises(BadPolicy, match="gave 4 logits for 5 actions"):
        greedy.decide(seen[:4])


def test_what_is_not_allowed_now_is_not_chosen(root):
    model = load(ECHO, root)
    player = Player(model, rng())
    outputs = model.infer(player.prepare([1, 9, 3]))
    assert player.commit(outputs) == 1
    assert player.commit(outputs, np.array([1, 0, 1])) == 2
    assert player.commit(outputs, [0, 0, 0]) == 1  # a mask of nothing says nothing
    named = Player(load(replace(ECHO, actions=(2, 0, 1)), root), rng())
    assert named.commit(outputs, [1, 0, 0]) == 0


def test_seats_ask_what_is_allowed(root):
    seat = OnnxSeat(seated(load(ECHO, root), 1), 1, 0, print, mask=lambda: [1, 1, 0])
    assert seat.decide(lambda: [0, 1, 9], 0.01) == (1, "bot")


@given(
    st.integers(0, 1000), st.lists(st.sampled_from([[1, 0, 1], [0, 1, 0], [1, 1, 1]]), min_size=9)
)
def test_a_random_seat_draws_from_what_is_allowed_and_goes_on_elsewhere(seed, masks):
    def seat() -> tuple[RandomSeat, list[Any]]:
        at = [0]
        return RandomSeat(Random(), spaces.Discrete(3), seed, mask=lambda: masks[at[0]]), at

    whole, at = seat()
    drawn = []
    for n in range(len(masks)):
        at[0] = n
        drawn.append(whole.decide(lambda: None, 0.01)[0])
        assert masks[n][drawn[-1]] == 1
    half, at = seat()
    half.resume(5, drawn[4], 5)
    for n in range(5, len(masks)):
        at[0] = n
        assert half.decide(lambda: None, 0.01)[0] == drawn[n]


# --- what it is fed ------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [5, np.int64(5), np.array(5), (0, np.array([5]))])
def test_a_number_becomes_a_place_among_zeros(arm, seen):
    spec = replace(ARM, one_hot=8, take=(1,) if isinstance(seen, tuple) else ())
    ((fed,),) = (one.tolist() for one in load(spec, arm).see(seen).values())
    assert fed == [0, 0, 0, 0, 0, 1, 0, 0]


def test_a_number_is_fed_as_it_is(tmp_path):
    save(
        tmp_path / "table.onnx",
        [helper.make_node("Gather", ["table", "cell"], ["logits"])],
        {"cell": (INT64, [1])},
        {"logits": (FLOAT, [1, 2])},
        {"table": np.array([[0, 1], [1, 0], [3, 4]], np.float32)},
    )
    player = Player(load(Onnx("table.onnx"), tmp_path), rng())
    assert [player.decide(cell) for cell in (0, np.int64(1), 2)] == [1, 0, 1]


@pytest.mark.parametrize(
    "seen",
    [({"at": (1, [4.0, 2.0])}), ({"at": (1, np.float64([4, 2]))})],
)
def test_what_is_taken_may_lie_in_dicts_and_tuples(arm, seen):
    assert Player(load(replace(ARM, take=("at", 1)), arm), rng()).decide(seen) == [2.0, 1.0]


@pytest.mark.parametrize("seen", [8, -1, 0.5, [1, 2]])
def test_what_is_none_of_the_numbers_is_refused(arm, seen):
    with pytest.raises(BadPolicy, match="one_hot=8 wants one of the numbers 0 to 7"):
        load(replace(ARM, one_hot=8), arm).see(seen)


# --- what does not fit ---------------------------------------------------------------------------


def test_numbers_that_are_not_as_many_as_the_actions_are_refused(arm):
    model = load(ARM, arm)
    assert check(model, [2.0, 4.0], None, 2) == [1.0, 2.0]
    with pytest.raises(BadPolicy, match="gave 2 numbers, and the seat's action has 1"):
        check(model, [2.0, 4.0], None, 1)


def test_deviations_that_cannot_be_are_refused(arm):
    with pytest.raises(BadPolicy, match="names none of its outputs"):
        load(replace(ARM, choose=Normal("sigma")), arm)
    player = Player(load(replace(ARM, choose=Normal("log_std")), arm), rng())
    with pytest.raises(BadPolicy, match="as deviations of 2 numbers"):
        player.decide([1.0, 2.0])  # the logarithm is negative, and is not said to be one


def test_heads_that_the_model_does_not_have_are_refused(root):
    with pytest.raises(BadPolicy, match=r"heads=\(2, 2\) are 4 logits of 3"):
        load(replace(ECHO, heads=(2, 2)), root)


@pytest.mark.parametrize(
    "bad",
    [
        {"choose": "best"}, {"heads": (1, 3)}, {"heads": (2, 2), "actions": (0, 1, 2, 3)},
        {"choose": "mean", "heads": (2,)}, {"choose": Normal(1), "actions": (1,)}, {"one_hot": -1},
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_where_it_is_written(bad):
    with pytest.raises(BadPackage):
        Onnx("p.onnx", **bad)


def test_a_deviation_must_be_above_zero():
    with pytest.raises(BadPackage, match="must be above 0"):
        Normal(0)
