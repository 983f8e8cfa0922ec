"""This process's connections, and what comes out of its inbox for them.

Frames are latest-wins: a socket that does not keep up has at most `MOST_FRAMES` waiting,
then frames are dropped until it has caught up, and it continues with a keyframe.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import socketio
from engineio import packet as eio_packet

from igym import wire
from igym.domain.metrics import Buckets
from igym.services.connect import now_ms
from igym.store.post import Outbox
from igym.web.inlet import Inlet
from igym.web.pipe import Pipe, binary_frame
from igym.wire import inner
from igym.wire.packets import frame_age_ms

_log = logging.getLogger(__name__)

MOST_FRAMES = 2

#: One frame in so many has its age looked at.
LOOKED_AT = 32
_ASK_AGAIN_S = 0.1


class Link:
    """One browser's connection, and who it belongs to: a session, or "" where it only looks on."""

    __slots__ = (
        "asked_s",
        "away",
        "behind",
        "bits",
        "claimed",
        "conn",
        "counts",
        "expects",
        "experiment",
        "fetching",
        "frames",
        "game",
        "heard_s",
        "inlet",
        "keys_s",
        "lobby",
        "logged_s",
        "moves",
        "pipe",
        "refused_s",
        "rtt_ms",
        "seat",
        "seq",
        "session",
        "sid",
        "socket",
        "stale",
        "tokens",
        "tokens_s",
        "version",
        "voice",
        "worker",
    )

    def __init__(
        self,
        conn: int,
        sid: str,
        socket: Any,
        experiment: str,
        session: str,
        pipe: Pipe | None = None,
        inlet: Inlet | None = None,
    ) -> None:
        self.conn = conn
        self.sid = sid
        self.socket = socket  # engine.io's
        self.pipe = pipe  # its short way out, where it has one
        self.inlet = inlet  # and in
        self.experiment = experiment
        self.session = session
        self.version = 0  # of the state last sent
        self.seq = -1  # of the reliable message last sent; -1 = no state was sent yet
        self.claimed = -1  # the number its browser said it has; -1 = none
        self.expects = 0  # the highest number that was heard of
        self.stale = False  # whether the state moved before the first one was sent
        self.fetching = False  # whether its mail is being read
        self.lobby = ""  # name of the lobby it waits in
        self.counts = False  # whether that lobby tells how many wait
        self.game = ""  # the game it is attached to
        self.seat = ""
        self.bits = 0  # keys of that game's map
        self.moves = False  # whether pointer or sticks mean something in it
        self.worker = ""  # inbox of the game's owner
        self.rtt_ms = -1.0
        self.away = ""  # "hidden" or "blur" while they do not look at the page
        self.heard_s = time.monotonic()  # when anything last came from it
        self.keys_s = 0.0  # when its last `Keys` came
        self.frames = 0  # waiting to be written
        self.behind = False
        self.asked_s = 0.0
        self.refused_s = 0.0  # when it was last told of a refusal nobody waited for
        self.logged_s = 0.0  # when one of its refusals was last logged
        self.voice: Any = None  # what its console may say (`services.sessions.console`)
        self.tokens = 0.0
        self.tokens_s = time.monotonic()

    def allow(self, rate_per_s: float) -> bool:
        """Token bucket of two seconds' worth: whether one more message may come in now."""
        now_s = time.monotonic()
        self.tokens = max(0.0, self.tokens - (now_s - self.tokens_s) * rate_per_s)
        self.tokens_s = now_s
        if self.tokens >= 2 * rate_per_s:
            return False
        self.tokens += 1
        return True


class _Ready(eio_packet.Packet):
    """A finished binary packet."""

    def __init__(self, content: bytes) -> None:
        self.packet_type = eio_packet.MESSAGE
        self.binary = True
        self.data = content

    def encode(self, b64: bool = False) -> bytes:
        content: bytes = self.data
        return content


class _Frame(_Ready):
    """A frame: says when it leaves the queue for the socket."""

    def __init__(self, content: bytes, link: Link, left: Callable[[Link], None]) -> None:
        super().__init__(content)
        self._link = link
        self._left = left

    def encode(self, b64: bool = False) -> bytes:
        self._link.frames -= 1
        if self._link.behind and self._link.frames == 0:
            self._left(self._link)
        content: bytes = self.data
        return content


