"""Two people, until one of them presses the space bar."""

from igym import Experiment, Human, consent, ending, hold, play, survey

from .field import KEYS, Field

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "together",
        Field,
        seats={"a": Human, "b": Human},
        keys=KEYS,
        marks={"a": "a", "b": "b"},
        help="Move with ← and →.",
        fps=30,
        max_steps=5_000,
        countdown="50 ms",
        dropped=hold("15 s"),
        chat=True,
    ),
    survey("after", "pages/after.json"),
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
