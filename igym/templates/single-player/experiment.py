"""Do people catch more stars the second time?"""

from igym import Experiment, Human, consent, ending, hold, play, survey

from .stars import KEYS, Stars, caught, draw

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "catch",
        Stars,
        seats={"player": Human},
        keys=KEYS,
        draw=draw,
        hud=caught,
        title="Falling stars",
        help="Move the basket with ← and →.",
        fps=30,
        episodes=2,
        max_steps=900,  # 30 seconds
        dropped=hold("20 s"),
    ),
    survey("about_it", "pages/about_it.json"),
    ending(
        "thanks",
        "pages/thanks.md",
        codes={
            "complete": "CODE-1",
            "left": "CODE-2",
            "withdrew": "CODE-3",
            "absent": "CODE-5",
            "technical_problem": "CODE-4",
            "ended_by_researcher": "CODE-6",
        },
    ),
)
