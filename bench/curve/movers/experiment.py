"""A game for two that goes on until the bench has seen enough."""

from igym import Experiment, Human, draw, ending, page, play

from .movers import AGENTS, Movers

COLOURS = ["#2b68b0", "#d9533b", *["#5bb0bf"] * 10]


def picture(env: Movers) -> list[draw.Shape]:
    """Twelve circles, all of which have moved."""
    return [
        draw.circle(f"o{n}", place[0], place[1], 0.03, fill=COLOURS[n])
        for n, place in enumerate(env.places)
    ]


experiment = Experiment(
    page("hello", "hello.md"),
    play(
        "together",
        Movers,
        seats=dict.fromkeys(AGENTS, Human),
        keys={"ArrowLeft": 1, "ArrowRight": 2, "ArrowUp": 3, "ArrowDown": 4},
        draw=picture,
        fps=30,
        max_steps=1_000_000,
        waits="5 min",
        countdown="0 s",
    ),
    ending("thanks", "thanks.md", codes={"complete": "MOVERS"}),
)
