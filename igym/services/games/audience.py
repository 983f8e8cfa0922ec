"""Who is sent what a game shows: its people, and those who look on. Knows no picture.

Whoever looks on is one more recipient of bytes that are made anyway: nothing is drawn, compared
or encoded for them but the keyframe they begin with, and nothing they do reaches the game.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from igym.services.games.people import Person
from igym.wire import inner

#: Who may look on at one game at a time.
MOST_WATCHERS = 16

#: Whoever was not heard of for so long looks on no more: their web worker says so every second.
FORGOTTEN_S = 5.0

#: One who does not keep up is given a keyframe this often: encoding it is the game's time.
KEYFRAME_EVERY_S = 0.5


@dataclass(slots=True)
class Watcher:
    """Somebody who looks on, by connection."""

    seat: str  # whose view it is
    heard_s: float
    whole_s: float = 0.0  # when they were last given a keyframe


class Audience:
    """The people of one game, and its watchers."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self._people = people
        self._watchers: dict[tuple[str, int], Watcher] = {}

    def linked(self, seats: Collection[str]) -> dict[str, list[int]]:
        """Web worker -> connections that see what those seats see; people come first."""
        found: dict[str, list[int]] = defaultdict(list)
        for seat, person in self._people.items():
            if person.link is not None and seat in seats:
                found[person.link[0]].append(person.link[1])
        if self._watchers:
            oldest_s = time.monotonic() - FORGOTTEN_S
            for (web, conn), watcher in self._watchers.items():
                if watcher.seat in seats and watcher.heard_s > oldest_s:
                    found[web].append(conn)
        return found

    def watch(self, said: inner.Watch) -> str:
        """Somebody looks on, or still does.

        Returns:
            The seat whose view they are to be shown whole; "" = there is nothing to do for them.
        """
        now_s, key = time.monotonic(), (said.web, said.conn)
        seat = said.seat if said.seat in self._people else next(iter(self._people), "")
        known = self._watchers.get(key)
        if known is not None and known.seat == seat:
            known.heard_s = now_s
            return ""
        for other in [k for k, w in self._watchers.items() if now_s - w.heard_s > FORGOTTEN_S]:
            del self._watchers[other]
        if known is None and len(self._watchers) >= MOST_WATCHERS:
            return ""
        self._watchers[key] = Watcher(seat, now_s, now_s)
        return seat

    def unwatch(self, said: inner.Unwatch) -> None:
        """They look on no more."""
        self._watchers.pop((said.web, said.conn), None)

    def behind(self, said: inner.WantKeyframe) -> str:
        """As `watch`, of one who missed frames. Waits a moment: they are not who plays."""
        watcher, now_s = self._watchers.get((said.web, said.conn)), time.monotonic()
        if watcher is None or now_s - watcher.whole_s < KEYFRAME_EVERY_S:
            return ""
        watcher.whole_s = now_s
        return watcher.seat
