"""Who decides a seat: hands that are held act at every tick, a slow policy delays nobody."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from igym.domain.controls import Controls
from igym.domain.experiment import Random
from igym.domain.keymap import KeyMap
from igym.engine.hands import Hands
from igym.engine.seats import INLINE_MS, Chair, Idle, OnnxSeat, RandomSeat

MAP = KeyMap.of({"left": 1, "right": 2, ("left", "right"): 3}, idle=0)
LEFT, RIGHT = 1, 2


@pytest.fixture
def hands() -> Hands:
    made = Hands(Controls(MAP))
    made.present = True
    return made


def ticks(seat: Any, n: int) -> list[Any]:
    seat = Chair(seat) if isinstance(seat, Hands) else seat
    return [seat.decide(lambda: None, 0.01)[0] for _ in range(n)]


def test_a_held_key_acts_at_every_tick(hands):
    hands.hold(LEFT, LEFT)
    assert ticks(hands, 5) == [1] * 5
    hands.hold(0, 0)
    assert ticks(hands, 2) == [0, 0]


def test_a_tap_between_two_ticks_acts_once(hands):
    hands.hold(LEFT, LEFT)
    hands.hold(0, 0)
    assert ticks(hands, 3) == [1, 0, 0]


def test_two_taps_between_two_ticks_are_held_together(hands):
    hands.hold(0, LEFT)
    hands.hold(0, RIGHT)
    assert ticks(hands, 2) == [3, 0]


def test_whoever_is_away_holds_nothing_and_is_not_said_to_act(hands):
    hands.hold(LEFT, LEFT)
    hands.let_go()
    assert Chair(hands).decide(lambda: None, 0.01) == (0, "default")

    hands.present = True
    assert Chair(hands).decide(lambda: None, 0.01) == (0, "human")


def test_a_seat_is_lent_to_a_stand_in_and_given_back(hands):
    hands.hold(LEFT, LEFT)
    chair = Chair(hands)
    chair.give(RandomSeat(Random(), spaces.Discrete(6), 1))
    assert chair.decide(lambda: None, 0.01)[1] == "bot"
    chair.give(None)
    assert chair.decide(lambda: None, 0.01) == (0, "default")
    chair.give(None, empty=True)
    assert chair.decide(lambda: None, 0.01) == (None, "default")
    chair.give_back()
    assert chair.decide(lambda: None, 0.01) == (1, "human")


def test_nobody_does_the_idle_action():
    assert Idle(0).decide(lambda: None, 0.01) == (0, "default")


@pytest.mark.parametrize("every", [1, 4])
def test_a_random_seat_goes_on_in_another_process_as_if_nothing_had_happened(every):
    space = spaces.Discrete(1000)
    whole = RandomSeat(Random(every=every), space, 5)
    before, after = ticks(whole, 10), ticks(whole, 10)
    replayed, loaded = (RandomSeat(Random(every=every), space, 5) for _ in range(2))
    half = RandomSeat(Random(every=every), space, 5)
    assert ticks(half, 10) == before
    replayed.resume(10, before[-1], half.decisions)
    loaded.load(half.save())
    assert ticks(replayed, 10) == ticks(loaded, 10) == after


def test_a_random_seat_draws_the_same_from_the_same_seed():
    space = spaces.Discrete(6)
    drawn = [ticks(RandomSeat(Random(), space, seed), 50) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert set(drawn[0]) == set(range(6)) and all(type(a) is int for a in drawn[0])


def test_two_random_seats_of_one_space_do_not_disturb_each_other():
    space = spaces.Discrete(6)
    alone = ticks(RandomSeat(Random(), space, 1), 20)
    one, other = RandomSeat(Random(), space, 1), RandomSeat(Random(), space, 2)
    together = [(ticks(one, 1), ticks(other, 1)) for _ in range(20)]
    assert [a for (a,), _ in together] == alone


def test_a_random_seat_repeats_its_action_in_between():
    drawn = ticks(RandomSeat(Random(every=5), spaces.Discrete(10_000), 3), 20)
    assert all(len(set(drawn[n : n + 5])) == 1 for n in range(0, 20, 5)) and len(set(drawn)) == 4


class Player:
    """Stands for an `engine.player.Player` whose answer is what it was asked."""

    def __init__(self, cost_ms: float) -> None:
        self.model = SimpleNamespace(cost_ms=cost_ms, infer=lambda feeds: feeds)
        self.remembers = False
        self.decisions = 0

    def prepare(self, observation: Any) -> Any:
        return observation

    def commit(self, outputs: Any, mask: Any = None) -> Any:
        self.decisions += 1
        return np.int64(outputs)


class Thread:
    """Work that takes `needs_s` of the time it is waited for."""

    waited_s = 0.0

    def __init__(self, call: Any, needs_s: float) -> None:
        self.call, self.needs_s = call, needs_s

    def wait(self, timeout_s: float) -> bool:
        spent = min(timeout_s, self.needs_s)
        Thread.waited_s += spent
        self.needs_s -= spent
        return self.needs_s <= 0

    def get(self) -> Any:
        return self.call()


def seat(needs_s: float, cost_ms: float = 50, every: int = 1) -> OnnxSeat:
    def background(call):
        assert cost_ms > INLINE_MS, "a quick model needs no thread"
        return Thread(call, needs_s)

    return OnnxSeat(Player(cost_ms), every, "idle", background)


def test_a_quick_policy_answers_in_the_loop():
    assert seat(0, cost_ms=0.5).decide(lambda: 4, 0.01) == (4, "bot")


def test_a_slow_policy_that_answers_in_time_is_the_policys_action():
    assert seat(0.005).decide(lambda: 4, 0.01) == (4, "bot")


def test_a_policy_stalled_for_two_seconds_delays_no_tick_and_comes_back():
    stalled, budget_s, said = seat(2.0), 1 / 60, []
    for tick in range(130):
        Thread.waited_s = 0.0
        said.append(stalled.decide(lambda tick=tick: tick, budget_s))
        assert Thread.waited_s <= budget_s

    late = [n for n, (_, actor) in enumerate(said) if actor == "bot"]
    assert late[0] in (119, 120)
    assert said[: late[0]] == [("idle", "default")] * late[0]
    assert said[late[0]] == (0, "bot")  # what it was asked at the first tick
    assert said[late[0] + 1][0] == 0  # and stalled again: the last action stands in


def test_a_policy_that_decides_at_every_third_tick_is_asked_at_every_third():
    asked = []

    def observe():
        asked.append(len(said))
        return len(said)

    third, said = seat(0, cost_ms=0.1, every=3), []
    for _ in range(9):
        said.append(third.decide(observe, 0.01))
    assert asked == [0, 3, 6]
    assert [action for action, _ in said] == [0, 0, 0, 3, 3, 3, 6, 6, 6]
