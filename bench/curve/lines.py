"""Thousands of WebSockets in one thread, for a few microseconds a message. Knows no protocol above.

An event loop costs more than what it calls here: this is `epoll`, one `recv` for each socket that
has something, and a header taken apart by hand. Everybody speaks five times a second, so whose turn
it is stands in a queue and not in a heap.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from typing import Protocol
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9

#: How often somebody speaks: keys, which are also a sign of life.
SPEAKS_S = 0.2

#: Patience with a server that opens a connection.
PATIENCE_S = 30.0

_READ = 1 << 16


class Visitor(Protocol):
    """Whoever sits at a line."""

    def hear(self, line: Line, kind: int, message: bytes) -> None:
        """A whole message has come, TEXT or BINARY."""

    def speak(self, line: Line, now_s: float) -> None:
        """Their turn has come, once in `SPEAKS_S`."""

    def lose(self) -> None:
        """The line is gone."""


class Line:
    """An open WebSocket."""

    def __init__(self, url: str) -> None:
        """Connect and shake hands, waiting for it.

        Raises:
            OSError: nobody answers, or with something else than a WebSocket.
        """
        at = urlsplit(url)
        self.socket = socket.create_connection((at.hostname, at.port or 80), PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        asked = (
            f"GET {at.path}?{at.query} HTTP/1.1\r\nHost: {at.netloc}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        self.socket.sendall(asked.encode())
        self._rest = b""
        while b"\r\n\r\n" not in self._rest:
            self._rest += self._more()
        head, self._rest = self._rest.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise ConnectionError(f"no WebSocket: {head[:80]!r}")
        self.open = True
        #: What came while somebody waited for something else: heard first of all.
        self.early: list[tuple[int, bytes]] = []

    def _more(self) -> bytes:
        data = self.socket.recv(_READ)
        if not data:
            raise ConnectionError("hung up while the connection was opened")
        return data

    def wait(self) -> tuple[int, bytes]:
        """The next message, waited for: only before `Lines` has this line. Raises `OSError`."""
        while (taken := self._take()) is None:
            self._rest += self._more()
        return taken

    def _take(self) -> tuple[int, bytes] | None:
        """The first whole message of what has come."""
        data = self._rest
        if len(data) < 2:
            return None
        length, begin = data[1] & 127, 2
        if length == 126:
            length, begin = int.from_bytes(data[2:4]), 4
        elif length == 127:
            length, begin = int.from_bytes(data[2:10]), 10
        if len(data) < begin + length:
            return None
        self._rest = data[begin + length :]
        return data[0] & 15, data[begin : begin + length]

    def arrived(self, data: bytes) -> list[tuple[int, bytes]]:
        """The messages that are whole with `data`."""
        if not self._rest and data[1:2] == b"~" and len(data) == int.from_bytes(data[2:4]) + 4:
            return [(data[0] & 15, data[4:])]  # nearly always: one frame of a game
        self._rest = self._rest + data if self._rest else data
        made = []
        while (taken := self._take()) is not None:
            made.append(taken)
        return made

    def send(self, message: bytes, kind: int = BINARY) -> None:
        """Send one. What does not fit into the socket's buffer at once ends the line."""
        length = len(message)
        # Masked with zeros, as RFC 6455 lets a client choose: the message stays as it is.
        if length < 126:
            head = bytes((0x80 | kind, 0x80 | length, 0, 0, 0, 0))
        else:
            head = bytes((0x80 | kind, 0xFE, length >> 8, length & 255, 0, 0, 0, 0))
        try:
            if self.socket.send(head + message) != len(head) + length:
                self.open = False
        except OSError:
            self.open = False


class Lines:
    """All of them. `turn` again and again keeps them going."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._at: dict[int, tuple[Line, Visitor]] = {}
        self._turns: deque[tuple[float, int, Line, Visitor]] = deque()
        self.bytes = 0  # received
        self.lost = 0
        self._buffer = bytearray(_READ)
        self._view = memoryview(self._buffer)
        self.longest_s = 0.0  # the longest turn since it was set to 0: how late a message was read

    def watch(self, handle: int) -> None:
        """Let a turn end when that file has something to read."""
        self._poll.register(handle, select.EPOLLIN)

    def add(self, line: Line, visitor: Visitor) -> None:
        """Somebody more, whose line has been opened."""
        line.socket.setblocking(False)
        handle = line.socket.fileno()
        self._at[handle] = (line, visitor)
        self._poll.register(handle, select.EPOLLIN)
        for kind, message in [*line.early, *line.arrived(b"")]:
            visitor.hear(line, kind, message)
        # Turns of people who come in one moment are spread over the time between two.
        spread_s = len(self._at) % 29 / 29 * SPEAKS_S
        self._turns.append((time.monotonic() + spread_s, handle, line, visitor))

    def turn(self, most_s: float = 0.05) -> list[int]:
        """Read what has come, and let those speak whose turn it is. Returns files being watched."""
        now_s = time.monotonic()
        due_s = self._turns[0][0] - now_s if self._turns else most_s
        events = self._poll.poll(max(0.0, min(most_s, due_s)))
        began_s = time.monotonic()
        others = []
        for handle, _ in events:
            found = self._at.get(handle)
            if found is None:
                others.append(handle)
                continue
            line, visitor = found
            try:
                # Into one buffer: `recv` would make 64 kB each time, and give most of it back.
                data = bytes(self._view[: line.socket.recv_into(self._buffer)])
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self._lose(handle, line, visitor)
                continue
            self.bytes += len(data)
            for kind, message in line.arrived(data):
                if kind == CLOSE:
                    line.open = False
                else:
                    visitor.hear(line, kind, message)
            if not line.open:
                self._lose(handle, line, visitor)
        now_s = time.monotonic()
        turns = self._turns
        for _ in range(len(turns)):
            if turns[0][0] > now_s:
                break
            due_s, handle, line, visitor = turns.popleft()
            if handle in self._at and self._at[handle][0] is line:
                visitor.speak(line, now_s)
                turns.append((max(due_s + SPEAKS_S, now_s), handle, line, visitor))
        self.longest_s = max(self.longest_s, time.monotonic() - began_s)
        return others

    def _lose(self, handle: int, line: Line, visitor: Visitor) -> None:
        self.lost += 1
        line.open = False
        self._poll.unregister(handle)
        del self._at[handle]
        line.socket.close()
        visitor.lose()
