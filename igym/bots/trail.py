"""When one person had what: their line, their screen and their picture. No I/O.

Kept so that afterwards somebody who knows when a process was killed can say how long it took
until this person had again what they had before. Times are ms since the epoch on this
machine's clock.
"""

from __future__ import annotations

from typing import Any

#: Frames further apart than this are two spans: people would say that it stood still.
STILL_MS = 250.0

#: Signs of life of the server are noted this often at the most.
SIGN_MS = 100.0

#: More of anything is not kept: a rehearsal is minutes, not days.
MOST = 5_000


class Trail:
    """One person's."""

    def __init__(self) -> None:
        self.downs: list[tuple[float, str]] = []  # the line ended; "" or the weather that did it
        self.ups: list[float] = []  # first state on a new line
        self.signs: list[float] = []  # states, lobby counts, episodes
        #: [first frame, last frame, game, generation] without a break in between.
        self.spans: list[list[Any]] = []
        self.ended_ms = 0.0  # the ending was on screen, or they left; 0 = neither
        self._broken = True

    def down(self, at_ms: float, why: str = "") -> None:
        """The line is gone."""
        self._broken = True
        if len(self.downs) < MOST:
            self.downs.append((at_ms, why))

    def up(self, at_ms: float) -> None:
        """The first state on a new line."""
        if len(self.ups) < MOST:
            self.ups.append(at_ms)

    def sign(self, at_ms: float) -> None:
        """Something came that needs Redis and a process behind the web worker."""
        fresh = not self.signs or at_ms - self.signs[-1] >= SIGN_MS
        if fresh and len(self.signs) < MOST:
            self.signs.append(at_ms)

    def frame(self, at_ms: float, game: str, generation: int) -> None:
        """A frame was painted."""
        last = self.spans[-1] if self.spans and not self._broken else None
        if last is not None and last[2:] == [game, generation] and at_ms - last[1] < STILL_MS:
            last[1] = at_ms
        elif len(self.spans) < MOST:
            self.spans.append([at_ms, at_ms, game, generation])
            self._broken = False

    def plain(self) -> dict[str, Any]:
        """As values for JSON."""
        return {
            "downs": self.downs,
            "ups": self.ups,
            "signs": self.signs,
            "spans": self.spans,
            "ended_ms": self.ended_ms,
        }
