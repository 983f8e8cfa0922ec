"""Engine.IO's pings, for all sockets from one loop.

Engine.IO starts a greenlet for each ping and wakes the socket's writer for it, twice a second and
person: a fifteenth of what a web worker does. What they are for is the same: an answer is a sign of
life, and Engine.IO itself hangs up on who does not answer in time.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import gevent
from engineio import packet
from engineio.exceptions import QueueEmpty

from igym.web.outlet import Link
from igym.web.pipe import text_frame

#: How late a ping may be. All that are due leave together.
TURN_S = 0.1

#: Engine.IO's answer to one.
PONG = b"3"

_PING = text_frame(b"2")


class Heartbeat:
    """The pings of this web worker's links."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._due: deque[tuple[float, Link]] = deque()  # each waits equally long: in order

    def keep(self, link: Link) -> None:
        """See to that connection's pings from its next answer on."""
        socket = link.socket
        socket.schedule_ping = lambda: self.answered(link)
        poll = socket.poll

        def patient() -> Any:
            # Engine.IO's writer hangs up where nothing was queued for longer than a ping may
            # take. Pings and frames go past its queue: only the answers say who is there.
            while True:
                try:
                    return poll()
                except QueueEmpty:
                    if socket.closed:
                        raise

        socket.poll = patient

    def answered(self, link: Link) -> None:
        """Its last ping was answered: the next one is due in a while. Waits for nothing."""
        if link.socket.last_ping:
            link.socket.last_ping = None
            self._due.append((time.monotonic() + self._interval_s, link))

    def run(self) -> None:
        """For ever."""
        while True:
            gevent.sleep(TURN_S)
            self.turn()

    def turn(self) -> None:
        """Ping everybody whose time has come."""
        now_s = time.monotonic()
        while self._due and self._due[0][0] <= now_s:
            _, link = self._due.popleft()
            if link.socket.closing or link.socket.closed:
                continue
            link.socket.last_ping = time.time()
            if link.pipe is None or not link.pipe.offer(_PING):
                link.socket.send(packet.Packet(packet.PING))
