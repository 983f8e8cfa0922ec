"""PettingZoo's environments are driven by seat: agents die, turns are taken, rewards add up."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpe2 import simple_spread_v3
from pettingzoo.classic import tictactoe_v3

from igym.errors import BadPackage
from igym.sim.host import Sim, Step
from igym.sim.kinds import CUT, ENDED
from tests.sim.test_host import nothing
from tests.sim.worlds import Nim, Race

NOBODY = Step((0.0, 0.0), False, False)


def race(limit: int = 8) -> Sim:
    sim = Sim(Race(limit), ["ann", "bob", "cat"])
    sim.reset(1)
    return sim


# --- parallel ----------------------------------------------------------------------------------


def test_who_has_died_is_not_asked_and_the_others_go_on():
    sim = race()
    assert sim.asked() == (True, True, True)
    for _ in range(2):
        assert sim.step([2, 1, 0]).rewards == (2.0, 1.0, 0.0)
    assert not sim.step([2, 1, 0]).over  # ann is there
    assert sim.asked() == (False, True, True)
    assert sim.observe("ann").tolist() == [6, 3]  # what she saw last

    step = sim.step([2, 1, 0])  # whatever is said for her
    assert step.rewards == (0.0, 1.0, 0.0)
    assert sim.observe("ann").tolist() == [6, 3]


@pytest.mark.parametrize(
    ("actions", "ends"),
    [([2, 2, 2], (True, False)), ([2, 1, 0], (False, True)), ([0, 0, 0], (False, True))],
)
def test_an_episode_ends_with_its_last_agent_and_is_cut_off_if_any_of_them_was(actions, ends):
    sim = race()
    steps = [sim.step(actions)]
    while not steps[-1].over:
        steps.append(sim.step(actions))
    assert (steps[-1].terminated, steps[-1].truncated) == ends
    assert sim.asked() == (False, False, False)
    assert len(steps) == (3 if actions[2] == 2 else 8)


def test_an_agent_that_was_cut_off_early_is_not_forgotten():
    class Tired(Race):
        def step(self, actions):
            seen, rewards, done, cut, infos = super().step(actions)
            if self.steps == 1:
                cut["cat"] = True
                self.agents.remove("cat")
            return seen, rewards, done, cut, infos

    sim = Sim(Tired(), ["ann", "bob", "cat"])
    sim.reset(0)
    steps = [sim.step([2, 2, 0]) for _ in range(3)]
    assert steps[0].ends == (0, 0, CUT) and steps[1].ends in ((), (0, 0, 0))
    assert steps[2].ends == (ENDED, ENDED, 0)
    assert [step.over for step in steps] == [False, False, True]
    assert steps[-1].truncated and not steps[-1].terminated


def test_an_agent_without_an_action_is_not_heard_of_and_nobody_at_all_is_no_step():
    sim = race()
    assert sim.step([1, None, 2]).rewards == (1.0, 0.0, 2.0)
    before = sim.digest()
    assert sim.step([None, None, None]) == Step((0.0, 0.0, 0.0), False, False)
    assert (sim.digest(), sim.env.steps) == (before, 1)


def test_a_list_of_agents_that_nobody_keeps_is_not_believed():
    class Careless(Race):
        def reset(self, seed=None, options=None):
            told = super().reset(seed, options)
            self.agents = []  # as a base class left it
            return told

        def step(self, actions):
            seen = {a: np.zeros(2, np.float32) for a in actions}
            flags = dict.fromkeys(actions, False)
            return seen, dict.fromkeys(actions, 1.0), flags, flags, {}

    sim = Sim(Careless(), ["ann", "bob", "cat"])
    sim.reset(0)
    assert sim.asked() is None
    assert sim.step([0, 0, 0]) == Step((1.0, 1.0, 1.0), False, False)


def test_a_published_parallel_environment_plays_to_its_end():
    env = simple_spread_v3.parallel_env(N=2, max_cycles=7)
    sim = Sim(env, ["agent_0", "agent_1"], nothing)
    sim.reset(3)
    steps = [sim.step([1, 2])]
    while not steps[-1].over:
        steps.append(sim.step([1, 2]))
    assert len(steps) == 7 and steps[-1].truncated and not steps[-1].terminated
    assert sim.observe("agent_1").shape == (12,)


def test_a_seat_that_is_no_agent_is_refused_though_it_is_alone():
    with pytest.raises(BadPackage, match="not agents of the environment"):
        Sim(Race(), ["zoe"], nothing)
    with pytest.raises(BadPackage, match=r"agents without a seat: \['cat'\]"):
        Sim(Race(), ["ann", "bob"], nothing)


# --- turns -------------------------------------------------------------------------------------


def nim(seed: int = 0, **more: int) -> Sim:
    env = Nim(**more)
    sim = Sim(env, env.possible_agents)
    sim.reset(seed)
    return sim


def test_only_the_agent_on_turn_acts_and_what_others_say_is_nothing():
    sim = nim(players=2)
    assert sim.turns and sim.asked() == (True, False)
    assert sim.step([None, 3]) == NOBODY
    assert sim.asked() == (True, False) and sim.env.left == 7
    sim.step([2, 3])
    assert sim.asked() == (False, True) and sim.env.left == 5


def test_who_is_out_is_not_asked_again_and_keeps_what_it_saw():
    sim = nim()
    step = sim.step([0, None, None])
    assert step.rewards == pytest.approx((-1.0, 0.1, 0.1))
    assert (step.ends, step.over) == ((ENDED, 0, 0), False)
    assert sim.asked() == (False, True, False)
    assert sim.observe("player_0")["observation"].tolist() == [7]
    sim.step([None, 1, None])
    assert sim.asked() == (False, False, True)
    sim.step([None, None, 1])
    assert sim.asked() == (False, True, False)


def test_whose_turn_it_is_belongs_to_the_state():
    sim = nim()
    before = sim.digest()
    sim.step([0, None, None])  # out; the board is as it was
    assert sim.digest() != before


def test_a_game_of_turns_ends_for_all_at_once():
    sim = nim(players=2)
    assert not sim.step([3, None]).over
    assert not sim.step([None, 3]).over
    step = sim.step([1, None])
    assert step == Step((1.0, 0.1), True, False)
    assert sim.asked() == (False, False)
    sim.reset(1)
    assert sim.asked() == (True, False)


def test_a_game_of_turns_is_cut_off():
    sim = nim(players=2, stones=9, turns=2)
    sim.step([1, None])
    assert sim.step([None, 1]) == Step((0.1, 0.0), False, True)


def reference(env: Any, actions: list[int]) -> tuple[dict[Any, list[float]], bool]:
    """Agent -> what `last()` said it had got each time it was on turn, by PettingZoo's own loop."""
    got: dict[Any, list[float]] = {agent: [] for agent in env.possible_agents}
    env.reset(seed=5)
    left = iter(actions)
    for agent in env.agent_iter():
        _, reward, terminated, truncated, _ = env.last()
        got[agent].append(float(reward))
        if terminated or truncated:
            env.step(None)
            continue
        action = next(left, None)
        if action is None:
            return got, False
        env.step(action)
    return got, True


