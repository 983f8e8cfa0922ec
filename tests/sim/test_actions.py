"""What is logged of an action is what the environment gets, in a game and in its replay."""

from __future__ import annotations

import json

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from igym.errors import BadPackage
from igym.sim.actions import fitted, live, plain, size
from igym.sim.host import Sim
from tests.sim.test_host import nothing

SPACES = [
    spaces.Box(-2, 2, (1,), np.float32),
    spaces.Box(np.array([0, -1]), np.array([1, 3]), dtype=np.float64),
    spaces.MultiDiscrete([3, 2, 5]),
    spaces.MultiBinary(4),
    spaces.Dict({"move": spaces.Discrete(3), "aim": spaces.Box(-1, 1, (2,), np.float32)}),
    spaces.Tuple((spaces.Discrete(2), spaces.MultiDiscrete([2, 2]), spaces.Discrete(3))),
    spaces.Dict({"both": spaces.Tuple((spaces.Box(0, 9, (1,), np.int64), spaces.Discrete(2)))}),
]


@given(st.sampled_from(SPACES), st.integers(0, 2**31))
def test_a_logged_action_becomes_the_action_that_was_taken(space, seed):
    space.seed(seed)
    taken = space.sample()
    logged = json.loads(json.dumps(fitted(space)(plain(taken))))
    again = live(space)(logged)
    assert space.contains(again)
    assert plain(again) == plain(taken)
    assert plain(live(space)(fitted(space)(logged))) == logged  # nothing changes twice


@given(st.floats(-1e6, 1e6), st.booleans())
def test_numbers_are_kept_within_their_bounds_and_in_their_precision(value, wrapped):
    space = spaces.Box(-2, 2, (1,), np.float32)
    logged = fitted(space)([value] if wrapped else value)
    assert logged == [float(np.float32(min(2.0, max(-2.0, value))))]


@pytest.mark.parametrize("space", [spaces.Discrete(3), spaces.Text(4)])
def test_a_plain_action_is_what_it_is(space):
    assert live(space) is fitted(space) is None


@pytest.mark.parametrize(
    ("space", "bad"),
    [
        (SPACES[0], [1, 2]), (SPACES[0], "left"), (SPACES[2], [1, 1]),
        (SPACES[4], {"move": 1}), (SPACES[4], 3), (SPACES[5], [0, [1, 1]]), (SPACES[5], 0),
    ],
)  # fmt: skip
def test_what_is_no_action_is_refused_with_its_space(space, bad):
    for form in (live(space), fitted(space)):
        with pytest.raises(BadPackage, match="is no action of"):
            form(bad)


def test_a_network_gives_so_many_numbers():
    assert [size(s) for s in SPACES[:3]] == [1, 2, 10]
    assert [size(spaces.Discrete(4)), size(SPACES[4]), size(SPACES[3])] == [4, None, None]


def test_an_environment_is_given_what_its_space_says_and_says_what_it_takes():
    sim = Sim(gymnasium.make("Pendulum-v1"), ["arm"], nothing)
    sim.reset(1)
    (action,) = sim.fitted([5])
    assert action == [2.0]
    sim.step([action])
    assert sim.env.unwrapped.last_u == 2.0
    assert sim.takes("arm", [1.5]) and not sim.takes("arm", [5]) and not sim.takes("arm", "up")
    assert sim.fits("arm", [5]) and not sim.fits("arm", [1, 2])


def test_without_an_action_an_environment_of_one_does_not_move():
    sim = Sim(gymnasium.make("FrozenLake-v1", is_slippery=False), ["walker"], nothing)
    sim.reset(0)
    for _ in range(5):
        assert not sim.step([None]).over
    assert sim.observe("walker") == 0
    sim.step([1])
    assert sim.observe("walker") == 4
