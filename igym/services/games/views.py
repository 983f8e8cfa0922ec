"""What each of a game's people sees: one view for all of them, or one for each seat.

A view is drawn, compared with what it was and encoded once, whoever looks at it. Knows no
connection: the stage asks who looks and sends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from igym.domain.plan import PlayPlan
from igym.engine.camera import Camera, Pace
from igym.engine.seats import Background
from igym.sim.draw import Picture, Shape
from igym.sim.host import Sim

#: Of what its author allows, a picture may fall to this part where a socket is slow: further
#: where nobody else looks at it.
ALONE, SHARED = 0.2, 0.5

#: Frames of which is known how old their picture was: ten seconds at 60 fps.
REMEMBERED = 600

#: Part of a tick for which a frame waits for its picture. The next one has it otherwise.
WAITS = 0.5


@dataclass(frozen=True, slots=True)
class Told:
    """What a frame says of a view. Fields as in `wire.Frame`."""

    base: int
    objects: list[Any]
    gone: list[int]
    hud: str | None


class View:
    """One picture, and who sees it."""

    def __init__(self, sim: Sim, play: PlayPlan, seats: Sequence[str], seat: str, camera: Camera):
        """`seats` see it; `seat` is whose it is, "" where all see the same."""
        self.seats = frozenset(seats)
        self.camera = camera
        self._sim = sim
        self._seat = seat
        # A person is pointed out to themselves and to nobody else, if each has a view.
        marks = play.marks if not seat else {s: m for s, m in play.marks.items() if s == seat}
        self._named = tuple(marks.values())
        self.tick = -1  # of the last frame; -1 = none yet
        self._picture = Picture()
        self._hud: str | None = None
        self._as_of: dict[int, int] = {}  # tick of a frame -> tick its picture shows

    def begin(self, tick: int) -> None:
        """An episode begins, or goes on in this worker, at `tick`."""
        self._picture = Picture(self._named, self._sim.scenery(self._seat))
        self.tick = -1
        self._hud = None
        self._as_of.clear()
        self.camera.begin(tick)

    def take(self, tick: int, *, last: bool) -> None:
        """Let the environment render, where it does."""
        if self._sim.look.rendered:
            self.camera.take(tick, lambda: self._sim.render(self._seat), last=last)

    def change(self, tick: int, shapes: Sequence[Shape]) -> Told:
        """The view at `tick` as a change of what it was; the first of an episode is whole."""
        objects, gone = self._picture.change(shapes)
        hud = self._sim.hud(self._seat)
        base, self.tick = self.tick, tick
        if self._sim.look.rendered:
            self._as_of[tick] = self.camera.as_of
            self._as_of.pop(tick - REMEMBERED, None)
        # A keyframe is whole, and the same whether it was asked for or came by itself.
        told_hud = (hud or "") if base < 0 else hud if hud != self._hud else None
        self._hud = hud
        return Told(base, objects, gone, told_hud)

    def shapes(self, wait_s: float, *, last: bool) -> Sequence[Shape]:
        """What is to be seen now."""
        if self._sim.look.rendered:
            return self.camera.shown(wait_s, last=last)
        return self._sim.draw(self._seat)

    def as_of(self, tick: int) -> int:
        """The tick that somebody sees who looks at the frame of `tick`."""
        return self._as_of.get(tick, tick)

    def whole(self) -> Told:
        """The last frame complete, for somebody who has none of it."""
        return Told(-1, self._picture.whole(), [], self._hud or "")


class Views:
    """All views of one game."""

    def __init__(
        self,
        sim: Sim,
        play: PlayPlan,
        people: Sequence[str],
        background: Background,
        budget: float = 0,
    ) -> None:
        """
        Args:
            people: the seats that somebody sits in.
            budget: bytes of rendered pictures that each of them is sent in a second; 0 = any.
        """
        self._wait_s = WAITS / play.fps
        self._rendered = sim.look.rendered
        by_seat = sim.look.by_seat
        self._views = []
        for seat in people if by_seat else [""]:
            seats = [seat] if by_seat else people
            least = ALONE if len(seats) == 1 else SHARED
            pace = Pace(play.fps, play.picture_fps or play.fps, play.quality, least, budget)
            camera = Camera(pace, play.aspect, background)
            self._views.append(View(sim, play, seats, seat, camera))
        self._of = {seat: view for view in self._views for seat in view.seats}

    def of(self, seat: str) -> View:
        """What that seat sees."""
        return self._of[seat]

    def late(self, tick: int) -> None:
        """This worker does not keep up: pictures are what can be done without."""
        for view in self._views:
            view.camera.pace.behind(tick)

    def begin(self, tick: int) -> None:
        """An episode begins, or goes on in this worker, at `tick`."""
        for view in self._views:
            view.begin(tick)

    def show(self, tick: int, *, last: bool = False) -> list[tuple[View, Told]]:
        """What is new to see at `tick`. Waits a moment for pictures that are being encoded.

        While it waits, every view is still what it was. `last` = the episode is over.
        """
        if not self._rendered:
            return [(view, view.change(tick, view.shapes(0, last=last))) for view in self._views]
        for view in self._views:  # all of them first: they are encoded side by side
            view.take(tick, last=last)
        seen = [view.shapes(self._wait_s, last=last) for view in self._views]
        return [
            (view, view.change(tick, shapes))
            for view, shapes in zip(self._views, seen, strict=True)
        ]
