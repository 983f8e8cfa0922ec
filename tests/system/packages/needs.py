"""Shows which version of a library its process has; in version 0.4.0, LEFT ends that process."""

import os

import inflection

from igym import Experiment, Human, Random, consent, ending, play

from .field import KEYS, LEFT, Field

VERSION = inflection.__version__


class Deadly(Field):
    """Takes its whole process with it, as a fault in a library's C code would."""

    def step(self, actions):
        if VERSION == "0.4.0" and self.in_a_game and actions["a"] == LEFT:
            os._exit(3)
        return super().step(actions)


experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "alone",
        Deadly,
        seats={"a": Human, "b": Random()},
        keys=KEYS,
        hud=lambda env: f"inflection {VERSION}",
        marks={"a": "a"},
        fps=30,
        max_steps=2_000,
        countdown="50 ms",
    ),
    ending("thanks", "pages/thanks.md", codes={"complete": "DONE", "technical_problem": "TECH"}),
)
