"""Two people who answer questions, meet, play and write to each other; a policy sits in."""

from igym import Experiment, Human, Random, consent, ending, fifo, hold, play, survey
from igym import hidden as in_background

from .field import KEYS, Field

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    survey("before", "pages/after.json"),
    play(
        "together",
        Field,
        seats={"a": Human, "b": Human},
        keys=KEYS,
        labels={"a": "Red", "b": "Blue"},
        marks={"a": "a", "b": "b"},
        help="Move with ← and →.",
        fps=30,
        max_steps=9_000,
        countdown="50 ms",
        group=fifo(asks=True),
        dropped=hold("2 s", then=Random(), message="Your partner is on the way."),
        limits=[in_background(warn="1 s", out="60 s")],
        chat=True,
    ),
    ending(
        "thanks",
        "pages/thanks.md",
        codes={"complete": "DONE", "withdrew": "STOPPED", "partner_left": "LEFT", "left": "GONE"},
    ),
)
