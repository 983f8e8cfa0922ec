"""A pendulum and one person: numbers as actions, from the pointer, a stick or keys."""

import math

import gymnasium

from igym import Experiment, Gamepad, Human, Pointer, consent, ending, play
from igym.draw import circle, line


def make():
    return gymnasium.make("Pendulum-v1", max_episode_steps=1_000)


def picture(env):
    angle = env.unwrapped.state[0]
    x, y = 0.5 + 0.35 * math.sin(angle), 0.5 - 0.35 * math.cos(angle)
    return [
        line("arm", [(0.5, 0.5), (x, y)], stroke="#e8b04b", width=0.03),
        circle("weight", x, y, 0.06, fill="#e8b04b"),
    ]


def torque(env):
    return f"torque {env.unwrapped.last_u or 0:.2f}"


experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "balance",
        make,
        seats={"arm": Human},
        keys={"ArrowLeft": [-1.5], "ArrowRight": [1.5]},
        idle=[0.0],
        pointer=Pointer(x=(-2, 2)),
        gamepad=Gamepad(x=(-2, 2)),
        draw=picture,
        hud=torque,
        help="Move the pointer, or hold ← or →.",
        aspect=1,
        fps=30,
        max_steps=360,
        countdown="50 ms",
    ),
    ending("thanks", "pages/thanks.md", codes={"complete": "DONE"}),
)
