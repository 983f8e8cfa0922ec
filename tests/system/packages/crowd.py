"""Two people and frames of several kilobytes."""

from functools import partial

from igym import Experiment, Human, consent, ending, hold, play

from .field import KEYS, Field

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "together",
        partial(Field, crowd=400),
        seats={"a": Human, "b": Human},
        keys=KEYS,
        marks={"a": "a", "b": "b"},
        help="Move with ← and →.",
        fps=30,
        max_steps=5_000,
        countdown="50 ms",
        dropped=hold("15 s"),
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
