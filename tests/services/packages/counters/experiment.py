"""Two people count; the lab chooses at import how it goes wrong, if it does."""

from igym import Experiment, Human, consent, ending, hold, play, survey

from .counters import Counters

experiment = Experiment(
    consent("consent", "hello.md"),
    survey("about", "about.json"),
    play(
        "count",
        Counters,
        seats={"left": Human, "right": Human},
        keys={"a": 1, "b": 2},
        marks={"left": "left", "right": "right"},
        fps=120,
        episodes=2,
        max_steps=50,
        waits="3 s",
        dropped=hold("0.3 s"),
        countdown="0 s",
        pause="0 s",
        chat=True,
    ),
    ending(
        "thanks",
        "thanks.md",
        codes={
            "complete": "CODE-COMPLETE",
            "no_partner": "CODE-NOBODY",
            "partner_left": "CODE-PARTNER",
            "left": "CODE-LEFT",
            "technical_problem": "CODE-TECH",
        },
    ),
)
