"""What a tick costs the platform, apart from the environment's own step and drawing.

The tick loop and the stage of a real game of Slime Volleyball run as fast as they can: the
clock never waits, messages are encoded and dropped, and the log is encoded and dropped. So it
is the CPU time of a game worker without Redis, sockets and switching between games.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bench.figure import Figure
from bench.pictures import Now
from igym.domain.experiment import Play
from igym.domain.rounds import Round
from igym.engine import runner
from igym.engine.seats import Chair, Decider
from igym.services.games.casting import simulated
from igym.services.games.stage import Stage
from igym.services.packages.compiling import compile_package
from igym.services.packages.loading import load
from igym.settings import Settings
from igym.store.games import Flush, Game
from igym.store.group import Pending
from igym.wire import Keys, inner

PACKAGE = Path(__file__).parents[1] / "examples" / "slime_volleyball"
TICKS = 20_000


class NoWait:
    """Time that passes by being asked to."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds


class Encoded:
    """An outbox that does the work of one and sends nothing."""

    def put(self, peer: str, message: inner.Inner) -> None:
        inner.encode([message])


class Dropped:
    """A log that takes everything and keeps nothing."""

    def begin(self, flush: Flush) -> Pending:
        written = Pending(flush)
        written.answer(True)
        return written


class Busy(Stage):
    """A stage whose people press keys now and then."""

    def before(self, tick: int) -> bool:
        if tick % 8 == 0:
            for number, seat in enumerate(self.people):
                keys = Keys(self.game.id, tick + 1, tick, tick >> 3 & 3, [(number, True, 1e12)])
                self.hear(inner.Input(self.game.id, seat, 1e12, keys, 20.0))
        return super().before(tick)


class Stopwatch:
    """Seconds spent in the calls it wraps."""

    def __init__(self) -> None:
        self.total_s = 0.0

    def around(self, call: Any) -> Any:
        """`call`, timed."""

        def timed(*args: Any) -> Any:
            began = time.process_time()
            try:
                return call(*args)
            finally:
                self.total_s += time.process_time() - began

        return timed


def figures(most: int = TICKS) -> list[Figure]:
    """Microseconds a tick of a two-player game, and the ratio to what the environment takes.

    `most` = ticks that are played.
    """
    plan = compile_package(PACKAGE, "bench")
    play_plan = next(scene.play for scene in plan.scenes if scene.play)
    play = next(s for s in load(PACKAGE, "bench").scenes if isinstance(s, Play))
    sim = simulated(play, {})
    seats = {seat: f"session-{seat}" for seat in play_plan.humans}
    game = Game("a1B2c3D4", plan.experiment, "", plan.version, "", "rehearsal", 1, seats, 0.0)
    log: Any = Dropped()
    outbox: Any = Encoded()
    stage = Busy(
        Settings(), log, outbox, "games-1", game, play_plan, play.controls, sim,
        None, 60, lambda *_: None, lambda *_: None, Now,
    )  # fmt: skip
    for number, seat in enumerate(seats):
        stage.attach(inner.Attach(game.id, seat, f"web-{number % 2}", number))

    step, drawing = Stopwatch(), Stopwatch()
    sim.step = step.around(sim.step)  # type: ignore[method-assign]
    sim.draw = drawing.around(sim.draw)  # type: ignore[method-assign]
    sim.hud = drawing.around(sim.hud)  # type: ignore[method-assign]
    chairs: list[Decider] = [Chair(person.hands) for person in stage.people.values()]
    ticks, episode, began = 0, 0, time.process_time()
    while ticks < most:
        sim.reset(episode)
        stage.enter(Round(episode, False, episode + 1, 0))
        stage.begin(chairs, lambda seat: chairs[0])
        taken, _ = runner.play(
            sim, chairs, stage, NoWait(), fps=play.fps, max_steps=most - ticks, where="bench"
        )
        ticks, episode = ticks + taken, episode + 1
    total_s = time.process_time() - began
    authors_s = step.total_s + drawing.total_s
    platform_s = total_s - authors_s
    return [
        Figure("platform, per tick of a two-player game", platform_s / ticks * 1e6, "µs"),
        Figure("env.step of slimevb", step.total_s / ticks * 1e6, "µs"),
        Figure("the example's own drawing", drawing.total_s / ticks * 1e6, "µs"),
        Figure("platform / (env.step + drawing)", platform_s / authors_s, ""),
    ]
