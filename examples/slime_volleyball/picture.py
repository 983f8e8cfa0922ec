"""How the court looks: a beach in the afternoon. Called for every frame, so it is quick."""

from math import hypot

from slime_volleyball.core.constants import REF_U, REF_W, REF_WALL_HEIGHT, REF_WALL_WIDTH
from slime_volleyball.core.physics import AGENT_RADIUS, BALL_RADIUS
from slime_volleyball.slimevolley_env import SlimeVolleyEnv

from igym.draw import Shape, arc, circle, ellipse, polygon, rect

from .court import POINTS, points

#: The environment measures from the middle of the ground upwards. The highest serve stays
#: just below 25 of its units.
WIDTH, HEIGHT = float(REF_W), 25.0
ASPECT = WIDTH / HEIGHT

#: Seat -> the shape that a person can be told is theirs.
SLIMES = {"agent_left": "slime_left", "agent_right": "slime_right"}

BLUE, CORAL, YELLOW, WHITE, INK = "#2b68b0", "#d9533b", "#f9c62f", "#ffffff", "#1f2d38"
SHADOW, EMPTY = "#1f2d3830", "#1f2d3828"


def across(x: float) -> float:
    """From the environment's x to a part of the stage's width."""
    return x / WIDTH + 0.5


def down(y: float) -> float:
    """From the environment's y to a part of the stage's height."""
    return 1 - y / HEIGHT


GROUND, NET_TOP = down(REF_U), down(REF_WALL_HEIGHT)
NET_WIDTH, NET_KNOB = REF_WALL_WIDTH / WIDTH, REF_WALL_WIDTH / 2 / HEIGHT
SLIME, EYE, PUPIL, BALL = AGENT_RADIUS / HEIGHT, 0.4 / HEIGHT, 0.2 / HEIGHT, BALL_RADIUS / HEIGHT

#: What never moves, made once: the same object in each frame is known to be unchanged.
BEACH = (
    rect("sky", 0, 0, 1, 1, fill="#c9e8ec", depth=-90),
    circle("sun", 0.79, 0.27, 0.085, fill="#fff0bd", depth=-80),
    ellipse("cloud_left", 0.19, 0.24, 0.15, 0.05, fill="#eaf7f8", depth=-80),
    ellipse("cloud_right", 0.24, 0.21, 0.09, 0.06, fill="#eaf7f8", depth=-80),
    polygon(
        "island",
        [(0.03, 0.73), (0.10, 0.67), (0.16, 0.69), (0.23, 0.64), (0.36, 0.73)],
        fill="#93c9c1",
        depth=-70,
    ),
    rect("sea", 0, 0.73, 1, 0.2, fill="#5bb0bf", depth=-60),
    rect("foam", 0, 0.868, 1, 0.014, fill="#e3f4f4", depth=-50),
    rect("beach", 0, 0.88, 1, 0.12, fill="#f3dfb3", depth=-50),
    rect("court", 0, GROUND, 1, 1 - GROUND, fill="#e3c48c", depth=-40),
    rect("net", 0.5 - NET_WIDTH / 2, NET_TOP, NET_WIDTH, GROUND - NET_TOP, fill="#6b4a3a"),
    circle("net_top", 0.5, NET_TOP, NET_KNOB, fill="#8a6350", depth=1),
)


def pips(side: str, colour: str, outwards: float, won: int) -> list[Shape]:
    """One side's score as dots, filled from the net outwards."""
    return [
        circle(
            f"{side}_{n}",
            0.5 + outwards * (1 + n),
            0.07,
            0.018,
            fill=colour if n < won else EMPTY,
            depth=-30,
        )
        for n in range(POINTS)
    ]


#: (points of left, points of right) -> everything that does not move while they stand.
SCENERY = {
    (left, right): [
        *BEACH,
        *pips("points_left", BLUE, -0.028, left),
        *pips("points_right", CORAL, 0.028, right),
    ]
    for left in range(POINTS + 1)
    for right in range(POINTS + 1)
}


def slime(
    side: str, colour: str, look: float, x: float, y: float, ball: list[float]
) -> list[Shape]:
    """A half disc whose eye, on the side of the net, follows the ball."""
    eye_x, eye_y = x + look * 0.65, y + 0.8
    to_x, to_y = ball[0] - eye_x, ball[1] - eye_y
    far = 0.18 / (hypot(to_x, to_y) or 1.0)
    body_x, body_y = across(x), down(y)
    return [
        ellipse(f"shadow_{side}", body_x, GROUND, 3.2 / WIDTH, 0.022, fill=SHADOW, depth=-20),
        arc(f"slime_{side}", body_x, body_y, SLIME, start=0.5, span=0.5, fill=colour, depth=2),
        circle(f"eye_{side}", across(eye_x), down(eye_y), EYE, fill=WHITE, depth=3),
        circle(
            f"pupil_{side}",
            across(eye_x + far * to_x),
            down(eye_y + far * to_y),
            PUPIL,
            fill=INK,
            depth=4,
        ),
    ]


def draw_court(court: SlimeVolleyEnv) -> list[Shape]:
    """The shapes of this moment."""
    state = court._env_state
    ball = state.ball_pos.tolist()
    (left_x, left_y), (right_x, right_y) = state.agent_pos.tolist()
    ball_x, ball_y = across(ball[0]), down(ball[1])
    return [
        *SCENERY[points(court)],
        *slime("left", BLUE, 1, left_x, left_y, ball),
        *slime("right", CORAL, -1, right_x, right_y, ball),
        ellipse("shadow_ball", ball_x, GROUND, 1.2 / WIDTH, 0.014, fill=SHADOW, depth=-20),
        circle("ball", ball_x, ball_y, BALL, fill=YELLOW, stroke=INK, line=0.004, depth=5),
        circle("shine", ball_x - 0.003, ball_y - 0.007, BALL * 0.3, fill="#fff3c4", depth=6),
    ]