def driven(env: Any, actions: list[int]) -> tuple[dict[Any, list[float]], bool]:
    """The same by seats: rewards of each seat, added up between its own actions."""
    sim = Sim(env, env.possible_agents, nothing)
    sim.reset(5)
    got: dict[Any, list[float]] = {agent: [] for agent in env.possible_agents}
    since = dict.fromkeys(got, 0.0)
    over = False
    for action in actions:
        if over:
            break
        on = next(seat for seat, acts in zip(sim.seats, sim.asked() or (), strict=True) if acts)
        got[on].append(since[on])
        since[on] = 0.0
        step = sim.step([action if seat == on else None for seat in sim.seats])
        for seat, reward in zip(sim.seats, step.rewards, strict=True):
            since[seat] += reward
        over = step.over
    if over:
        for seat, rest in since.items():
            got[seat].append(rest)
    return got, over


def total(got: dict[Any, list[float]]) -> dict[Any, float]:
    return {agent: pytest.approx(sum(rewards)) for agent, rewards in got.items()}


@given(st.lists(st.integers(0, 4), max_size=30))
def test_rewards_between_turns_are_those_of_last(actions):
    """Whatever is played: what a seat got between two of its actions is what `last()` says."""
    for env in (Nim(), Nim(players=2, turns=4)):
        there, over = reference(copy.deepcopy(env), actions)
        here, ended = driven(env, actions)
        assert ended == over
        if over:
            assert total(there) == {agent: sum(rewards) for agent, rewards in here.items()}
        else:  # who is on turn has been told, and has not acted
            for agent, rewards in here.items():
                assert there[agent][: len(rewards)] == pytest.approx(rewards)


@pytest.mark.parametrize(
    ("moves", "rewards"),
    [
        ([0, 3, 1, 4, 2], (1.0, -1.0)),
        ([0, 1, 3, 4, 8, 7], (-1.0, 1.0)),
        ([0, 1, 2, 4, 3, 5, 7, 6, 8], (0.0, 0.0)),
    ],
)
def test_a_published_game_of_turns_ends_as_it_was_played(moves, rewards):
    sim = Sim(tictactoe_v3.env(), ["player_1", "player_2"], nothing)
    sim.reset(0)
    got = [0.0, 0.0]
    for n, move in enumerate(moves):
        assert sim.mask(sim.seats[n % 2])[move] == 1
        step = sim.step([move, None] if n % 2 == 0 else [None, move])
        got = [a + b for a, b in zip(got, step.rewards, strict=True)]
        assert step.over == (n == len(moves) - 1)
    assert tuple(got) == rewards and step.terminated


@pytest.mark.parametrize("how", ["pickle"])
@pytest.mark.parametrize("make", [nim, race])
def test_a_saved_game_goes_on_with_the_same_agents(make, how):
    sim, other = make(), make()
    sim.step([0, 2, 2])
    other.load(sim.save(how))
    assert (other.digest(), other.asked()) == (sim.digest(), sim.asked())
    for _ in range(3):
        assert other.step([1, 1, 1]) == sim.step([1, 1, 1])
        assert (other.digest(), other.asked()) == (sim.digest(), sim.asked())
