"""Who is there: every packet of a browser is a sign of life, and is written down in batches."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import gevent

from igym.store import Redis, RedisError, felt, heard
from igym.web.heartbeat import PONG, Heartbeat
from igym.web.outlet import Link, Outlet
from igym.wire import inner

_log = logging.getLogger(__name__)

#: A game worker that got no keys of a seat for so long is told that its browser is alive.
QUIET_S = 0.9

#: A socket has so long to sign in.
STRANGER_S = 10.0


Take = Callable[[Link, bytes], bool]


def hear(link: Link, take: Take, quick: Take, heart: Heartbeat) -> None:
    """Take note of every packet of that connection, answers to pings included.

    `take` is offered every binary one first; what it takes goes no further. Before that, `quick`
    is offered it in the event loop (`igym.web.inlet`).
    """
    socket: Any = link.socket
    receive = socket.receive

    def noted(packet: Any) -> None:
        link.heard_s = time.monotonic()
        if not (packet.binary and take(link, packet.data)):
            receive(packet)

    def at_once(message: bytes, binary: bool) -> bool:
        if binary:
            taken = quick(link, message)
        elif taken := message == PONG:
            heart.answered(link)
        if taken:
            link.heard_s = time.monotonic()
        return taken

    socket.receive = noted
    heart.keep(link)
    if link.inlet is not None:
        link.inlet.take = at_once


class Hearing:
    """Writes down whom this web worker heard, twice a second, in one batch per experiment."""

    def __init__(self, redis: Redis, outlet: Outlet) -> None:
        self._redis = redis
        self._outlet = outlet
        self._noted_s: dict[int, float] = {}
        self._felt: dict[tuple[str, str], tuple[int, str]] = {}  # as it was last written
        self._strangers_s: dict[str, float] = {}  # Engine.IO id -> first seen without a token

    def run(self) -> None:
        """For ever. Redis away is waited for."""
        while True:
            gevent.sleep(heard.NOTE_S)
            try:
                self.note()
                self.feel()
            except RedisError as error:
                _log.warning("who is there was not written down: %s", error)
            self.turn_out()

    def turn_out(self) -> None:
        """Hang up on sockets that have not signed in: each costs memory, and nobody is there."""
        now_s = time.monotonic()
        links = [*self._outlet, *self._outlet.watchers()]
        known = {link.socket.sid for link in links}
        strangers = {sid: one for sid, one in self._outlet.sockets() if sid not in known}
        self._strangers_s = {sid: self._strangers_s.get(sid, now_s) for sid in strangers}
        for sid, since_s in self._strangers_s.items():
            if now_s - since_s > STRANGER_S:
                strangers[sid].close(wait=False)

    def note(self) -> None:
        """Write down who was heard since the last time, and tell game workers of quiet ones."""
        now_s = time.monotonic()
        batches: dict[str, dict[str, float]] = defaultdict(dict)
        noted_s: dict[int, float] = {}
        for link in self._outlet:
            noted_s[link.conn] = link.heard_s
            if link.heard_s == self._noted_s.get(link.conn):
                continue
            batches[link.experiment][link.session] = (now_s - link.heard_s) * 1000
            if link.worker and now_s - link.keys_s > QUIET_S:
                said = inner.Alive(link.game, link.seat, self._outlet.name, link.conn)
                self._outlet.outbox.put(link.worker, said)
        self._noted_s = noted_s
        for experiment, ago_ms in batches.items():
            heard.note(self._redis, experiment, ago_ms)

    def feel(self) -> None:
        """Write down how long round trips are and who looks away, where that has changed."""
        now = {
            (link.experiment, link.session): (round(link.rtt_ms), link.away)
            for link in self._outlet
        }
        told: dict[str, dict[str, tuple[float, str]]] = defaultdict(dict)
        closed: dict[str, list[str]] = defaultdict(list)
        for (experiment, session), line in now.items():
            if self._felt.get((experiment, session)) != line:
                told[experiment][session] = line
        for experiment, session in self._felt.keys() - now.keys():
            closed[experiment].append(session)
        for experiment, sessions in closed.items():
            felt.forget(self._redis, experiment, sessions)
        for experiment, some in told.items():
            felt.write(self._redis, experiment, some)
        self._felt = now
