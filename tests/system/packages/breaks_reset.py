"""An environment that compiles, and fails in reset once people have come."""

from functools import partial

from igym import Experiment, Human, Random, consent, ending, play

from .field import KEYS, Field

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "alone",
        partial(Field, fails_in_reset=True),
        seats={"a": Human, "b": Random()},
        keys=KEYS,
        marks={"a": "a"},
        fps=30,
        max_steps=300,
        countdown="50 ms",
    ),
    ending(
        "thanks",
        "pages/thanks.md",
        codes={
            "complete": "DONE",
            "partner_left": "LEFT",
            "left": "GONE",
            "technical_problem": "TECH",
        },
    ),
)
