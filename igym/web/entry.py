"""Entry screening as a web worker sees it: it measures too, and hears what the browser says.

Round trips are measured by WebSocket pings, which the browser answers by itself: no script on
the page can hasten them, and one that delays them gains nothing.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import gevent

from igym import wire
from igym.domain.participant import Phase
from igym.errors import Conflict
from igym.services.connect import Deployment
from igym.services.sessions import screening
from igym.store import sessions
from igym.store.sessions import Session
from igym.web.inlet import Read
from igym.web.outlet import Link

_log = logging.getLogger(__name__)

#: Pings sent, the pause between two, and how long a browser that is ready waits for three.
PINGS, PAUSE_S, PATIENCE_S = 6, 0.12, 3.0


class _Pinged(Read):
    """As it was, but it says when a pong comes: that one drops them."""

    __slots__ = ()

    def handle_pong(self, header: Any, payload: Any) -> None:
        self.environ["igym.pong"](bytes(payload))


class Pings:
    """Round trips of one WebSocket."""

    def __init__(self, websocket: Any) -> None:
        self.rtts_ms: list[float] = []
        self._sent: dict[bytes, float] = {}
        self._websocket = websocket
        websocket.environ["igym.pong"] = self._pong
        websocket.__class__ = _Pinged

    def measure(self) -> None:
        """Send them all; the answers come in by themselves."""
        for _ in range(PINGS):
            mark = secrets.token_hex(8)  # so that no answer can come before its question
            self._sent[mark.encode()] = time.monotonic()
            try:
                self._websocket.send_frame(mark, self._websocket.OPCODE_PING)
            except Exception:  # noqa: BLE001 - the connection is gone, in one of many ways
                return
            gevent.sleep(PAUSE_S)

    def _pong(self, mark: bytes) -> None:
        sent_s = self._sent.pop(mark, None)
        if sent_s is not None:
            self.rtts_ms.append((time.monotonic() - sent_s) * 1000)

    def wait(self) -> list[float]:
        """Three of them or more, unless they take too long."""
        with gevent.Timeout(PATIENCE_S, False):
            while len(self.rtts_ms) < 3:
                gevent.sleep(0.02)
        return list(self.rtts_ms)


class Entry:
    """The connections whose participants are not let in yet."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._there: dict[int, tuple[str, Pings]] = {}

    def opened(self, link: Link, session: Session, environ: Mapping[str, Any]) -> None:
        """Begin to measure, if this participant is to be screened."""
        websocket = environ.get("wsgi.websocket")
        if session.phase is not Phase.SCREENING or websocket is None:
            return
        pings = Pings(websocket)
        self._there[link.conn] = (str(environ.get("HTTP_USER_AGENT", "")), pings)
        gevent.spawn(pings.measure)

    def closed(self, link: Link) -> None:
        """The connection is gone."""
        self._there.pop(link.conn, None)

    def waits(self, link: Link) -> bool:
        """Whether a verdict may have been missed."""
        return link.conn in self._there

    def screened(self, link: Link, said: wire.Screened) -> None:
        """What the browser says about itself, and what we have measured."""
        agent, pings = self._there.get(link.conn, ("", None))
        rtts_ms = pings.wait() if pings is not None else []
        session = sessions.read(self._deployment.redis, link.experiment, link.session)
        with suppress(Conflict):  # judged in the same moment
            screening.hear(self._deployment, session, said, agent, rtts_ms)
