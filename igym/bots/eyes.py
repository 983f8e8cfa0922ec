"""What a person sees of a game, measured: frames, their age, and how soon keys show. No I/O.

Times are milliseconds on this machine's clock. A frame says when it was encoded, on the
server's; the difference of the clocks is taken out at the end (`Seen.age_ms`).
"""

from __future__ import annotations

from array import array
from collections import deque
from typing import Any

_WRAP = 2**32


class Eyes:
    """All frames of one participant, over all their games."""

    def __init__(self) -> None:
        self.raw_age_ms = array("d")  # local clock minus server clock
        self.reply_ms = array("d")  # from a change of keys to the frame that knows of it
        self.frames = 0  # that advanced the picture while an episode was playing
        self.playing_ms = 0.0  # of the episodes, from the first frame on
        self.dropped = 0  # ticks without a frame
        self.gaps = 0  # frames that change a frame we do not have
        self.ghosts = 0  # frames of a superseded generation or episode
        self.back = array("d")  # ticks the picture went back when a game was taken over
        self.tick = -1  # of the frame last painted
        self._at = (-1, -1)  # generation, episode
        self._since_ms: float | None = None  # first frame of the stretch being played
        self._pending: deque[tuple[int, float]] = deque()  # (Keys.count, sent)
        self._place, self._seats = -1, 0  # ours among the seats, and how many there are

    def enter(self, seat: str, seats: list[str]) -> None:
        """A game begins. `seats` in seat order, `seat` is the participant's."""
        self._at, self.tick, self._since_ms = (-1, -1), -1, None
        self._pending.clear()
        self._place = seats.index(seat) if seat in seats else -1
        self._seats = len(seats)

    def pressed(self, count: int, at_ms: float) -> None:
        """A change of keys was sent as `Keys.count`."""
        self._pending.append((count, at_ms))

    def frame(self, frame: list[Any], at_ms: float) -> None:
        """A frame arrived; the fields of `wire.Frame` in order."""
        _, generation, episode, tick, sent_ms, base, acks = frame[:7]
        at = (generation, episode)
        if at < self._at:
            self.ghosts += 1
            return
        if at != self._at:
            if episode == self._at[1]:  # taken over: it goes on from what was logged
                self.back.append(max(0, self.tick - tick))
            self._at, self.tick = at, -1
        if base >= 0 and base != self.tick:
            self.gaps += 1
            return
        self.raw_age_ms.append((at_ms - sent_ms + _WRAP / 2) % _WRAP - _WRAP / 2)
        if tick <= self.tick:
            return  # a keyframe of what we have
        if tick > 0:
            if self._since_ms is None:
                self._since_ms = at_ms
            else:
                self.frames += 1
                if self.tick >= 0:
                    self.dropped += tick - self.tick - 1
        self.tick = tick
        self._acknowledged(acks, at_ms)

    def _acknowledged(self, acks: list[int], at_ms: float) -> None:
        pending = self._pending
        if not pending:
            return
        if len(acks) == 1:
            mine = acks[0]
        elif len(acks) == self._seats and self._place >= 0:
            mine = acks[self._place]
        else:
            return  # nothing says which of the seats are people
        while pending and pending[0][0] <= mine:
            self.reply_ms.append(at_ms - pending.popleft()[1])

    def pause(self, at_ms: float) -> None:
        """The episode is not being played (any more): it is over, held, or the game is left."""
        if self._since_ms is not None:
            self.playing_ms += at_ms - self._since_ms
            self._since_ms = None
        self._pending.clear()
