"""The scene of `masked_people` and `masked_policy`: only who sits in seat "b" differs."""

from igym import Experiment, Human, Random, consent, ending, play

from .field import KEYS, Field

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "together",
        Field,
        seats={"a": Human, "b": Random()},
        keys=KEYS,
        marks={"a": "a", "b": "b"},
        fps=30,
        max_steps=60,
        countdown="50 ms",
        shows="count",
        chat=True,
        partner_shown_as="Robin",
        masked=True,
    ),
    ending("thanks", "pages/thanks.md", codes={"complete": "DONE"}),
)
