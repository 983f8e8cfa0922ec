"""Do people enjoy a stronger AI more, once they have beaten a weaker one?"""

from dataclasses import replace
from functools import partial

from igym import Experiment, Human, Onnx, Sample, consent, ending, hold, play, survey

from .court import BUTTONS, HELP, KEYS, MATCH_STEPS, hud, make_court
from .picture import ASPECT, SLIMES, draw_court

# The environment's own player: see policies/export_baseline.py.
strong = Onnx(
    "policies/baseline.onnx",
    take=("obs",),
    observation="observation",
    logits="logits",
    memory={"memory": "next_memory"},
)
# The same network with slow reactions (five a second, not thirty) and an unsteady hand.
easy = replace(strong, choose=Sample(temperature=6), every=6)

# In the environment the keys of the left seat go left and right, and the right seat's
# actions are the network's own: so people sit on the left and the AI on the right.
match = partial(
    play,
    env=make_court,
    keys=KEYS,
    touch=BUTTONS,
    help=HELP,
    draw=draw_court,
    hud=hud,
    marks=SLIMES,
    aspect=ASPECT,
    background="#c9e8ec",
    fps=30,
    max_steps=MATCH_STEPS,
    dropped=hold("15 s"),
)

experiment = Experiment(
    consent("welcome", "pages/welcome.md", button="I agree, let me play"),
    match(
        "easy",
        title="First match: Pebble",
        seats={"agent_left": Human, "agent_right": easy},
        labels={"agent_left": "You", "agent_right": "Pebble"},
    ),
    match(
        "strong",
        title="Second match: Boulder",
        seats={"agent_left": Human, "agent_right": strong},
        labels={"agent_left": "You", "agent_right": "Boulder"},
    ),
    survey("your_partners", "pages/your_partners.json"),
    ending(
        "thanks",
        "pages/thanks.md",
        codes={
            "complete": "SLIMEAI-6HX3",
            "no_partner": "SLIMEAI-9NPT",
            "partner_left": "SLIMEAI-2PLF",
            "left": "SLIMEAI-0LFT",
            "withdrew": "SLIMEAI-3WDR",
            "excluded": "SLIMEAI-5XCL",
            "full": "SLIMEAI-6FUL",
            "absent": "SLIMEAI-8ABS",
            "technical_problem": "SLIMEAI-7TEC",
            "ended_by_researcher": "SLIMEAI-1END",
        },
    ),
)
