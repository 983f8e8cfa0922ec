"""How many requests may come from one address. Knows no route, and takes the same memory however
many addresses there are.

Each web worker counts for itself: what is to be kept is its own time, and a trip to Redis for each
request would cost more of it. Addresses share places by a keyed hash, as in `igym.store.rates`.
"""

from __future__ import annotations

import secrets
import time
from array import array
from collections.abc import Callable

from igym.store.rates import PLACES, place

#: An address that was quiet may ask for as much at once as it may in so many seconds: a class
#: that opens its link in the same moment, and everybody's sockets after a restart.
BURST_S = 20.0


class Pace:
    """A bucket for each place, that `per_s` requests a second empty, and that holds `BURST_S`."""

    def __init__(self, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._each_s = 1 / per_s
        self._clock = clock
        self._key = secrets.token_hex(16)
        #: When the bucket will be empty, were nobody to ask any more: one number says it all.
        self._empty_at = array("d", bytes(8 * PLACES))

    def wait_s(self, address: str, *, count: bool = True) -> float:
        """0.0 = it may ask now, which is counted if `count`; else how long it should wait."""
        here, now_s = int(place(address, self._key), 16), self._clock()
        empty_s = max(self._empty_at[here], now_s)
        if (late_s := empty_s + self._each_s - now_s - BURST_S) > 0:
            return late_s
        if count:
            self._empty_at[here] = empty_s + self._each_s
        return 0.0
