"""Do people enjoy a match more against a partner they can beat?"""

from igym import Experiment, Human, Onnx, Sample, Treatment, consent, ending, hold, play, survey

from .rally import ASPECT, KEYS, PADDLES, Rally, draw, score

# One network, twice: the weak one decides five times a second, with an unsteady hand.
strong = Onnx("policies/follower.onnx")
weak = Onnx("policies/follower.onnx", choose=Sample(temperature=3), every=6)

# Each participant meets one of them, in numbers as equal as can be.
opponent = Treatment("opponent", per="participant", weak=weak, strong=strong)

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "match",
        Rally,
        seats={"left": Human, "right": opponent},
        keys=KEYS,
        draw=draw,
        hud=score,
        marks=PADDLES,
        labels={"left": "You", "right": "The AI"},
        title="Rally",
        help="Move with ↑ and ↓. Do not let the ball pass on the left.",
        aspect=ASPECT,
        fps=30,
        episodes=1,
        max_steps=1800,  # a minute
        dropped=hold("20 s"),
    ),
    survey("your_opponent", "pages/your_opponent.json"),
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
