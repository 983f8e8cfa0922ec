"""How soon do people find out that the way up begins with a way back?"""

from functools import partial

import gymnasium

from igym import Experiment, Human, Touch, consent, ending, play, survey

LEFT, COAST, RIGHT = 0, 1, 2
SECONDS, FPS = 30, 30

# Gymnasium's own environment, as it is: it renders itself, and igym sends the pictures.
make_car = partial(
    gymnasium.make, "MountainCar-v0", render_mode="rgb_array", max_episode_steps=SECONDS * FPS
)


def hud(env: gymnasium.Env) -> str:
    """How fast the car is, of the fastest it can be."""
    _, velocity = env.unwrapped.state
    return f"Speed {abs(velocity) / 0.07:.0%}"


experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    play(
        "hill",
        make_car,
        seats={"driver": Human},
        labels={"driver": "You"},
        keys={
            "ArrowLeft": LEFT,
            "ArrowRight": RIGHT,
            ("ArrowLeft", "ArrowRight"): COAST,
            "a": LEFT,
            "d": RIGHT,
            ("a", "d"): COAST,
        },
        idle=COAST,
        touch=(Touch("◀", "ArrowLeft"), Touch("▶", "ArrowRight", side="right")),
        title="Mountain car",
        help="Reach the flag. ← and → push the car; its engine is too weak to climb straight up.",
        hud=hud,
        background="#ffffff",
        fps=FPS,
        picture_fps=30,
        quality=80,
        episodes=3,
        max_steps=SECONDS * FPS,
    ),
    survey("how_it_went", "pages/how_it_went.json"),
    ending(
        "thanks",
        "pages/thanks.md",
        codes={
            "complete": "HILL-7CMP",
            "no_partner": "HILL-9NPT",
            "partner_left": "HILL-2PLF",
            "left": "HILL-0LFT",
            "withdrew": "HILL-3WDR",
            "excluded": "HILL-5XCL",
            "full": "HILL-6FUL",
            "absent": "HILL-8ABS",
            "technical_problem": "HILL-4TEC",
            "ended_by_researcher": "HILL-1END",
        },
    ),
)
