"""Do two people who cannot talk share out the work better when it is marked who goes where?"""

from igym import (
    Experiment,
    Human,
    Treatment,
    consent,
    ending,
    finish,
    hold,
    play,
    quiz,
    survey,
)
from igym.forms import choice, form, number, paragraph, scale

from .field import ASPECT, FPS, KEYS, MARKS, draw, make_field, said

#: For each pair: both beacons are white, or each has the colour of a player.
marking = Treatment("marking", per="group", wanted=20, over=10, plain="plain", marked="marked")

about_you = form(
    number("age", "How old are you?", least=18, most=99, whole=True, required=True),
    choice("games", "How often do you play video games?", ["never", "sometimes", "often"]),
)

rules = form(
    choice(
        "aim",
        "When is a round going well?",
        ["when each beacon has somebody near it", "when we are both at the same beacon"],
        required=True,
    ),
)

afterwards = form(
    choice("leader", "Who decided who goes where?", ["me", "my partner", "both", "nobody"]),
    scale("ease", "How easily did you share out the beacons?", points=7, low="not", high="very"),
    paragraph("remarks", "Is there anything you would like to tell us?"),
)

experiment = Experiment(
    consent("welcome", "pages/welcome.md", version="1"),
    survey("about_you", about_you),
    quiz(
        "understood",
        rules,
        correct={"aim": "when each beacon has somebody near it"},
        attempts=2,
        failed=finish("screened_out"),
        explain={"aim": "There are two beacons and two of you: one each is best."},
    ),
    play(
        "together",
        make_field,
        seats={"agent_0": Human, "agent_1": Human},
        labels={"agent_0": "Amber", "agent_1": "Teal"},
        keys=KEYS,
        idle=0,
        draw=draw,
        hud=said,
        marks=MARKS,
        aspect=ASPECT,
        background="#20242c",
        title="Two beacons",
        help="Move with the arrow keys. Keep both beacons company, one each.",
        fps=FPS,
        episodes=2,
        assign="random",
        waits="4 min",
        unmatched=finish("no_partner"),
        dropped=hold("15 s"),
    ),
    survey("afterwards", afterwards),
    ending(
        "thanks",
        "pages/thanks.md",
        codes={
            "complete": "BEACON-5VQ2",
            "screened_out": "BEACON-1SCR",
            "no_partner": "BEACON-9NPT",
            "partner_left": "BEACON-2PLF",
            "left": "BEACON-0LFT",
            "absent": "BEACON-8ABS",
            "full": "BEACON-6FUL",
            "withdrew": "BEACON-3WDR",
            "excluded": "BEACON-4XCL",
            "ended_by_researcher": "BEACON-5END",
            "technical_problem": "BEACON-7TEC",
        },
    ),
    treatments=[marking],
)
