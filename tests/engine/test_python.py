"""A policy in Python decides like any other: seeded, replayed, never in the way of a tick."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import numpy as np
import pytest

from igym import Heuristic, Python
from igym.engine.python import PythonSeat, check, made
from igym.errors import BadPackage, BadPolicy
from tests.engine.test_seats import Thread


class Sum:
    """Remembers the sum of what it saw; its dice depend on how much it draws."""

    def __init__(self) -> None:
        self.total = 0.0

    def __call__(self, observation: Any, rng: np.random.Generator) -> float:
        self.total += float(np.sum(observation))
        return self.total + rng.random(1 + int(self.total) % 3).sum()


def dice() -> Any:
    return lambda observation, rng: int(rng.integers(1_000_000))


def seat(spec: Any, needs_s: float = 0.0, seed: int = 3, **more: Any) -> PythonSeat:
    return PythonSeat(spec, seed, "idle", lambda call: Thread(call, needs_s), **more)


def ticks(one: PythonSeat, first: int, n: int) -> list[Any]:
    return [
        one.decide(lambda tick=tick: np.array([tick]), 0.01)[0] for tick in range(first, first + n)
    ]


def test_it_is_seeded_and_each_decision_has_dice_of_its_own():
    one, same, other = (ticks(seat(Python(dice), seed=s), 0, 6) for s in (3, 3, 4))
    assert one == same != other
    assert len(set(one)) == 6


@pytest.mark.parametrize("spec", [Python(dice), Python(dice, every=3), Heuristic(len, every=2)])
def test_one_that_remembers_nothing_goes_on_elsewhere_without_being_asked_again(spec):
    whole, half = seat(spec), seat(spec)
    before, after = ticks(whole, 0, 10), ticks(whole, 10, 10)
    ticks(half, 0, 10)
    replayed, loaded = seat(spec), seat(spec)
    replayed.resume(10, before[-1], half.decisions)
    loaded.load(pickle.loads(pickle.dumps(half.save())))
    assert ticks(replayed, 10, 10) == ticks(loaded, 10, 10) == after


@pytest.mark.parametrize("every", [1, 4])
def test_one_that_remembers_is_shown_again_what_it_saw_or_is_loaded(every):
    spec = Python(Sum, memory=True, every=every)
    whole, half = seat(spec), seat(spec)
    before, after = ticks(whole, 0, 10), ticks(whole, 10, 10)
    ticks(half, 0, 10)
    assert half.thoughts == list(range(0, 10, every))
    replayed, loaded = seat(spec), seat(spec)
    for tick in half.thoughts:
        replayed.rethink(lambda tick=tick: np.array([tick]))
    replayed.resume(10, before[-1], half.decisions)
    loaded.load(pickle.loads(pickle.dumps(half.save())))
    assert ticks(replayed, 10, 10) == ticks(loaded, 10, 10) == after


def test_a_memory_that_cannot_be_pickled_is_not_loaded_but_rethought():
    one = seat(Python(lambda: lambda seen, rng: 1, memory=True))
    ticks(one, 0, 3)
    saved = pickle.loads(pickle.dumps(one.save()))
    with pytest.raises(BadPolicy, match="was not saved"):
        seat(Python(lambda: lambda seen, rng: 1, memory=True)).load(saved)


def test_a_slow_one_delays_no_tick_and_its_last_action_stands_in():
    slow, said = seat(Heuristic(lambda seen: int(seen[0]) + 100), needs_s=0.025), []
    for tick in range(6):
        Thread.waited_s = 0.0
        said.append(slow.decide(lambda tick=tick: np.array([tick]), 0.01))
        assert Thread.waited_s <= 0.01
    assert said == [
        ("idle", "default"), ("idle", "default"), (100, "bot"),
        (100, "default"), (100, "default"), (103, "bot"),
    ]  # fmt: skip


def test_where_nothing_happens_without_an_action_a_slow_one_is_waited_for():
    slow = seat(Heuristic(lambda seen: 7), needs_s=0.025, repeats=False)
    said = [slow.decide(lambda: np.array([0]), 0.01) for _ in range(4)]
    assert said == [(None, "default"), (None, "default"), (7, "bot"), (None, "default")]
    rare = seat(Heuristic(lambda seen: 7, every=3), repeats=False)
    assert [rare.decide(lambda: 0, 0.01)[0] for _ in range(5)] == [7, None, None, 7, None]


def test_a_quick_one_needs_no_thread_once_that_is_known():
    handed = []

    def background(call: Any) -> Thread:
        handed.append(call)
        return Thread(call, 0)

    quick = PythonSeat(Heuristic(lambda seen: 1), 0, 0, background)
    for _ in range(10):
        quick.decide(lambda: 0, 0.01)
    assert len(handed) == 3


def test_what_it_thinks_about_does_not_change_under_it():
    seen, begun, go = np.array([1]), threading.Event(), threading.Event()

    class Real:
        def __init__(self, call: Any) -> None:
            self.thread = threading.Thread(target=lambda: setattr(self, "made", call()))
            self.thread.start()

        def wait(self, timeout_s: float) -> bool:
            self.thread.join(timeout_s)
            return not self.thread.is_alive()

        def get(self) -> Any:
            return self.made

    def rule(observation: Any) -> int:
        begun.set()
        assert go.wait(10)
        return int(observation[0])

    one = PythonSeat(Heuristic(rule), 0, 0, Real)
    assert one.decide(lambda: seen, 0.0) == (0, "default")
    assert begun.wait(10)
    seen[0] = 99  # the environment goes on
    go.set()
    assert one.decide(lambda: seen, 10) == (1, "bot")


def test_what_it_raises_comes_out_where_the_tick_is_known():
    with pytest.raises(ZeroDivisionError):
        ticks(seat(Heuristic(lambda seen: 1 // int(seen[0]))), 0, 1)


def test_numpy_actions_are_logged_as_plain_values():
    assert check(Heuristic(lambda seen: np.float32(0.5)), 0) == 0.5
    assert check(Heuristic(lambda seen: {"aim": np.array([1, 2])}), 0) == {"aim": [1, 2]}


@pytest.mark.parametrize(
    "bad", [lambda: Python(3), lambda: Heuristic(None), lambda: Python(dice, every=0)]
)
def test_what_is_no_policy_is_refused_where_it_is_written(bad):
    with pytest.raises(BadPackage):
        bad()


def test_a_factory_that_makes_no_policy_is_refused_by_name():
    with pytest.raises(BadPolicy, match=r"python:.*lambda.* made 5"):
        made(Python(lambda: 5))
