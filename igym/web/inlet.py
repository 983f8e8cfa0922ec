"""A WebSocket's frames, read where the event loop finds them. Knows no message.

gevent-websocket reads three times for a header and its payload, and engine.io's greenlet is woken
for each message. Here the loop itself reads what has come. A short message that `Inlet.take` wants
is done with at that: no greenlet is switched to. Everything else is handed to the connection's
greenlet, which reads it as before. RFC 6455, section 5.2, has the layout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gevent import get_hub
from gevent.hub import Waiter
from geventwebsocket.exceptions import ProtocolError, WebSocketError
from geventwebsocket.websocket import Header, WebSocket

from igym.web.masking import unmasked

#: Read from a socket at once; the loop then turns to the next socket.
READ = 16 * 1024

_FIN, _FLAGS, _CONTROL = 0x80, 0x70, 0x08
_MASKED, _LENGTH = 0x80, 0x7F
_WHOLE_BINARY = 0x82
_WHOLE = (0x81, _WHOLE_BINARY)  # text too


class Inlet:
    """The receiving side of one connection."""

    def __init__(self, socket: Any, came: bytes, most: int) -> None:
        """Args:
        socket: gevent's.
        came: what was read of it already.
        most: bytes of the longest frame. What says it is longer is not waited for.
        """
        self._receive = socket._sock.recv
        self._watcher = get_hub().loop.io(socket.fileno(), 1)
        self._came = bytearray(came)
        self._most = most
        self._ended = False
        self._inside = False  # a message whose frames have not all been read
        self._waiter: Any = None
        #: Offered every whole message of up to 125 bytes, and whether it is binary, in the event
        #: loop: it must not wait for anything. False: it goes to the connection's greenlet.
        self.take: Callable[[bytes, bool], bool] = lambda message, binary: False

    def frame(self) -> tuple[Header, bytes]:
        """The next frame, waited for.

        Raises:
            ProtocolError: it is none, or too long.
            WebSocketError: the connection is gone.
        """
        while (found := self._whole()) is None:
            if self._ended:
                raise WebSocketError("the connection ended")
            self._wait()
        opcode = found[0].opcode
        if opcode < _CONTROL:
            self._inside = not found[0].fin
        return found

    def _whole(self) -> tuple[Header, bytes] | None:
        """The first frame of what came, if all of it has come."""
        came = self._came
        if len(came) < 2:
            return None
        first, second = came[0], came[1]
        length, begin = second & _LENGTH, 2
        if first & _FLAGS:
            raise ProtocolError("a frame with flags that were not agreed on")
        if first & _CONTROL and (length > 125 or not first & _FIN):
            raise ProtocolError("a control frame that is long or in parts")
        if length == 126:
            length, begin = int.from_bytes(came[2:4]), 4
        elif length == 127:
            length, begin = int.from_bytes(came[2:10]), 10
        if len(came) < begin:
            return None
        if length > self._most:
            raise ProtocolError(f"a frame of {length} bytes")
        mask = b""
        if second & _MASKED:
            mask = bytes(came[begin : begin + 4])
            begin += 4
        if len(came) < begin + length:
            return None
        payload = bytes(came[begin : begin + length])
        del came[: begin + length]
        header = Header(fin=first & _FIN == _FIN, opcode=first & 0x0F, length=length)
        return header, unmasked(payload, mask) if mask else payload

    def _wait(self) -> None:
        """Return once something came that this greenlet is to look at."""
        self._waiter = Waiter()
        self._watcher.start(self._ready)
        try:
            self._waiter.get()
        finally:
            self._watcher.stop()

    def _ready(self) -> None:
        """Called by the event loop: there is something to read."""
        try:
            data = self._receive(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._ended = True
        elif self._came or self._inside:
            self._came += data  # the rest of what the greenlet has begun with
        else:
            data = self._taken(data)
            if not data:
                return
            self._came += data
        self._waiter.switch(None)

    def _taken(self, data: bytes) -> bytes:
        """What is left of `data` after the messages that were taken off its beginning."""
        while len(data) >= 6 and data[0] in _WHOLE and _MASKED <= data[1] <= _MASKED + 125:
            end = data[1] - _MASKED + 6
            if len(data) < end:
                break
            if not self.take(unmasked(data[6:end], data[2:6]), data[0] == _WHOLE_BINARY):
                break
            data = data[end:]
        return data


class Read(WebSocket):
    """gevent-websocket's, but what it reads comes from its handler's `inlet`."""

    __slots__ = ()

    def read_frame(self) -> tuple[Header, bytes]:
        """The next frame, waited for."""
        found: tuple[Header, bytes] = self.handler.inlet.frame()
        return found


def read_by(handler: Any, most: int) -> Inlet:
    """Let the WebSocket that `handler` has just opened read through an inlet of its own."""
    sock = handler.socket
    patience_s, sock.timeout = sock.timeout, 0.0
    came = handler.rfile.peek()  # what came with the request's head; nothing is waited for
    sock.timeout = patience_s
    handler.websocket.__class__ = Read
    return Inlet(sock, came, most)
