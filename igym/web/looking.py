"""Sockets of admins who look on at games. They are sent what people are sent, and say nothing.

A watcher's connection is on the participants' namespace, since frames are finished packets for
that one; it belongs to no session, and whatever comes in on it is refused at the door.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import gevent

from igym.errors import OldClient, TooMuch
from igym.services.connect import Deployment
from igym.services.games import spectating
from igym.services.games.spectating import Permit
from igym.store import RedisError
from igym.web.outlet import Link, Outlet
from igym.wire import VERSION, inner

_log = logging.getLogger(__name__)

#: Watchers on one web worker: each costs it what a participant costs.
MOST = 24

#: How often rights are looked at, and a game is told that somebody looks on.
EVERY_S = 1.0


class Looking:
    """The watchers of this web worker."""

    def __init__(self, deployment: Deployment, outlet: Outlet) -> None:
        self._deployment = deployment
        self._outlet = outlet
        self._permits: dict[int, Permit] = {}  # by connection

    def admit(self, sid: str, said: Mapping[str, Any], environ: Mapping[str, Any]) -> None:
        """Let a socket look on that comes with a permit.

        Raises:
            BadToken, NotYours, NotFound: it may not, or there is nothing to see.
            OldClient: its page is from before an update.
            TooMuch: enough look on from here.
        """
        permit = spectating.read(self._deployment, said.get("watch"))
        if said.get("wire") != VERSION:
            raise OldClient("This page is from before an update.", hint="Reload it to go on.")
        if len(self._permits) >= MOST:
            raise TooMuch("Many look on already.", hint="Close a game that you watch.")
        link = self._outlet.watch(sid, environ.get("wsgi.websocket"))
        seat = said.get("seat")
        link.game, link.seat = permit.game, seat[:80] if isinstance(seat, str) else ""
        self._permits[link.conn] = permit
        gevent.spawn(self._first, link)  # the answer to `connect` must reach the browser first

    def _first(self, link: Link) -> None:
        try:
            self._see([link])
        except RedisError as error:
            _log.warning("a watcher waits for Redis: %s", error)

    def left(self, link: Link) -> None:
        """That connection is gone."""
        self._outlet.close(link)
        self._permits.pop(link.conn, None)
        if link.worker:
            said = inner.Unwatch(link.game, self._outlet.name, link.conn)
            self._outlet.outbox.put(link.worker, said)

    def run(self) -> None:
        """For ever. Redis away is waited for: frames go on, and nobody new comes in."""
        while True:
            gevent.sleep(EVERY_S)
            try:
                self._see(self._outlet.watchers())
            except RedisError as error:
                _log.warning("watchers wait for Redis: %s", error)
            except Exception:  # noqa: BLE001 - the edge: rights are looked at for ever
                _log.exception("watchers could not be looked after")

    def _see(self, links: list[Link]) -> None:
        """Tell each one's game that they look on; hang up on whoever may not any more."""
        asked = {link: t for link in links if (t := self._permits.get(link.conn)) is not None}
        if not asked:
            return
        found = spectating.look(self._deployment, asked.values())
        for link, permit in asked.items():
            game = found[permit]
            if game is None:
                link.socket.close(wait=False)
            elif game.owner and game.phase != "over":
                link.worker = game.owner  # another one, where the game was taken over
                said = inner.Watch(link.game, link.seat, self._outlet.name, link.conn)
                self._outlet.outbox.put(game.owner, said)
