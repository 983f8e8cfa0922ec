"""Five people are wanted, and their places in the queue are shown."""

from functools import partial

from igym import Experiment, Human, consent, ending, play

from .field import KEYS, Field

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "together",
        partial(Field, agents=tuple("abcde")),
        seats=dict.fromkeys("abcde", Human),
        keys=KEYS,
        shows="position",
    ),
    ending("thanks", "pages/thanks.md"),
)
