"""Where every message of a browser comes in: decoded, bounded, identified, or refused. Once.

Handlers behind the door get a link (who is speaking) and a message of the declared
shape. What they raise as `Refused` becomes an answer; anything else is logged with the
participant and answered with a neutral sentence.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

import gevent
import socketio
from socketio import msgpack_packet, packet

from igym import wire
from igym.errors import BadMessage, IgymError, NotYours, TooMuch
from igym.store import RedisError
from igym.web.outlet import Link, Outlet
from igym.wire import packets

_log = logging.getLogger(__name__)

M = TypeVar("M", bound=wire.Message)

MALFORMED, OVERSIZE = "\x00malformed", "\x00oversize"

#: Socket.IO calls our handlers by these names, so no client may.
_RESERVED = frozenset({"connect", "connect_error", "disconnect", "__disconnect_final", "*"})

#: Refusals on one link without an acknowledgement to put them in, per second.
_REFUSALS_PER_S = 1.0

#: What a socket that only looks on may try before it is hung up on: twice as much at once.
_WATCHERS_SAY_PER_S = 2.0
_ONLY_WATCHES = NotYours("You look on here, and play no part.")


class BoundedPacket(msgpack_packet.MsgPackPacket):
    """A Socket.IO packet that never raises while it is decoded.

    Whatever does not have the shape of a packet becomes an event of a name no client can
    send, so that its sender is answered and the connection lives on.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if more.get("encoded_packet") in (b"", ""):
            self.decode(b"")  # the base class takes an empty one for none

    def decode(self, encoded_packet: bytes | str) -> None:
        self.id = None
        self.namespace = "/"
        self.attachment_count = 0
        self.data: Any = [MALFORMED]
        self.packet_type = packet.EVENT
        if len(encoded_packet) > wire.MAX_PACKET_BYTES:
            self.data = [OVERSIZE]
            return
        try:
            said = wire.unpack(encoded_packet) if isinstance(encoded_packet, bytes) else None
        except BadMessage:
            return
        if not isinstance(said, dict):
            return
        kind, id = said.get("type"), said.get("id")
        numbered = id is None or (isinstance(id, int) and not isinstance(id, bool))
        if said.get("nsp") == "/" and numbered and _well_formed(kind, said.get("data")):
            self.packet_type, self.data, self.id = kind, said.get("data"), id


def _well_formed(kind: object, data: object) -> bool:
    """Whether a browser may send a packet of that type with that content."""
    if kind == packet.CONNECT:
        return data is None or isinstance(data, dict)
    if kind == packet.EVENT and isinstance(data, list) and data:
        return isinstance(data[0], str) and data[0][:1] != "\x00" and data[0] not in _RESERVED
    return bool(kind == packet.DISCONNECT)


def refusal(error: IgymError) -> wire.Refused:
    """`error` as the participant reads it."""
    return wire.Refused(error.code, error.message, error.hint)


