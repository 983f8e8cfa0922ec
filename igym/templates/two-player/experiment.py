"""How do two people agree, without words, on where to meet?"""

from igym import Experiment, Human, consent, ending, finish, hold, play, survey

from .lanterns import ASPECT, COLOURS, KEYS, Lanterns, draw, lit

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "together",
        Lanterns,
        seats={"amber": Human, "teal": Human},
        keys=KEYS,
        draw=draw,
        hud=lit,
        marks=COLOURS,
        labels={"amber": "Amber", "teal": "Teal"},
        title="Lanterns",
        aspect=ASPECT,
        help="Move with the arrow keys. A lantern lights when you both stand on it.",
        fps=30,
        episodes=2,
        max_steps=900,  # 30 seconds
        assign="random",
        waits="4 min",
        unmatched=finish("no_partner"),
        dropped=hold("15 s"),
    ),
    survey("your_partner", "pages/your_partner.json"),
    ending(
        "thanks",
        "pages/thanks.md",
        codes={
            "complete": "CODE-1",
            "no_partner": "CODE-2",
            "partner_left": "CODE-3",
            "absent": "CODE-4",
            "left": "CODE-5",
            "withdrew": "CODE-6",
            "technical_problem": "CODE-7",
            "ended_by_researcher": "CODE-8",
        },
    ),
)
