"""One person's line to the server over their whole visit: kept up, and struck by weather.

Knows connections and the sequence of reliable messages; no screens.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

from igym import wire
from igym.bots import socketio
from igym.bots.site import Site
from igym.bots.socketio import Closed, Connection, Unwelcome
from igym.bots.trail import Trail
from igym.bots.weather import Fate, Turn

#: Between two attempts to connect: as the page does it (`client/src/socket.ts`).
SOONEST_S, LATEST_S = 0.15, 1.0

#: The server is in trouble and says so: a later attempt may succeed.
_FOR_NOW = ("error", "unavailable", "too_much")


def now_ms() -> float:
    """This machine's clock, ms since the epoch."""
    return time.time() * 1000


class Line:
    """Run `stay` beside the visit; `connection` is what to speak on, None where there is none."""

    def __init__(
        self,
        site: Site,
        token: str,
        fate: Fate,
        rng: random.Random,
        trail: Trail,
        hear: Callable[[str, Any], None],
        complain: Callable[[str], None],
    ) -> None:
        """`hear` gets every event that is not about the line itself."""
        self._url = socketio.socket_url(site.base)
        self._token = token
        self._fate = fate
        self._rng = rng
        self._trail = trail
        self._hear_event = hear
        self._complain = complain
        self.connection: Connection | None = None
        self.reconnects = 0
        self.packets = 0
        self.loads = 1  # of the page
        self._seq = 0  # reliable messages up to this one are known
        self._told = 0  # of the last one that came by itself, not in a state
        self._fresh = False  # no state has come on this connection yet
        self._places: set[str] = set()
        self._struck: asyncio.Queue[Turn] = asyncio.Queue()

    # --- weather ---------------------------------------------------------------------------------

    def enter(self, place: str) -> None:
        """They came to a place: what is to befall them there is on its way from now on."""
        if place in self._places:
            return
        self._places.add(place)
        for turn in self._fate.turns:
            if turn.place == place:
                asyncio.get_running_loop().call_later(turn.after_s, self._struck.put_nowait, turn)

    # --- keeping it up ---------------------------------------------------------------------------

    async def stay(self) -> None:
        """Stay connected. Returns when they leave for good; raises `Unwelcome`."""
        first, pause_s = True, SOONEST_S
        while True:
            try:
                auth = {"token": self._token, "wire": wire.VERSION, "seen": self._seq}
                connection = await socketio.opened(self._url, auth, self._fate.rtt_ms / 2000)
            except (Closed, Unwelcome) as error:
                if isinstance(error, Unwelcome) and error.code not in _FOR_NOW:
                    raise
                self._complain(str(error))
                await asyncio.sleep(pause_s * self._rng.uniform(0.5, 1.5))
                pause_s = min(LATEST_S, pause_s * 2)
                continue
            self.reconnects += not first
            first, pause_s, self._fresh = False, SOONEST_S, True
            self.connection = connection
            try:
                turn = await self._until_it_ends(connection)
            finally:
                self.connection = None
                self.packets += connection.packets
                self._trail.down(now_ms())
            if turn is None:
                continue
            self._fate.met.append(turn.kind)
            self._trail.downs[-1] = (self._trail.downs[-1][0], turn.kind)
            if turn.kind == "drop":
                connection.silence()
                await asyncio.sleep(turn.away_s)
                connection.abort()
                continue
            await connection.close()
            if turn.kind == "leave":
                return
            self.loads += 1
            self._seq = self._told = 0

    async def _until_it_ends(self, connection: Connection) -> Turn | None:
        """What ended it: a stroke of weather, or None where it broke by itself."""
        listening = asyncio.ensure_future(connection.listen(self._hear))
        striking = asyncio.ensure_future(self._struck.get())
        both = (listening, striking)
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if striking.done():
                return striking.result()
            listening.result()
            return None
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    def _hear(self, event: str, said: Any) -> None:
        if event == "state":
            if self._fresh:
                self._fresh = False
                self._trail.up(now_ms())
            self._seq = max(self._seq, int(said["seq"]))
        elif event == "renewed":
            self._token = said["token"]
        elif event == "replaced":
            self._complain("replaced by another socket of the same participant")
        elif event != "frame" and "seq" in said and not self._reliable(event, int(said["seq"])):
            return
        if event in ("state", "lobby", "episode"):
            self._trail.sign(now_ms())
        self._hear_event(event, said)

    def _reliable(self, event: str, seq: int) -> bool:
        """Whether this one is new; acknowledges it. What comes twice or with a gap is an error."""
        if seq <= self._told:
            self._complain(f"{event} came twice")
            return False
        if seq <= self._seq:
            return False  # it overtook the state it is in
        if seq > self._seq + 1:
            self._complain(f"{event} came, and something before it did not")
        self._seq = self._told = seq
        connection = self.connection
        if connection is not None:
            connection.soon(connection.tell(wire.Got(seq)))
        return True
