"""How do two strangers play together, and what do they think of each other afterwards?"""

from igym import Experiment, Human, consent, ending, finish, hold, play, survey

from .court import BUTTONS, HELP, KEYS, MATCH_STEPS, hud, make_court
from .picture import ASPECT, SLIMES, draw_court

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "together",
        make_court,
        seats={"agent_left": Human, "agent_right": Human},
        assign="random",
        keys=KEYS,
        touch=BUTTONS,
        title="Slime Volleyball",
        help=HELP,
        draw=draw_court,
        hud=hud,
        labels={"agent_left": "Blue", "agent_right": "Coral"},
        marks=SLIMES,
        aspect=ASPECT,
        background="#c9e8ec",
        fps=30,
        episodes=1,
        max_steps=MATCH_STEPS,
        waits="4 min",
        unmatched=finish("no_partner"),
        dropped=hold("15 s"),
    ),
    survey("your_partner", "pages/your_partner.json"),
    ending(
        "thanks",
        "pages/thanks.md",
        codes={
            "complete": "SLIME-4KQ7",
            "no_partner": "SLIME-9NPT",
            "partner_left": "SLIME-2PLF",
            "left": "SLIME-0LFT",
            "withdrew": "SLIME-3WDR",
            "excluded": "SLIME-5XCL",
            "full": "SLIME-6FUL",
            "absent": "SLIME-8ABS",
            "technical_problem": "SLIME-7TEC",
            "ended_by_researcher": "SLIME-1END",
        },
    ),
)
