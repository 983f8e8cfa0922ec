"""Shapes an environment can return, and what changed between two pictures.

Knows no wire and no canvas. Coordinates are relative to the stage: x and widths to its
width, y and heights to its height, from the top left; radii, line widths and text sizes to its
height. They are rounded to 1/10,000, the wire's resolution. A scene with a `size` is drawn in
units of its own, usually pixels; `scaled` makes them relative.

An object keeps its identity by its id: give the ball the same id in every frame and the
browser moves it smoothly. `snap=True` turns that off for an object that jumps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

GRID = 10_000

KINDS = ("rect", "circle", "ellipse", "line", "polygon", "arc", "text", "sprite", "picture")

#: Field numbers on the wire. New ones go to the end.
FIELDS = (
    "kind",  # 0: index into KINDS
    "x",  # 1: centre (rect: left edge; text: anchor)
    "y",  # 2: centre (rect: top edge; text: middle)
    "w",  # 3
    "h",  # 4
    "r",  # 5: radius; of a rect, of its corners
    "points",  # 6: flat [x, y, x, y, ...]
    "fill",  # 7: "#rgb", "#rrggbb", "#rrggbbaa" or "" for none
    "stroke",  # 8: as fill
    "line",  # 9: stroke width; of a line 0 = 40
    "text",  # 10
    "size",  # 11: text height; 0 = 500
    "angle",  # 12: clockwise, in 1/10,000 of a turn
    "span",  # 13: of an arc, from angle, in 1/10,000 of a turn
    "depth",  # 14: larger is nearer; equals in order of first appearance
    "align",  # 15: of text: "left", "center" or "right"
    "snap",  # 16: true = jump, do not glide
    "name",  # 17: the id, only for objects the scene points out
    "image",  # 18: of a sprite: a file of the package's assets/
    "frame",  # 19: of a sprite whose image is an atlas
    "opacity",  # 20: of a sprite, 0 to 10,000
    "flip",  # 21: true = a sprite's left and right are exchanged
    "data",  # 22: of a picture: the bytes of a JPEG
)


class Shape(NamedTuple):
    """One object of a picture. Made by the functions below; fields as in `FIELDS`."""

    id: str
    kind: int
    x: int = 0
    y: int = 0
    w: int = 0
    h: int = 0
    r: int = 0
    points: tuple[int, ...] = ()
    fill: str = ""
    stroke: str = ""
    line: int = 0
    text: str = ""
    size: int = 0
    angle: int = 0
    span: int = 0
    depth: int = 0
    align: str = "left"
    snap: bool = False
    image: str = ""
    frame: str = ""
    opacity: int = GRID
    flip: bool = False
    data: bytes = b""


_BLANK = Shape("", -1)

#: Place in a `Shape` -> field number. The wire's `name` is not a shape's: it is its id.
_NUMBER = tuple(place - 1 if place < 18 else place for place in range(len(Shape._fields)))
_X, _Y = _NUMBER[2], _NUMBER[3]
_OPTIONAL = [(place, _NUMBER[place], _BLANK[place]) for place in range(2, len(_NUMBER))]


#: Added before a number is cut to whole steps of the grid, and taken away again: negative ones
#: are cut downwards too, as far as this reaches, which is a hundred stages.
_FAR = 100 * GRID
_UP = _FAR + 0.5


def _q(value: float) -> int:
    return int(value * GRID + _UP) - _FAR


#: What makes a tuple, past the named tuple's own function in Python: half of what a shape costs.
_new = tuple.__new__


def rect(
    id: str,
    x: float,
    y: float,
    w: float,
    h: float,
    *,
    fill: str = "",
    stroke: str = "",
    line: float = 0,
    radius: float = 0,
    angle: float = 0,
    depth: int = 0,
    snap: bool = False,
) -> Shape:
    """A rectangle by its left top corner; turned about its centre by `angle` turns."""
    return _new(
        Shape,
        (
            id, 0, int(x * GRID + _UP) - _FAR, int(y * GRID + _UP) - _FAR,
            int(w * GRID + _UP) - _FAR, int(h * GRID + _UP) - _FAR,
            _q(radius) if radius else 0, (), fill, stroke, _q(line) if line else 0,
            "", 0, _q(angle) if angle else 0, 0, int(depth), "left", bool(snap),
            "", "", GRID, False, b"",
        ),
    )  # fmt: skip


def circle(
    id: str,
    x: float,
    y: float,
    r: float,
    *,
    fill: str = "",
    stroke: str = "",
    line: float = 0,
    depth: int = 0,
    snap: bool = False,
) -> Shape:
    """A circle by its centre; `r` is relative to the stage's height."""
    # `_q` written out where there are many: a call for each number is most of what they cost.
    return _new(
        Shape,
        (
            id, 1, int(x * GRID + _UP) - _FAR, int(y * GRID + _UP) - _FAR, 0, 0,
            int(r * GRID + _UP) - _FAR, (), fill, stroke, _q(line) if line else 0,
            "", 0, 0, 0, int(depth), "left", bool(snap), "", "", GRID, False, b"",
        ),
    )  # fmt: skip


