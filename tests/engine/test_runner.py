"""Ticks are due when they are due: no drift, no race, and a failure that says where it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from igym.engine import runner
from igym.errors import BadPolicy, LeaseLost, SceneFailed
from igym.sim.host import Step

FPS = 30
WHERE = "scene game, episode 2"


class Clock:
    """Time that passes only when somebody sleeps or works."""

    def __init__(self) -> None:
        self.time = 1_000.003

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time += seconds


class Sim:
    """An environment that takes `work` seconds and is over after `length` steps."""

    seats = ("a",)

    def __init__(self, clock: Clock, length: int = 10**9, work: Callable[[int], float] = float):
        self.clock, self.length, self.work, self.steps = clock, length, work, 0

    def observe(self, seat: str) -> None:
        return None

    def asked(self) -> None:
        return None

    def fitted(self, actions: list[Any]) -> list[Any]:
        return actions

    def step(self, actions: list[Any]) -> Step:
        self.clock.time += self.work(self.steps)
        self.steps += 1
        return Step((1.0,), self.steps >= self.length, False)


class Stage:
    """Notes when ticks were taken and shown."""

    def __init__(self, clock: Clock, held: Callable[[int], bool] = lambda tick: False) -> None:
        self.clock, self.held = clock, held
        self.late_s: list[float] = []
        self.shown_s: list[float] = []
        self.last: Step | None = None

    def before(self, tick: int) -> bool:
        return self.held(tick)

    def record(self, tick, actions, actors, step, late_s) -> None:
        assert tick == len(self.late_s)
        self.late_s.append(late_s)
        self.last = step

    def show(self, tick: int) -> None:
        self.shown_s.append(self.clock.now())


class Idle:
    """Decides at once."""

    def decide(self, observe, budget_s) -> tuple[int, str]:
        return 0, "human"


def run(clock, sim, stage, max_steps=10**9, deciders=None):
    return runner.play(
        sim, deciders or [Idle()], stage, clock, fps=FPS, max_steps=max_steps, where=WHERE
    )


def test_ten_thousand_ticks_do_not_drift():
    clock = Clock()
    stage = Stage(clock)
    run(clock, Sim(clock, 10_000, lambda n: 0.004 + 0.01 * (n % 3)), stage)

    t0 = runner.first_due(Clock().time, FPS)
    taken = [shown - 0.004 - 0.01 * (n % 3) for n, shown in enumerate(stage.shown_s)]
    assert max(abs(at - (t0 + n / FPS)) for n, at in enumerate(taken)) < 1e-6
    assert max(stage.late_s) < 1e-6


def test_one_slow_step_makes_one_late_tick_and_not_a_slower_game():
    clock = Clock()
    stage = Stage(clock)
    run(clock, Sim(clock, 20, lambda n: 0.050 if n == 5 else 0.001), stage)

    late = {n: round(late, 3) for n, late in enumerate(stage.late_s) if late > 1e-6}
    assert late == {6: round(0.050 - 1 / FPS, 3)}


def test_a_game_that_fell_far_behind_starts_anew_instead_of_racing():
    clock = Clock()
    stage = Stage(clock)
    run(clock, Sim(clock, 20, lambda n: 1.0 if n == 5 else 0.001), stage)

    assert [n for n, late in enumerate(stage.late_s) if late > 0.01] == [6]
    assert stage.late_s[6] == pytest.approx(1.0 - 1 / FPS)
    gaps = [b - a for a, b in zip(stage.shown_s[6:], stage.shown_s[7:], strict=False)]
    assert min(gaps) >= 1 / FPS - 1e-6  # nobody sees two frames at once


def test_time_on_hold_is_not_lateness():
    clock = Clock()

    def held(tick: int) -> bool:
        if tick == 5:
            clock.time += 30
        return tick == 5

    stage = Stage(clock, held)
    run(clock, Sim(clock, 20, lambda n: 0.001), stage)
    assert max(stage.late_s) < 1e-6


def test_the_last_step_allowed_is_truncated_and_one_that_ended_by_itself_is_not():
    for length, told in ((5, (5, True, False)), (99, (7, False, True)), (7, (7, True, False))):
        clock = Clock()
        stage = Stage(clock)
        steps, last = run(clock, Sim(clock, length, lambda n: 0.0), stage, max_steps=7)
        assert (steps, last.terminated, last.truncated) == told
        assert stage.last == last and len(stage.shown_s) == steps


def test_games_of_one_process_leave_in_few_batches():
    starts = {round(runner.first_due(now / 1000, FPS) * FPS % 1, 6) for now in range(10_000)}
    assert len(starts) <= runner.SLOTS + 1
    assert all(0 <= runner.first_due(t / 997, FPS) - t / 997 <= 1 / FPS for t in range(1000))


def test_whoever_raises_in_a_step_reads_scene_episode_tick_and_traceback():
    clock = Clock()

    def work(n: int) -> float:
        return 1 / (7 - n) if n == 7 else 0.0

    stage = Stage(clock)
    with pytest.raises(SceneFailed) as failed:
        run(clock, Sim(clock, work=work), stage)

    assert failed.value.where == "scene game, episode 2, tick 7"
    assert failed.value.message == "ZeroDivisionError: division by zero"
    assert "test_runner.py" in failed.value.trace and "1 / (7 - n)" in failed.value.trace
    assert len(stage.late_s) == 7  # ticks 0 to 6 are recorded, the failed one is not


def test_a_policy_that_fails_keeps_igyms_own_words():
    class Bad:
        def decide(self, observe, budget_s):
            raise BadPolicy("p.onnx gave nonsense.")

    clock = Clock()
    with pytest.raises(SceneFailed, match=r"p\.onnx gave nonsense\. \(scene game.*tick 0\)"):
        run(clock, Sim(clock), Stage(clock), deciders=[Bad()])


def test_a_picture_that_fails_is_said_to_be_the_drawing_after_the_step_was_recorded():
    class Blind(Stage):
        def show(self, tick):
            raise KeyError("ball")

    clock = Clock()
    stage = Blind(clock)
    with pytest.raises(SceneFailed) as failed:
        run(clock, Sim(clock), stage)
    assert failed.value.where == f"{WHERE}, tick 0, drawing" and len(stage.late_s) == 1


@pytest.mark.parametrize("where", ["before", "record"])
def test_a_lost_lease_stops_the_loop_as_it_is(where):
    class Fenced(Stage):
        pass

    def lost(*_):
        raise LeaseLost("somebody else's")

    clock = Clock()
    stage, sim = Fenced(clock), Sim(clock)
    setattr(stage, where, lost)
    with pytest.raises(LeaseLost):
        run(clock, sim, stage)
    assert stage.shown_s == []


def test_several_stalled_policies_together_do_not_slow_the_game():
    clock = Clock()

    class Stalled:
        def decide(self, observe, budget_s):
            clock.time += budget_s
            return 0, "default"

    sim, stage = Sim(clock, 60, lambda n: 0.0), Stage(clock)
    sim.seats = ("a", "b", "c", "d")
    run(clock, sim, stage, deciders=[Stalled() for _ in sim.seats])
    assert max(stage.late_s) < 1 / FPS
