"""Environments of every kind are driven by seat, and what cannot be driven is refused in words."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from igym import draw
from igym.errors import BadPackage
from igym.sim.host import Sim, plain


def nothing(env: Any) -> list[draw.Shape]:
    return []


class Counters:
    """Each agent adds its action to its own counter; over when all have counted to 3."""

    def __init__(self, *agents: Any, all_key: bool = True) -> None:
        self.action_space = spaces.Dict({agent: spaces.Discrete(4) for agent in agents})
        self.counts = dict.fromkeys(agents, 0)
        self.all_key = all_key
        self.closed = False

    def reset(self, *, seed: int) -> tuple[dict[Any, int], dict[Any, Any]]:
        self.seed = seed
        self.counts = dict.fromkeys(self.counts, 0)
        return dict(self.counts), {}

    def step(self, actions: dict[Any, int]) -> tuple[dict[Any, Any], ...]:
        assert set(actions) == set(self.counts)
        for agent, action in actions.items():
            self.counts[agent] += action
        done = {agent: count >= 3 for agent, count in self.counts.items()}
        cut = dict.fromkeys(self.counts, False)
        if self.all_key:
            done["__all__"], cut["__all__"] = all(done.values()), False
        return dict(self.counts), {a: float(x) for a, x in actions.items()}, done, cut, {}

    def draw(self) -> list[draw.Shape]:
        return [draw.text("counts", 0, 0, str(self.counts))]

    def close(self) -> None:
        self.closed = True


def test_a_single_agent_environment_has_one_seat_of_any_name():
    sim = Sim(gymnasium.make("CartPole-v1"), ["driver"], nothing)
    sim.reset(3)
    first = sim.observe("driver")

    step = sim.step([1])
    assert step.rewards == (1.0,) and not step.over
    assert sim.observe("driver").shape == (4,) and not np.array_equal(sim.observe("driver"), first)
    assert sim.space("driver").n == 2
    steps = 1
    while not step.over:
        step = sim.step([1])
        steps += 1
    assert step.terminated and not step.truncated and steps < 20
    sim.close()


def test_the_same_seed_begins_the_same_episode():
    sim = Sim(gymnasium.make("CartPole-v1"), ["driver"], nothing)
    seen = []
    for seed in (5, 6, 5):
        sim.reset(seed)
        seen.append(sim.observe("driver").tolist())
    assert seen[0] == seen[2] != seen[1]


@pytest.mark.parametrize("all_key", [True, False])
def test_agents_act_by_seat_and_the_episode_ends_when_all_are_done(all_key):
    sim = Sim(Counters("a", "b", all_key=all_key), ["b", "a"])
    sim.reset(0)

    step = sim.step([3, 1])
    assert step.rewards == (3.0, 1.0) and not step.over  # b is done, a is not
    assert (sim.observe("b"), sim.observe("a")) == (3, 1)
    assert sim.step([0, 2]).terminated


@pytest.mark.parametrize("agents", [(0, 1), ((0, "x"), (1, "y")), ("p1", "p2")])
def test_agent_ids_may_be_anything_and_seats_are_their_text(agents):
    sim = Sim(Counters(*agents), list(agents))
    sim.reset(0)

    assert sim.seats == tuple(map(str, agents))
    assert sim.step([1, 2]).rewards == (1.0, 2.0)
    assert [sim.observe(seat) for seat in sim.seats] == [1, 2]
    assert sim.space(sim.seats[0]).n == 4


def test_an_agent_that_is_done_and_no_longer_told_about_keeps_what_it_saw():
    class Leaving(Counters):
        def step(self, actions):
            return {"a": 9}, {"a": 1.0}, {"a": False}, {"a": False}, {}

    sim = Sim(Leaving("a", "b"), ["a", "b"])
    sim.reset(0)
    step = sim.step([0, 0])
    assert step.rewards == (1.0, 0.0) and not step.over
    assert (sim.observe("a"), sim.observe("b")) == (9, 0)


def test_an_episode_ends_when_some_agents_are_done_and_the_others_cut_off():
    class Mixed(Counters):
        def step(self, actions):
            return {}, {}, {"a": True, "b": False}, {"a": False, "b": True}, {}

    sim = Sim(Mixed("a", "b"), ["a", "b"])
    sim.reset(0)
    assert sim.step([0, 0]).over


def test_agents_without_a_seat_are_named():
    with pytest.raises(BadPackage, match=r"agents without a seat: \['b'\]") as refused:
        Sim(Counters("a", "b"), ["a"])
    assert "Human" in refused.value.hint


@pytest.mark.parametrize("agents", [["a", "b", "z"], ["x", "y"]])
def test_seats_that_are_no_agents_are_refused_with_the_agents_there_are(agents):
    with pytest.raises(BadPackage, match=r"are not agents of the environment \(\['a', 'b'\]\)"):
        Sim(Counters("a", "b"), agents)


def test_two_seats_for_a_single_agent_are_refused():
    with pytest.raises(BadPackage, match="it has a single agent"):
        Sim(gymnasium.make("CartPole-v1"), ["a", "b"], nothing)


def test_an_environment_nobody_can_see_is_refused():
    with pytest.raises(BadPackage, match="cannot be drawn") as refused:
        Sim(gymnasium.make("CartPole-v1"), ["driver"])
    assert "draw=" in refused.value.hint


def test_the_scenes_draw_wins_over_the_environments_and_hud_is_text():
    own = Sim(Counters("a"), ["a"])
    given = Sim(Counters("a"), ["a"], nothing, lambda env: 12)
    assert [shape.id for shape in own.draw()] == ["counts"] and own.hud() is None
    assert given.draw() == [] and given.hud() == "12"


def test_sampling_a_space_does_not_touch_the_environments_own():
    env = Counters("a")
    sim = Sim(env, ["a"])
    copy = sim.space("a")
    copy.seed(1)
    assert copy is not env.action_space["a"]


def test_closing_reaches_the_environment_and_one_without_close_is_fine():
    env = Counters("a")
    Sim(env, ["a"]).close()
    Sim(object_with_spaces := type("Bare", (), {"action_space": spaces.Discrete(2)})(), ["a"], nothing).close()  # fmt: skip  # noqa: E501
    assert env.closed and object_with_spaces


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(7), 7),
        ((np.int8(1), [np.float64(2)]), [1, [2.0]]),
        ({1: np.arange(2), "b": None}, {"1": [0, 1], "b": None}),
        ("text", "text"),
    ],
)
def test_numpy_never_reaches_the_log(value, told):
    made = plain(value)
    assert made == told and type(made) is type(told)
