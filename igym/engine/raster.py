"""Shapes as a picture in memory, for replays: what the browser paints, without a browser.

Drawn twice as large and made smaller, which is how edges become smooth. Texts are in Pillow's own
font; a kind of shape that is not known here is left out.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image as images
from PIL import ImageColor, ImageDraw, ImageFont
from PIL.Image import Image

from igym.sim.draw import GRID, KINDS, Shape

#: Pixels that are drawn for one that is kept, along each side.
FINE = 2

Points = list[tuple[float, float]]

__all__ = ["Image", "of_pixels", "picture", "png"]


def picture(
    shapes: Iterable[Shape],
    width: int,
    height: int,
    background: str = "#14181b",
    assets: Path | None = None,
) -> Image:
    """The shapes on a stage of that size, as an RGB picture. Even sides suit films.

    Args:
        assets: where the images are that sprites name; without it there are no sprites.
    """
    size = (width * FINE, height * FINE)
    canvas = images.new("RGB", size, (_colour(background) or (20, 24, 27, 255))[:3])
    pen = _Pen(canvas, assets)
    drawn = {shape.id: shape for shape in shapes}  # of two with one id, the last counts
    for shape in sorted(drawn.values(), key=lambda s: s.depth):  # stable, as in the browser
        if 0 <= shape.kind < len(KINDS):
            paint = _PAINTS.get(KINDS[shape.kind])
            if paint is not None:
                paint(pen, shape)
    return canvas.resize((width, height), images.Resampling.LANCZOS)


def of_pixels(width: int, height: int, rgb: bytes) -> Image:
    """What an environment rendered itself."""
    return images.frombytes("RGB", (width, height), rgb)


def png(image: Image) -> bytes:
    """As a PNG file."""
    into = io.BytesIO()
    image.save(into, "PNG", compress_level=3)
    return into.getvalue()


class _Pen:
    """Draws in pixels, from coordinates in grid units."""

    def __init__(self, canvas: Image, assets: Path | None) -> None:
        self.canvas = canvas
        self.assets = assets
        self.draw = ImageDraw.Draw(canvas, "RGBA")
        self.sx = canvas.width / GRID
        self.sy = canvas.height / GRID

    def at(self, shape: Shape) -> tuple[float, float]:
        return shape.x * self.sx, shape.y * self.sy

    def area(self, points: Sequence[tuple[float, float]], shape: Shape) -> None:
        """Fill and outline a closed shape."""
        if fill := _colour(shape.fill):
            self.draw.polygon(points, fill=fill)
        if (stroke := _colour(shape.stroke)) and shape.line > 0:
            self.along([*points, points[0], points[1]], stroke, shape.line)

    def along(self, points: Sequence[tuple[float, float]], stroke: Any, line: int) -> None:
        """A line through the points."""
        self.draw.line(points, fill=stroke, width=max(1, round(line * self.sy)), joint="curve")


def _turned(points: Points, angle: int, x: float, y: float) -> Points:
    if not angle:
        return points
    turn = angle / GRID * math.tau
    c, s = math.cos(turn), math.sin(turn)
    return [(x + (px - x) * c - (py - y) * s, y + (px - x) * s + (py - y) * c) for px, py in points]


def _round(x: float, y: float, rx: float, ry: float, start: float = 0, span: float = 1) -> Points:
    """Points on an ellipse, from `start`, `span` turns clockwise; enough of them to look round."""
    steps = max(12, int(abs(span) * 8 * math.sqrt(max(rx, ry, 1))))
    angles = ((start + span * i / steps) * math.tau for i in range(steps + 1))
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def _rect(pen: _Pen, it: Shape) -> None:
    x, y = pen.at(it)
    w, h = it.w * pen.sx, it.h * pen.sy
    r = min(it.r * pen.sy, abs(w) / 2, abs(h) / 2)
    if r > 0:
        corners = ((x + w - r, y + h - r), (x + r, y + h - r), (x + r, y + r), (x + w - r, y + r))
        points = [
            p for i, (cx, cy) in enumerate(corners) for p in _round(cx, cy, r, r, i / 4, 0.25)
        ]
    else:
        points = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    pen.area(_turned(points, it.angle, x + w / 2, y + h / 2), it)


def _circle(pen: _Pen, it: Shape) -> None:
    r = it.r * pen.sy
    if r > 0:
        pen.area(_round(*pen.at(it), r, r), it)


def _ellipse(pen: _Pen, it: Shape) -> None:
    x, y = pen.at(it)
    points = _round(x, y, abs(it.w * pen.sx) / 2, abs(it.h * pen.sy) / 2)
    pen.area(_turned(points, it.angle, x, y), it)


def _points(pen: _Pen, it: Shape) -> Points:
    pairs = zip(it.points[::2], it.points[1::2], strict=False)
    return [(x * pen.sx, y * pen.sy) for x, y in pairs]


def _line(pen: _Pen, it: Shape) -> None:
    points, stroke = _points(pen, it), _colour(it.stroke)
    if stroke and len(points) > 1:
        pen.along(points, stroke, it.line)


def _polygon(pen: _Pen, it: Shape) -> None:
    points = _points(pen, it)
    if len(points) > 2:
        pen.area(points, it)


def _arc(pen: _Pen, it: Shape) -> None:
    r = it.r * pen.sy
    points = _round(*pen.at(it), r, r, it.angle / GRID, it.span / GRID)
    if fill := _colour(it.fill):
        pen.draw.polygon(points, fill=fill)
    if (stroke := _colour(it.stroke)) and it.line > 0:
        pen.along(points, stroke, it.line)


def _text(pen: _Pen, it: Shape) -> None:
    if it.text:
        anchor = {"left": "lm", "center": "mm", "right": "rm"}.get(it.align, "lm")
        font = _font(max(1, round(it.size * pen.sy)))
        pen.draw.text(
            pen.at(it), it.text, fill=_colour(it.fill or "#ffffff"), font=font, anchor=anchor
        )


def _sprite(pen: _Pen, it: Shape) -> None:
    size = (round(it.w * pen.sx), round(it.h * pen.sy))
    if pen.assets is None or min(size) < 1:
        return
    image = _cut(pen.assets, it.image, it.frame, size)
    if image is None:
        return
    if it.flip:
        image = image.transpose(images.Transpose.FLIP_LEFT_RIGHT)
    if it.opacity < GRID:
        image = image.copy()
        image.putalpha(image.getchannel("A").point(lambda a: a * it.opacity // GRID))
    x, y = pen.at(it)
    x, y = x + size[0] / 2, y + size[1] / 2
    if it.angle:
        turn = -it.angle / GRID * 360
        image = image.rotate(turn, images.Resampling.BILINEAR, expand=True)
    pen.canvas.paste(image, (round(x - image.width / 2), round(y - image.height / 2)), image)


@lru_cache(maxsize=256)
def _cut(assets: Path, name: str, frame: str, size: tuple[int, int]) -> Image | None:
    """An image of the package, or a frame of an atlas, of that size; None where there is none."""
    file = assets / name
    try:
        if file.suffix == ".json":
            atlas = json.loads(file.read_text("utf-8"))
            listed = atlas["frames"]
            if isinstance(listed, list):
                listed = {one["filename"]: one for one in listed}
            at = listed[frame]["frame"]
            whole = _opened(file.parent / atlas["meta"]["image"])
            whole = whole.crop((at["x"], at["y"], at["x"] + at["w"], at["y"] + at["h"]))
        else:
            whole = _opened(file)
        return whole.resize(size, images.Resampling.LANCZOS)
    except (OSError, ValueError, KeyError):
        return None


@lru_cache(maxsize=32)
def _opened(file: Path) -> Image:
    with images.open(file) as image:
        return image.convert("RGBA")


_PAINTS: dict[str, Callable[[_Pen, Shape], None]] = {
    "rect": _rect,
    "circle": _circle,
    "ellipse": _ellipse,
    "line": _line,
    "polygon": _polygon,
    "arc": _arc,
    "text": _text,
    "sprite": _sprite,
}


@lru_cache(maxsize=64)
def _font(size: int) -> Any:
    return ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def _colour(text: str) -> tuple[int, ...] | None:
    """Red, green, blue, opacity; None = nothing is to be painted."""
    try:
        return ImageColor.getcolor(text, "RGBA") if text else None  # type: ignore[return-value]
    except ValueError:
        return None
