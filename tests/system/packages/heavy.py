"""An environment whose step takes much longer than a tick, in a process of its own."""

import time

from igym import Experiment, Human, Random, consent, ending, play

from .field import KEYS, Field


class Slow(Field):
    """Computes, as far as anybody beside it can tell: nothing else runs in its process."""

    def step(self, actions):
        # Not while the package is checked, which would take its time.
        until = time.perf_counter() + 0.3 * self.in_a_game
        while time.perf_counter() < until:
            pass
        return super().step(actions)


experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "alone",
        Slow,
        seats={"a": Human, "b": Random()},
        keys=KEYS,
        marks={"a": "a"},
        fps=30,
        max_steps=2_000,
        countdown="50 ms",
        isolation="process",
    ),
    ending("thanks", "pages/thanks.md", codes={"complete": "DONE"}),
)
