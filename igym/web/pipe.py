"""A WebSocket's bytes, written at once where the kernel takes them. Knows no message.

engine.io writes each packet from a greenlet of the socket, fed by a queue: right for control
messages, but half of what a frame costs. A frame is instead offered to the kernel where it
arrives; only what does not fit goes the long way. RFC 6455, section 5.2, has the layout.
"""

from __future__ import annotations

import struct
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore


def binary_frame(payload: bytes) -> bytes:
    """`payload` as one unmasked binary WebSocket frame; the same bytes for every socket."""
    size = len(payload)
    if size < 126:
        return bytes((0x82, size)) + payload
    if size < 65_536:
        return b"\x82\x7e" + struct.pack("!H", size) + payload
    return b"\x82\x7f" + struct.pack("!Q", size) + payload


def text_frame(payload: bytes) -> bytes:
    """A short text, of up to 125 bytes, as one unmasked WebSocket frame."""
    return bytes((0x81, len(payload))) + payload


class Pipe:
    """The sending side of one gevent-websocket connection. One writer at a time."""

    def __init__(self, websocket: Any, queue: Any) -> None:
        """Take over the writing of `websocket`: engine.io's own messages pass through here too.

        `queue` is of those that it has yet to write.
        """
        self._nothing_waits = queue.empty
        self._send = websocket.stream.handler.socket._sock.send
        self._write_all = websocket.stream.write
        self._free = BoundedSemaphore(1)
        websocket.stream.write = websocket.raw_write = self._write

    def _write(self, content: bytes) -> None:
        with self._free:
            self._write_all(content)

    def offer(self, frame: bytes) -> bool:
        """Write a finished WebSocket frame if the kernel takes any of it now.

        Never blocks. False: nothing was written, since the kernel's buffer is full, another
        message is on its way or waits to be, or the connection is gone.
        """
        if self._free.locked() or not self._nothing_waits():
            return False
        # Not held meanwhile: no other greenlet runs before the kernel has answered.
        try:
            taken = self._send(frame)
        except OSError:  # BlockingIOError among them
            return False
        if taken < len(frame):
            self._free.acquire()  # at once
            gevent.spawn(self._rest, frame[taken:])  # releases
        return True

    def _rest(self, rest: bytes) -> None:
        try:
            self._write_all(rest)
        except OSError:
            pass  # gone: engine.io's reader notices
        finally:
            self._free.release()
