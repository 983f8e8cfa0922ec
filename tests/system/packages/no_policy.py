"""A policy file that nobody has put there."""

from igym import Experiment, Human, Onnx, consent, ending, play

from .field import KEYS, Field

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "alone",
        Field,
        seats={"a": Human, "b": Onnx("policies/gone.onnx")},
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
