"""Bytes of a frame as it goes to a browser: the finished Socket.IO packet."""

from __future__ import annotations

import math
import time

from bench.figure import Figure
from igym import wire
from igym.sim import draw
from igym.sim.draw import Picture, Shape

CIRCLES = 20
FPS = 30


def scene(tick: int) -> list[Shape]:
    """Twenty circles, each on its own way."""
    at_s = tick / FPS
    return [
        draw.circle(
            f"ball{i}",
            0.5 + 0.4 * math.sin(at_s * (1 + i / 7) + i),
            0.5 + 0.4 * math.cos(at_s * (1 + i / 5) + i),
            0.03,
            fill="#e4572e",
        )
        for i in range(CIRCLES)
    ]


def packet(tick: int, base: int, objects: list[object], gone: list[int]) -> bytes:
    """That change as two people get it in the middle of a game."""
    at_ms = int(time.time() * 1000) & 0xFFFF_FFFF
    acks = [1234, 1240]
    return wire.packet(
        wire.Frame("a1B2c3D4", 1, 0, tick, at_ms, base, acks, objects, gone, None),
    )


def figures() -> list[Figure]:
    """Keyframe, mean delta over ten seconds, and a frame in which nothing moved."""
    picture = Picture()
    picture.change(scene(1000))
    keyframe = packet(1000, -1, picture.whole(), [])
    sizes = [len(packet(t, t - 1, *picture.change(scene(t)))) for t in range(1001, 1001 + 300)]
    unchanged = packet(1301, 1300, *picture.change(scene(1300)))
    mean = sum(sizes) / len(sizes)
    return [
        Figure(f"{CIRCLES} moving circles: a frame, mean", mean, "bytes", 900),
        Figure(f"{CIRCLES} moving circles: keyframe", len(keyframe), "bytes", 900),
        Figure("a frame in which nothing moved", len(unchanged), "bytes", 60),
    ]
