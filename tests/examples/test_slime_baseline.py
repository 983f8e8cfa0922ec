"""The example's partners: the strong one is the environment's own, the easy one is weaker."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from slime_volleyball.baseline_policy import BaselinePolicy
from slime_volleyball.slimevolley_env import SlimeVolleyEnv

from examples.slime_volleyball_ai.court import MATCH_STEPS, make_court
from examples.slime_volleyball_ai.experiment import easy, strong
from igym.engine.onnx import load
from igym.engine.player import Player, check

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2] / "examples" / "slime_volleyball_ai"
SEATS = ("agent_left", "agent_right")
MIRRORED = (0, 5, 4, 3, 2, 1)  # what the left seat must press for the network's action


def matches(steps):
    """Matches without mirrored keys, one after the other, for at least so many steps.

    Yields (env, observations) before each step; send the actions.
    """
    court, done = SlimeVolleyEnv({}), 0
    court.max_lives = 5
    for seed in range(1000):
        seen, _ = court.reset(seed=seed)
        over, first = False, True
        while not over:
            actions = yield court, seen, first
            seen, _, terminated, truncated, _ = court.step(actions)
            over, first, done = terminated["__all__"] or truncated["__all__"], False, done + 1
        if done >= steps:
            return


def test_the_strong_partner_acts_as_the_original_in_ten_thousand_steps():
    model = load(strong, ROOT)
    originals, players, actions, seen_actions, steps = {}, {}, None, Counter(), 0
    play = matches(10_000)
    court, seen, first = next(play)
    check(model, seen["agent_left"], n_actions=6)
    try:
        while True:
            if first:  # both forget at the start of a match
                originals = {seat: BaselinePolicy() for seat in SEATS}
                players = {seat: Player(model, np.random.default_rng(0)) for seat in SEATS}
            actions = {seat: players[seat].decide(seen[seat]) for seat in SEATS}
            for seat in SEATS:
                forward, backward, jump = originals[seat].predict(seen[seat])
                cancelled = [0, 0, jump] if forward and backward else [forward, backward, jump]
                assert court.action_table[actions[seat]] == cancelled, f"step {steps}, {seat}"
                seen_actions[actions[seat]] += 1
            assert players["agent_left"].memory["memory"][0] == pytest.approx(
                originals["agent_left"].outputState, abs=1e-6
            )
            steps += 1
            court, seen, first = play.send(actions)
    except StopIteration:
        pass

    assert steps >= 10_000
    assert len(seen_actions) >= 5  # a test in which nobody moves would show nothing


def test_forward_and_backward_together_move_a_slime_as_neither_of_them():
    neither, both = SlimeVolleyEnv({}), SlimeVolleyEnv({})
    neither.reset(seed=4)
    both.reset(seed=4)
    for step in range(400):
        jump = step // 9 % 2
        here, *_ = neither.step({seat: [0, 0, jump] for seat in SEATS})
        there, *_ = both.step({seat: [1, 1, jump] for seat in SEATS})

        assert all(np.array_equal(here[seat]["obs"], there[seat]["obs"]) for seat in SEATS)


def points_of_strong_and_easy(episodes):
    """Points and matches won, with the easy partner on the left."""
    models = load(easy, ROOT), load(strong, ROOT)
    points, won = Counter(), Counter()
    for episode in range(episodes):
        court = make_court()
        seen, _ = court.reset(seed=episode)
        weaker, stronger = (Player(model, np.random.default_rng(episode)) for model in models)
        score, action = Counter(), 0
        for step in range(MATCH_STEPS):
            if step % easy.every == 0:
                action = MIRRORED[weaker.decide(seen["agent_left"])]
            seen, rewards, terminated, _, _ = court.step(
                {"agent_left": action, "agent_right": stronger.decide(seen["agent_right"])}
            )
            score["strong"] += rewards["agent_right"] > 0
            score["easy"] += rewards["agent_left"] > 0
            if terminated["__all__"]:
                break
        points += score
        won["strong"] += score["strong"] > score["easy"]
        won["easy"] += score["easy"] > score["strong"]
    return points, won


def test_the_easy_partner_loses_most_points_and_matches_to_the_strong_one():
    points, won = points_of_strong_and_easy(20)

    assert points["strong"] > 1.4 * points["easy"]
    assert won["strong"] > 2 * won["easy"]
    assert points["easy"] > 0


def test_the_model_file_is_what_the_script_exports():
    onnx = pytest.importorskip("onnx")
    from examples.slime_volleyball_ai.policies.export_baseline import FILE, baseline

    assert onnx.load(FILE) == baseline()
