"""Rendered pictures as JPEG: how often, how good, and not twice. Knows no network.

An environment that renders itself costs what 200 shapes do not: a millisecond or two to
render, one to encode, ten kilobytes to send. So pictures are taken at a rate of their own,
which falls when they cost too much of the worker's time or when a socket does not keep up,
and rises again.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from igym.engine.seats import INLINE_MS, Background, Pending
from igym.sim.draw import Shape, picture
from igym.sim.look import Pixels

#: The most of a worker's time that one view's pictures may take.
SHARE = 0.25

#: Pictures a second below which nobody can play.
LEAST_FPS = 2.0

#: The quality below which edges are hard to see (JPEG's scale).
LEAST_QUALITY = 30

#: What somebody who fell behind leaves of rate and quality; a second without trouble gives
#: `BACK` of them again, so that ten seconds undo one fall.
FALL, BACK = 0.6, 0.05

#: Under a budget quality falls until this part of the pictures can be sent, so much with each one.
RATE_FIRST, THRIFT = 0.5, 0.1

#: An unchanged picture is encoded again if it can be so much better than what is on screen.
BETTER = 15


@cache
def _pillow() -> Any:
    """Loaded only in processes that need it: 8 MB, and 50 ms that are no measure of a picture."""
    from PIL import Image

    return Image


def encode(pixels: Pixels, quality: int) -> bytes:
    """`pixels` as a JPEG. Blocks for about 1 ms where it is 600 x 400."""
    image = _pillow().frombuffer(
        "RGB", (pixels.width, pixels.height), pixels.rgb, "raw", "RGB", 0, 1
    )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


class Pace:
    """How many pictures a second, and how good."""

    def __init__(
        self, fps: float, most_fps: float, quality: int, least: float, budget: float = 0
    ) -> None:
        """
        Args:
            fps: ticks a second.
            most_fps, quality: what the author allows.
            least: part of them that sockets cannot bring it below.
            budget: bytes a second that each participant is sent at most, as long as that is
                `LEAST_FPS` pictures of the least quality; 0 = any number.
        """
        self._budget = budget
        self._bytes = 0.0  # of a picture, smoothed
        self._thrift = 1.0  # part of the quality that the budget leaves
        self._fps = fps
        self._most = min(fps, most_fps)
        self._best = quality
        self._least = least
        self._level = 1.0
        self._cost_ms = 0.0
        self._next = 0.0  # tick of the next picture
        self._fell = -1e9  # tick at which a socket was last behind
        self._rose = 0.0

    @property
    def rate(self) -> float:
        """Pictures a second."""
        rate = self._most * self._level
        if self._cost_ms > 0:
            rate = min(rate, SHARE * 1000 / self._cost_ms)
        if self._budget and self._bytes:
            rate = min(rate, self._budget / self._bytes)
        return max(min(LEAST_FPS, self._most), rate)

    @property
    def quality(self) -> int:
        """Of the next picture."""
        least = min(LEAST_QUALITY, self._best)
        return round(least + (self._best - least) * self._level * self._thrift)

    def begin(self, tick: int) -> None:
        """An episode begins: its first picture is due."""
        self._next = float(tick)
        self._fell = min(self._fell, tick - self._fps)
        self._rose = float(tick)

    def due(self, tick: int) -> bool:
        """Whether a picture is to be taken now. Asked once for each tick."""
        if tick - max(self._rose, self._fell) >= self._fps:
            self._level = min(1.0, self._level + BACK)
            self._rose = float(tick)
        if tick < self._next:
            return False
        self._next = max(self._next, tick - 1.0) + self._fps / self.rate
        return True

    def took(self, ms: float) -> None:
        """A picture has cost that much, smoothed over about ten."""
        self._cost_ms += (ms - self._cost_ms) * (0.1 if self._cost_ms else 1.0)

    def weighed(self, size: int) -> None:
        """A new picture has so many bytes: the budget is kept by quality at first, then by rate.

        As long as every second picture that could be taken fits, the quality may rise.
        """
        if not self._budget:
            return
        self._bytes += (size - self._bytes) * (0.5 if self._bytes else 1.0)
        fits = self._budget / (self._bytes * self._most * RATE_FIRST)
        self._thrift = min(1.0, max(0.0, self._thrift + max(-THRIFT, min(THRIFT / 4, fits - 1))))

    def behind(self, tick: int) -> None:
        """A socket or the worker itself does not keep up. Counts once a second."""
        if tick - self._fell >= self._fps:
            self._fell = float(tick)
            self._level = max(self._least, self._level * FALL)


class Camera:
    """One view of one environment: the last picture, and the one that is being encoded."""

    def __init__(self, pace: Pace, aspect: float, background: Background) -> None:
        """`aspect` is the stage's; a picture of another shape gets margins."""
        self.pace = pace
        self._aspect = aspect
        self._background = background
        self._pixels: Pixels | None = None  # of the picture that is shown or being encoded
        self._quality = 0
        self._taken = 0  # tick of that picture
        self._work: Pending | None = None
        #: The tick that is seen in what `shown` gives; later than it was taken if nothing changed.
        self.as_of = 0
        self._encode_ms = 0.0
        self._shape: Shape | None = None

    def begin(self, tick: int) -> None:
        """An episode begins: nothing of the last one is shown in it."""
        self._pixels = self._work = self._shape = None
        self.pace.begin(tick)

    def take(self, tick: int, render: Callable[[], Pixels], *, last: bool = False) -> None:
        """Render, if a picture is due or this is the `last` of the episode.

        Raises:
            Whatever `render` raises.
        """
        due = self.pace.due(tick)
        if last and self._work is not None:
            self._develop(None)
        if not (due or last) or self._work is not None:
            return
        began_s = time.perf_counter()
        seen = render()
        quality = self.pace.quality
        render_ms = (time.perf_counter() - began_s) * 1000
        same = seen == self._pixels and quality < self._quality + BETTER
        self.pace.took(render_ms + (0.0 if same else self._encode_ms))
        if same:
            self.as_of = tick
            return
        self._pixels, self._quality, self._taken = seen, quality, tick
        if self._encode_ms <= INLINE_MS:
            self._keep(self._timed(seen, quality))
        else:
            self._work = self._background(lambda: self._timed(seen, quality))

    @staticmethod
    def _timed(pixels: Pixels, quality: int) -> tuple[bytes, float]:
        _pillow()
        began_s = time.perf_counter()
        data = encode(pixels, quality)
        return data, (time.perf_counter() - began_s) * 1000

    def _keep(self, made: tuple[bytes, float]) -> None:
        data, took_ms = made
        self.pace.weighed(len(data))
        self._encode_ms += (took_ms - self._encode_ms) * (0.2 if self._encode_ms else 1.0)
        assert self._pixels is not None
        self.as_of = self._taken
        self._shape = placed(self._pixels, self._aspect, data)

    def _develop(self, wait_s: float | None) -> None:
        """Take the work that is done; wait so long for it, or as long as it takes."""
        if self._work is None:
            return
        while not self._work.wait(0.25 if wait_s is None else wait_s):
            if wait_s is not None:
                return
        work, self._work = self._work, None
        self._keep(work.get())

    def shown(self, wait_s: float, *, last: bool = False) -> list[Shape]:
        """What is to be seen now. Waits `wait_s` for a picture that is being encoded.

        The first picture of an episode and the `last` one are waited for.
        """
        self._develop(None if self._shape is None or last else wait_s)
        return [self._shape] if self._shape is not None else []


def placed(pixels: Pixels, aspect: float, data: bytes) -> Shape:
    """The picture as large as it fits into a stage of that aspect, in its middle."""
    part = pixels.width / pixels.height / aspect
    if abs(part - 1) < 0.01:
        part = 1.0
    w, h = min(1.0, part), min(1.0, 1 / part)
    return picture("picture", (1 - w) / 2, (1 - h) / 2, w, h, data)