class Outlet:
    """All links of this web worker."""

    def __init__(
        self,
        name: str,
        outbox: Outbox,
        changed: Callable[[Link], None],
        posted: Callable[[inner.Post], None] = lambda said: None,
        announced: Callable[[Link], None] = lambda link: None,
    ) -> None:
        """`changed` is called when the state of a link's session may have changed.

        `posted` is called when a reliable message was put into a session's mail.
        `announced` is called when an admin's command is about a link's session.
        """
        self.name = name
        self.outbox = outbox
        self._changed = changed
        self._posted = posted
        self._announced = announced
        self._server: socketio.Server | None = None
        self._conns: dict[int, Link] = {}
        self._sids: dict[str, Link] = {}
        self._watchers: dict[str, Link] = {}  # by sid: those that look on, and say nothing
        self._of: dict[tuple[str, str], list[Link]] = {}
        self._next = 0
        self.dropped = 0  # frames not sent to sockets of participants that were behind
        self.ages: Buckets | None = None  # of frames, in s, where somebody wants to know
        self._unlooked = 0  # frames since one's age was looked at

    def bind(self, server: socketio.Server) -> None:
        """Use that server's sockets."""
        self._server = server

    # --- links -------------------------------------------------------------------------------

    def open(self, sid: str, experiment: str, session: str, websocket: Any | None = None) -> Link:
        """A new connection; `websocket` is gevent-websocket's, if it is one of those."""
        link = self._open(sid, experiment, session, websocket)
        self._sids[sid] = link
        self._of.setdefault((experiment, session), []).append(link)
        return link

    def watch(self, sid: str, websocket: Any | None = None) -> Link:
        """A new connection of somebody who looks on. It is among `watchers` and nowhere else."""
        link = self._watchers[sid] = self._open(sid, "", "", websocket)
        return link

    def _open(self, sid: str, experiment: str, session: str, websocket: Any | None) -> Link:
        assert self._server is not None
        eio_sid = self._server.manager.eio_sid_from_sid(sid, "/")
        self._next += 1
        socket = self._server.eio.sockets[eio_sid]
        pipe = Pipe(websocket, socket.queue) if websocket is not None else None
        inlet = websocket.handler.inlet if websocket is not None else None
        link = Link(self._next, sid, socket, experiment, session, pipe, inlet)
        self._conns[self._next] = link
        return link

    def close(self, link: Link) -> None:
        """The connection is gone."""
        self._conns.pop(link.conn, None)
        self._sids.pop(link.sid, None)
        self._watchers.pop(link.sid, None)
        who = (link.experiment, link.session)
        others = [one for one in self._of.pop(who, ()) if one is not link]
        if others:
            self._of[who] = others

    def of(self, experiment: str, session: str) -> list[Link]:
        """The links of a session: one, or two for the moment in which one takes over."""
        return list(self._of.get((experiment, session), ()))

    def by_sid(self, sid: str) -> Link | None:
        """The participant's link of a Socket.IO session id."""
        return self._sids.get(sid)

    def watcher(self, sid: str) -> Link | None:
        """The link of a Socket.IO session id that looks on."""
        return self._watchers.get(sid)

    def watchers(self) -> list[Link]:
        """Everybody who looks on from here."""
        return list(self._watchers.values())

    @property
    def known(self) -> int:
        """How many sockets have said whose they are."""
        return len(self._conns)

    def sockets(self) -> list[tuple[str, Any]]:
        """Every open socket of engine.io, those that have not signed in included."""
        return list(self._server.eio.sockets.items()) if self._server is not None else []

    def __iter__(self) -> Iterator[Link]:
        """Participants' links."""
        return iter(list(self._sids.values()))

    def __len__(self) -> int:
        return len(self._sids)

    # --- writing -------------------------------------------------------------------------------

    def send(self, link: Link, message: wire.Message) -> None:
        """Send a control message: never dropped while the connection lives."""
        self._put(link, _Ready(wire.packet(message)))

    def packet(self, link: Link, content: bytes) -> None:
        """Send a finished packet: never dropped while the connection lives."""
        self._put(link, _Ready(content))

    def _put(self, link: Link, packet: eio_packet.Packet) -> None:
        if not link.socket.closed:
            link.socket.send(packet)

    def _frame(self, link: Link, content: bytes, framed: bytes, whole: bool) -> None:
        """Send one frame; `framed` is `content` as the bytes of a WebSocket frame."""
        if link.frames >= MOST_FRAMES:
            link.behind = True
            self._drop(link)
            return
        if link.behind and not whole:
            self._drop(link)
            if link.frames == 0:
                self._ask(link)
            return
        link.behind = False
        if link.frames == 0 and link.pipe is not None and link.pipe.offer(framed):
            return
        link.frames += 1
        self._put(link, _Frame(content, link, self._ask))

    def _drop(self, link: Link) -> None:
        self.dropped += 1 if link.session else 0

    def _ask(self, link: Link) -> None:
        """The socket has caught up: it needs a keyframe to go on."""
        now_s = time.monotonic()
        if link.worker and now_s - link.asked_s > _ASK_AGAIN_S:
            link.asked_s = now_s
            self.outbox.put(
                link.worker, inner.WantKeyframe(link.game, link.seat, self.name, link.conn)
            )

    # --- the inbox -----------------------------------------------------------------------------

    def handle(self, batch: list[inner.ToWeb]) -> None:
        """Messages from game workers and the director."""
        for said in batch:
            if isinstance(said, inner.Deliver):
                framed = binary_frame(said.packet)
                if said.what == inner.FRAME and self.ages is not None:
                    self._look(said.packet)
                for conn in said.conns:
                    link = self._conns.get(conn)
                    if link is None:
                        continue
                    if said.what == inner.CONTROL:
                        self._put(link, _Ready(said.packet))
                    elif (
                        link.frames  # what nearly every frame passes, with nothing in between
                        or link.behind
                        or link.pipe is None
                        or not link.pipe.offer(framed)
                    ):
                        self._frame(link, said.packet, framed, said.what == inner.KEYFRAME)
            elif isinstance(said, inner.Owned):
                link = self._conns.get(said.conn)
                if link is not None and link.game == said.game:
                    link.worker = said.worker
            elif isinstance(said, inner.Nudge):
                for link in self.of(said.experiment, said.session):
                    self._changed(link)
            elif isinstance(said, inner.Post):
                self._posted(said)
            elif isinstance(said, inner.Announce):
                for link in self.of(said.experiment, said.session):
                    self._announced(link)
            elif isinstance(said, inner.Ask):
                check = wire.Check(said.proposal, said.until_ms, said.asks)
                for link in self.of(said.experiment, said.session):
                    self.send(link, check)
            elif isinstance(said, inner.Displaced):
                link = self._conns.get(said.conn)
                if link is not None:
                    self.displace(link)
            elif isinstance(said, inner.LobbyCount):
                for link in self:
                    if link.lobby == said.lobby and link.counts:
                        place = said.places.get(link.session, 0)
                        self.send(link, wire.Lobby(said.scene, said.waiting, said.wanted, place))

    def _look(self, packet: bytes) -> None:
        """Note the age of one frame in `LOOKED_AT`: its time is inside, and decoding is dear."""
        self._unlooked += 1
        if self._unlooked >= LOOKED_AT and self.ages is not None:
            self._unlooked = 0
            self.ages.observe(frame_age_ms(packet, now_ms()) / 1000)

    def displace(self, link: Link) -> None:
        """Its participant went on elsewhere: say so and let it go."""
        self.send(link, wire.Replaced())
        assert self._server is not None
        self._server.disconnect(link.sid)

    def dismiss(self) -> None:
        """Hang up on everybody: this process ends, and browsers connect to another at once."""
        for link in [*self, *self.watchers()]:
            # Not a `disconnect` of Socket.IO: after that a browser does not come back by itself.
            link.socket.close(wait=False)

    def resumed(self) -> None:
        """The inbox was (re)opened: whatever was published meanwhile is made up for."""
        for link in self:
            self._changed(link)
        for link in [*self, *self.watchers()]:
            if link.game:
                link.behind = True
                self._ask(link)
