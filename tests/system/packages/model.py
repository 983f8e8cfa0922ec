"""A person beside a recurrent model that an inference worker runs."""

from igym import Experiment, Human, Onnx, consent, ending, play

from .field import KEYS, Field

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "alone",
        Field,
        seats={
            "a": Human,
            "b": Onnx("recurrent.onnx", memory={"state": "next"}, actions=(0, 1, 2),
                      where="worker"),
        },
        keys=KEYS,
        marks={"a": "a"},
        fps=30,
        max_steps=3_000,
        countdown="50 ms",
    ),
    ending("thanks", "pages/thanks.md", codes={"complete": "DONE"}),
)  # fmt: skip