class Door:
    """The handlers of a Socket.IO server, behind one set of checks."""

    def __init__(
        self,
        server: socketio.Server,
        outlet: Outlet,
        rate_per_s: float,
        settled: Callable[[], object] = lambda: None,
        spoken: Callable[[str, wire.Refused], wire.Refused] = lambda _, refused: refused,
    ) -> None:
        """Args:
        settled: returns once what was written is on disk, or nobody can say.
        spoken: (experiment, refusal) -> it in the language of that study.
        """
        self._server = server
        self._spoken = spoken
        self._settled = settled
        self._asked: ContextVar[int | None] = ContextVar("asked", default=None)
        handle_event = server._handle_event

        def numbered(eio_sid: str, namespace: str, id: int | None, data: Any) -> None:
            # Socket.IO keeps the request's number to itself; a late answer needs it.
            self._asked.set(id)
            handle_event(eio_sid, namespace, id, data)

        server._handle_event = numbered
        self._outlet = outlet
        self._rate_per_s = rate_per_s
        server.on(MALFORMED, self._malformed)
        server.on(OVERSIZE, self._oversize)
        server.on("*", self._unknown)

    def on(
        self, kind: type[M]
    ) -> Callable[[Callable[[Link, M], wire.Message | None]], Callable[[Link, M], object]]:
        """Handle messages of that kind. What the handler returns is the acknowledgement."""

        def register(
            handler: Callable[[Link, M], wire.Message | None],
        ) -> Callable[[Link, M], object]:
            def receive(sid: str, *data: Any) -> Any:
                link = self._outlet.by_sid(sid)
                if link is None:
                    return self._strange(sid, _ONLY_WATCHES)

                def handle() -> wire.Message | None:
                    if len(data) != 1:
                        raise BadMessage(f"{kind.event} takes one argument.")
                    return handler(link, wire.parse(kind, data[0]))

                return self._guarded(link, kind, handle)

            self._server.on(kind.event, receive)
            return handler

        return register

    def short_way(
        self, handler: Callable[[Link, wire.Keys], None]
    ) -> Callable[[Link, bytes], bool]:
        """For what everybody says five times a second: past Socket.IO, behind the same checks.

        Returns:
            What takes a packet of a link, if it is `Keys` and in order. False: it goes the long
            way, on which whatever is wrong with it is answered.
        """

        def take(link: Link, packet: bytes) -> bool:
            said = packets.keys(packet)
            if said is None or self._outlet.by_sid(link.sid) is not link:
                return False
            self._guarded(link, wire.Keys, lambda: handler(link, said))
            return True

        return take

    def quick(self, handler: Callable[[Link, wire.Keys], None]) -> Callable[[Link, bytes], bool]:
        """The same for the event loop, where nothing may wait: a refusal may, for its words.

        Returns:
            What takes a packet of a link, if it is `Keys` and nothing is wrong with it. False:
            nothing was done, and the connection's greenlet takes it, by `short_way`.
        """

        def take(link: Link, packet: bytes) -> bool:
            said = packets.keys(packet)
            if said is None or self._outlet.by_sid(link.sid) is not link:
                return False
            if not link.allow(self._rate_per_s):
                return False
            try:
                handler(link, said)
            except Exception:  # noqa: BLE001 - it is raised once more where it can be answered
                link.tokens -= 1
                return False
            return True

        return take

    def _guarded(
        self, link: Link, kind: type[wire.Message], handle: Callable[[], wire.Message | None]
    ) -> Any:
        """What is answered to a message that `handle` takes."""
        try:
            if not link.allow(self._rate_per_s):
                raise TooMuch("That was too much at once.", hint="Please slow down a bit.")
            answer = handle()
        except IgymError as error:
            return self._refuse(link, kind.event, error, kind.acked)
        except RedisError as error:
            _log.warning("%s of %s waits for Redis: %s", kind.event, link.session, error)
            return self._answer(
                link,
                wire.Refused(
                    "unavailable", "We lost our own connection for a moment.", "Try again."
                ),
                kind.acked,
            )
        except Exception:  # noqa: BLE001 - the edge: whoever spoke gets an answer
            _log.exception(
                "%s failed",
                kind.event,
                extra={"session": link.session, "experiment": link.experiment},
            )
            return self._answer(
                link,
                wire.Refused("error", "Something went wrong on our side.", "Try again."),
                kind.acked,
            )
        asked = self._asked.get()
        if kind.durable and asked is not None:
            # The handler has shown the next screen; only the answer waits.
            gevent.spawn(self._answer_late, link, asked)
            return self._server.not_handled
        return None if answer is None else wire.plain(answer)

    def _answer_late(self, link: Link, asked: int) -> None:
        self._settled()
        self._outlet.packet(link, packets.answer(asked, None))

    def _refuse(self, link: Link, event: str, error: IgymError, acked: bool) -> Any:
        # Once a second and link at the most: a client must not be able to fill a disk.
        now_s = time.monotonic()
        if now_s - link.logged_s > 1 / _REFUSALS_PER_S:
            link.logged_s = now_s
            _log.info("refused %s of %s: %s", event, link.session, error)
        return self._answer(link, refusal(error), acked)

    def _answer(self, link: Link, refused: wire.Refused, acked: bool) -> Any:
        """As the acknowledgement; for messages that have none on its own, but not often."""
        refused = self._spoken(link.experiment, refused)
        now_s = time.monotonic()
        if not acked and now_s - link.refused_s > 1 / _REFUSALS_PER_S:
            link.refused_s = now_s
            self._outlet.send(link, refused)
        return wire.plain(refused)

    def _strange(self, sid: str, error: IgymError) -> Any:
        link = self._outlet.by_sid(sid)
        if link is not None:
            return self._refuse(link, "a message", error, acked=False)
        if (watcher := self._outlet.watcher(sid)) is None:
            return None  # the connection is on its way out
        # Whoever looks on has nothing to say: an answer, and for one who goes on, the end.
        if not watcher.allow(_WATCHERS_SAY_PER_S):
            watcher.socket.close(wait=False)
        return self._refuse(watcher, "a watcher's message", _ONLY_WATCHES, acked=False)

    def _malformed(self, sid: str, *_: Any) -> Any:
        return self._strange(sid, BadMessage("That message could not be read.", hint="Reload."))

    def _oversize(self, sid: str, *_: Any) -> Any:
        return self._strange(
            sid, TooMuch("That was more than we can take in one piece.", hint="Please shorten it.")
        )

    def _unknown(self, event: str, sid: str, *_: Any) -> Any:
        return self._strange(sid, BadMessage(f"There is no message named {event[:40]!r}."))