def ellipse(
    id: str,
    x: float,
    y: float,
    w: float,
    h: float,
    *,
    fill: str = "",
    stroke: str = "",
    line: float = 0,
    angle: float = 0,
    depth: int = 0,
    snap: bool = False,
) -> Shape:
    """An ellipse by its centre and full width and height."""
    return Shape(
        id, 2, _q(x), _q(y), _q(w), _q(h), 0, (), fill, stroke, _q(line),
        "", 0, _q(angle), 0, int(depth), "left", bool(snap),
    )  # fmt: skip


def _flat(points: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    return tuple(_q(v) for point in points for v in point)


def line(
    id: str,
    points: Sequence[tuple[float, float]],
    *,
    stroke: str,
    width: float = 0,
    depth: int = 0,
    snap: bool = False,
) -> Shape:
    """A line through two or more points; `width` 0 is 0.4 % of the stage's height."""
    return Shape(
        id,
        3,
        points=_flat(points),
        stroke=stroke,
        line=_q(width),
        depth=int(depth),
        snap=bool(snap),
    )


def polygon(
    id: str,
    points: Sequence[tuple[float, float]],
    *,
    fill: str = "",
    stroke: str = "",
    line: float = 0,
    depth: int = 0,
    snap: bool = False,
) -> Shape:
    """A closed polygon."""
    return Shape(
        id,
        4,
        points=_flat(points),
        fill=fill,
        stroke=stroke,
        line=_q(line),
        depth=int(depth),
        snap=bool(snap),
    )


def arc(
    id: str,
    x: float,
    y: float,
    r: float,
    *,
    start: float,
    span: float,
    fill: str = "",
    stroke: str = "",
    line: float = 0,
    depth: int = 0,
    snap: bool = False,
) -> Shape:
    """A piece of a circle from `start`, `span` turns clockwise; 0 points right.

    With `fill` it is the segment between the arc and its chord, so start 0.5 and span
    0.5 are an upper half disc.
    """
    return Shape(
        id, 5, _q(x), _q(y), 0, 0, _q(r), (), fill, stroke, _q(line),
        "", 0, _q(start), _q(span), int(depth), "left", bool(snap),
    )  # fmt: skip


def text(
    id: str,
    x: float,
    y: float,
    words: str,
    *,
    size: float = 0,
    fill: str = "#ffffff",
    align: str = "left",
    depth: int = 0,
    snap: bool = True,
) -> Shape:
    """A line of text, vertically centred on y; `size` 0 is 5 % of the stage's height."""
    return Shape(
        id, 6, _q(x), _q(y), 0, 0, 0, (), fill, "", 0,
        str(words), _q(size), 0, 0, int(depth), align, bool(snap),
    )  # fmt: skip


def sprite(
    id: str,
    image: str,
    x: float,
    y: float,
    w: float,
    h: float,
    *,
    frame: str = "",
    angle: float = 0,
    flip: bool = False,
    opacity: float = 1,
    depth: int = 0,
    snap: bool = False,
) -> Shape:
    """An image of the package's `assets/` folder, or one `frame` of an atlas there.

    Placed and turned as `rect`. `image` is a file below assets/: "cook.png", or the JSON of an
    atlas. `flip` exchanges left and right; `opacity` is 0 (unseen) to 1.
    """
    return Shape(
        id, 7, _q(x), _q(y), _q(w), _q(h), 0, (), "", "", 0, "", 0, _q(angle), 0, int(depth),
        "left", bool(snap), image, frame, _q(opacity), bool(flip),
    )  # fmt: skip


def picture(id: str, x: float, y: float, w: float, h: float, data: bytes) -> Shape:
    """A JPEG by its left top corner: what an environment rendered. Made by igym, not by authors."""
    return Shape(id, 8, _q(x), _q(y), _q(w), _q(h), snap=True, data=data)


@lru_cache(maxsize=4096)
def scaled(shape: Shape, width: float, height: float) -> Shape:
    """`shape`, drawn in units of which the stage is `width` by `height`, relative to the stage.

    What stands still is computed once.
    """
    return shape._replace(
        x=round(shape.x / width),
        y=round(shape.y / height),
        w=round(shape.w / width),
        h=round(shape.h / height),
        r=round(shape.r / height),
        line=round(shape.line / height),
        size=round(shape.size / height),
        points=tuple(round(v / (height if n % 2 else width)) for n, v in enumerate(shape.points)),
    )


Change = dict[int, Any]


def _whole(shape: Shape, named: frozenset[str]) -> Change:
    change: Change = {0: shape.kind}
    for place, number, usual in _OPTIONAL:
        value = shape[place]
        if value != usual:
            change[number] = value
    if shape.id in named:
        change[17] = shape.id
    return change


def _difference(old: Shape, new: Shape) -> Change:
    """The fields of `new` that are not as they were."""
    pairs = zip(_NUMBER, old, new, strict=True)
    return {number: value for number, was, value in pairs if was != value}


class Picture:
    """The last frame of one view, so that the next can be told as a difference.

    Handles are small integers, given in order of first appearance and never reused, so
    that equal depth paints in a stable order.
    """

    def __init__(self, named: Iterable[str] = (), scenery: Iterable[Shape] = ()) -> None:
        """`named` are told by their id; `scenery` stays, but where a shape has its id."""
        self._named = frozenset(named)
        self._scenery = {shape[0]: shape for shape in scenery}
        self._handles: dict[str, int] = {}
        self._shown: dict[str, Shape] = {}

    def change(self, shapes: Iterable[Shape]) -> tuple[list[Any], list[int]]:
        """Take `shapes` as the new picture.

        Returns:
            (objects, gone): the flat list [handle, change, ...] and the handles that went.
        """
        shown, handles = self._shown, self._handles
        objects: list[Any] = []
        now = self._scenery.copy()
        for shape in shapes:
            now[shape[0]] = shape  # of two with one id, the last counts
        same = len(now) == len(shown)  # whether they are the same objects, as mostly
        for id, shape in now.items():
            old = shown.get(id)
            if old is shape:
                continue
            if old is None or old[1] != shape[1]:
                same = same and old is not None
                handle = handles.get(id)
                if handle is None:
                    handle = handles[id] = len(handles)
                objects += (handle, _whole(shape, self._named))
            elif old[4:] != shape[4:]:
                objects += (handles[id], _difference(old, shape))
            else:  # it moved, as nearly everything does that changes
                x, y = shape[2], shape[3]
                if old[2] != x:
                    objects += (handles[id], {_X: x} if old[3] == y else {_X: x, _Y: y})
                elif old[3] != y:
                    objects += (handles[id], {_Y: y})
        gone = [] if same else [handles[id] for id in shown if id not in now]
        self._shown = now
        return objects, gone

    def whole(self) -> list[Any]:
        """The last picture complete, for somebody who has none of it."""
        objects: list[Any] = []
        for id, shape in self._shown.items():
            objects += (self._handles[id], _whole(shape, self._named))
        return objects
