"""Two people who must show that they are there, and who need not wait for long."""

from igym import Experiment, Human, consent, ending, fifo, offer, play

from .field import KEYS, Field

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "together",
        Field,
        seats={"a": Human, "b": Human},
        keys=KEYS,
        marks={"a": "a", "b": "b"},
        fps=30,
        max_steps=60,
        countdown="50 ms",
        group=fifo(confirm="1 s"),
        shows="position",
        waits="4 s",
        unmatched=offer(again=1),
    ),
    ending(
        "thanks",
        "pages/thanks.md",
        codes={"complete": "DONE", "no_partner": "NOBODY", "absent": "AWAY"},
    ),
)
