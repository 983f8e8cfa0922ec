"""The field of two beacons: `simple_spread` of mpe2 as it is, and how it looks."""

from math import hypot

import mpe2
from mpe2 import simple_spread_v3

from igym.draw import circle, text

#: The environment moves by a tenth of a second a step; a little faster is livelier.
FPS = 15

#: Of a round: 12 seconds.
STEPS = 180

ASPECT = 1

STAY, LEFT, RIGHT, DOWN, UP = range(5)
KEYS = {"ArrowLeft": LEFT, "ArrowRight": RIGHT, "ArrowDown": DOWN, "ArrowUp": UP}

COLOURS = {"agent_0": "#f2b134", "agent_1": "#35b6a5"}
MARKS = {seat: seat for seat in COLOURS}
PLAIN = "#e8e6e1"

#: Everybody begins between -1 and 1. Whoever goes further than this is shown at the edge.
ROOM = 1.4

#: Near enough to keep a beacon company.
NEAR = 0.25


def make_field(treatments):
    """The environment of one pair."""
    env = simple_spread_v3.parallel_env(N=2, local_ratio=0.0, max_cycles=STEPS)
    env.marked = treatments["marking"] == "marked"
    return env


def place(where):
    """A place in the environment as parts of the stage."""
    x, y = (max(-ROOM, min(ROOM, float(at))) / ROOM for at in where)
    return 0.5 + 0.46 * x, 0.5 - 0.46 * y


def world(env):
    """People and beacons."""
    return env.unwrapped.world


def draw(env):
    """Two beacons, two people."""
    colours = list(COLOURS.values()) if env.marked else [PLAIN, PLAIN]
    beacons = [
        circle(f"beacon {n}", *place(one.state.p_pos), 0.05, stroke=colour, line=0.012)
        for n, (one, colour) in enumerate(zip(world(env).landmarks, colours, strict=True))
    ]
    people = [
        circle(one.name, *place(one.state.p_pos), 0.035, fill=COLOURS[one.name], depth=1)
        for one in world(env).agents
    ]
    return [*beacons, *people, text("mpe2", 0.99, 0.98, f"mpe2 {mpe2.__version__}", size=0.02,
                                    align="right", fill="#6b7280")]  # fmt: skip


def said(env):
    """The line above the stage: how many beacons have company."""
    there = [one.state.p_pos for one in world(env).agents]
    near = sum(
        any(hypot(*(beacon.state.p_pos - one)) < NEAR for one in there)
        for beacon in world(env).landmarks
    )
    return f"{near} of 2 beacons have company"
