"""Two cooks in CoGrid's cramped room until the bench has seen enough: a slow environment."""

from igym import Experiment, Human, ending, page, play

from .kitchen import KEYS, NOTHING, draw_kitchen, make_kitchen

experiment = Experiment(
    page("hello", "hello.md"),
    play(
        "together",
        make_kitchen,
        seats={0: Human, 1: Human},
        keys=KEYS,
        idle=NOTHING,
        draw=draw_kitchen,
        aspect=5 / 4,
        fps=30,
        max_steps=1_000_000,
        waits="5 min",
        countdown="0 s",
    ),
    ending("thanks", "thanks.md", codes={"complete": "KITCHEN"}),
)
