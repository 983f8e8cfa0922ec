"""Bytes and CPU of what environments render themselves, and of sprites.

Mountain Car at 600 x 400, driven back and forth, goes through the same camera and packet as in a
game; twenty sprites go the way of twenty circles (`bench.wire`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gymnasium

from bench.figure import Figure
from bench.wire import FPS, packet
from igym.engine.camera import Camera, Pace, encode
from igym.sim import draw
from igym.sim.draw import Picture, Shape
from igym.sim.host import Sim

TICKS = 300
SPRITES = 20

make_car = partial(gymnasium.make, "MountainCar-v0", render_mode="rgb_array", max_episode_steps=999)


class Now:
    """Work beside the loop, done in it: what is measured is CPU."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.get = call

    def wait(self, timeout_s: float) -> bool:
        """It is done."""
        return True


def cpu_us(times: int, call: Callable[[int], object]) -> float:
    """CPU microseconds of `call`, mean of `times` after one more."""
    call(0)
    began = time.process_time()
    for n in range(times):
        call(n)
    return (time.process_time() - began) / times * 1e6


def drive(most_fps: float) -> tuple[list[int], float]:
    """Sizes of the frames of ten seconds, and the CPU of each beside the step, µs."""
    sim = Sim(make_car(), ["driver"])
    sim.reset(1)
    pace = Pace(FPS, most_fps, 75, 0.2)
    camera, picture, sizes, spent = Camera(pace, 1.5, Now), Picture(), [], 0.0
    camera.begin(0)
    for tick in range(TICKS):
        sim.step([2 if tick // 40 % 2 else 0])
        began = time.process_time()
        camera.take(tick, sim.render)
        changed = picture.change(camera.shown(0.01))
        sizes.append(len(packet(tick, tick - 1, *changed)))
        spent += time.process_time() - began
    sim.close()
    return sizes, spent / TICKS * 1e6


def sprites(tick: int) -> Sequence[Shape]:
    """Twenty sprites of an atlas, each on its own way and with a frame of its own."""
    at_s = tick / FPS
    return [
        draw.sprite(
            f"cook{i}",
            "cooks.json",
            0.5 + 0.4 * math.sin(at_s * (1 + i / 7) + i),
            0.5 + 0.4 * math.cos(at_s * (1 + i / 5) + i),
            0.05,
            0.1,
            frame=f"walk-{(tick // 6 + i) % 4}",
        )
        for i in range(SPRITES)
    ]


def figures() -> list[Figure]:
    """Rendered pictures first, then sprites."""
    sim = Sim(make_car(), ["driver"])
    sim.reset(1)
    seen = sim.render()
    render_us = cpu_us(50, lambda n: sim.render())
    encode_us = cpu_us(50, lambda n: encode(seen, 75))
    sim.close()
    every, every_us = drive(FPS)
    some, some_us = drive(10)

    picture = Picture()
    picture.change(sprites(1000))
    keyframe = packet(1000, -1, picture.whole(), [])
    sizes = [len(packet(t, t - 1, *picture.change(sprites(t)))) for t in range(1001, 1001 + TICKS)]
    made = [sprites(t) for t in range(TICKS)]
    sprite_us = cpu_us(TICKS, lambda n: packet(n, n - 1, *picture.change(made[n])))
    return [
        Figure("rendered 600 x 400: a frame with its picture", max(every), "bytes", 20_000),
        Figure("… a frame of a car that is driven, mean", sum(every) / TICKS, "bytes"),
        Figure("… the same at picture_fps=10, mean", sum(some) / TICKS, "bytes"),
        Figure("… a frame whose picture did not change", min(some), "bytes", 60),
        Figure("… the environment's render(), CPU", render_us, "µs"),
        Figure("… encoding, CPU", encode_us, "µs", 2_000),
        Figure("… CPU of a frame, mean", every_us, "µs"),
        Figure("… the same at picture_fps=10", some_us, "µs"),
        Figure(f"{SPRITES} moving sprites: a frame, mean", sum(sizes) / TICKS, "bytes", 900),
        Figure(f"{SPRITES} moving sprites: keyframe", len(keyframe), "bytes", 2_000),
        Figure(f"{SPRITES} moving sprites: CPU of a frame", sprite_us, "µs", 300),
    ]
