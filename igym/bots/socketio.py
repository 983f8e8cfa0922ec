"""A Socket.IO connection as cheap as a load generator needs it. Knows no participant.

Engine.IO 4 over a WebSocket: text frames are Engine.IO's own ("0{…}" opens, "2" is a ping,
"3" its answer), binary frames are Socket.IO packets in the msgpack form.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgpack  # type: ignore[import-untyped]
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.frames import Frame, Opcode

from igym import wire

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR = range(5)

#: Patience with each step of opening a connection, and with an acknowledgement.
PATIENCE_S = 10.0


class Closed(Exception):
    """The connection is gone, or could not be made. A new one may work."""


class Unwelcome(Exception):
    """The server refused the connection. `code` says why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


class Packet(NamedTuple):
    """A Socket.IO packet; an event's data is [name, argument]."""

    kind: int
    data: Any
    id: int | None


def pack(kind: int, data: Any, id: int | None = None) -> bytes:
    """A Socket.IO packet for the namespace `/`."""
    made: dict[str, Any] = {"type": kind, "data": data, "nsp": "/"}
    if id is not None:
        made["id"] = id
    packed: bytes = msgpack.packb(made)
    return packed


def unpack(raw: bytes) -> Packet:
    """The packet in a binary frame. Raises `BadMessage`."""
    said = wire.unpack(raw)
    return Packet(said["type"], said.get("data"), said.get("id"))


def socket_url(base: str) -> str:
    """Where the sockets of the site at `base` (http or https) are."""
    at = urlsplit(base)
    scheme = "wss" if at.scheme == "https" else "ws"
    return f"{scheme}://{at.netloc}{at.path.rstrip('/')}/socket.io/?EIO=4&transport=websocket"


class Line(ClientConnection):
    """A WebSocket that hands each message on as it arrives, without a queue and a task between.

    That halves what a frame costs, and a load generator has no other work. Messages that come
    before there is a `taker` wait in `early`.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.early: list[bytes | str] = []
        self.some = asyncio.Event()
        self.taker: Callable[[bytes | str], None] | None = None

    def process_event(self, event: Any) -> None:
        """One WebSocket frame. igym sends every message as one."""
        if not isinstance(event, Frame) or event.opcode not in (Opcode.TEXT, Opcode.BINARY):
            super().process_event(event)
            return
        text = event.opcode is Opcode.TEXT
        message = str(event.data, "utf-8") if text else bytes(event.data)
        if self.taker is not None:
            self.taker(message)
        else:
            self.early.append(message)
            self.some.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side is gone: whoever waits for a message must know."""
        super().connection_lost(exc)
        self.some.set()

    async def first(self) -> bytes | str:
        """The next message, before there is a taker. Raises `Closed`."""
        while not self.early:
            self.some.clear()
            await self.some.wait()
            if not self.early:
                raise Closed("the connection ended")
        return self.early.pop(0)


class Connection:
    """One open connection. Make it with `opened`, then run `listen` until it ends."""

    def __init__(self, line: Line, delay_s: float = 0.0) -> None:
        """`delay_s` is added each way, as a longer line would."""
        self._socket = line
        self._delay_s = delay_s
        self._coming: deque[bytes | str] = deque()
        self._going: deque[bytes | str] = deque()
        self._mute = False
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._next = 0
        self._answers: set[asyncio.Task[None]] = set()
        self.packets = 0  # received

    async def tell(self, message: wire.Message) -> None:
        """Send without waiting for an answer. Raises `Closed`."""
        await self._send(wire.packet(message))

    async def ask(self, message: wire.Message, patience_s: float = PATIENCE_S) -> Any:
        """Send and wait for the acknowledgement: plain values, `None` for "done".

        Raises:
            Closed: the connection ended first, or nobody answered for `patience_s`.
        """
        self._next += 1
        id = self._next
        answer = self._asked[id] = asyncio.get_running_loop().create_future()
        try:
            await self._send(pack(EVENT, [message.event, wire.plain(message)], id))
            async with asyncio.timeout(patience_s):
                return await answer
        except TimeoutError as error:
            raise Closed(f"{message.event} was not answered in {patience_s:g} s") from error
        finally:
            del self._asked[id]

    async def listen(self, heard: Callable[[str, Any], None]) -> None:
        """Call `heard(event, argument)` for every event, until the connection ends.

        Raises:
            Whatever `heard` raised; the connection is closed then.
        """
        failed: list[Exception] = []

        loop = asyncio.get_running_loop()

        def take(raw: bytes | str) -> None:
            try:
                self._take(raw, heard)
            except Exception as error:  # noqa: BLE001 - nothing above us here but the event loop
                failed.append(error)
                self._leave()

        def later(raw: bytes | str) -> None:
            # Timers of one moment may fire in any order; what they take out is in order.
            self._coming.append(raw)
            loop.call_later(self._delay_s, arrive)

        def arrive() -> None:
            if not self._mute:
                take(self._coming.popleft())

        try:
            arrived = later if self._delay_s else take
            for raw in self._socket.early:
                arrived(raw)
            self._socket.taker = arrived
            await self._socket.wait_closed()
        finally:
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(Closed("the connection ended"))
        if failed:
            raise failed[0]

    def _take(self, raw: bytes | str, heard: Callable[[str, Any], None]) -> None:
        self.packets += 1
        if isinstance(raw, str):
            if raw == "2":
                self.soon(self._send("3"))
            elif raw == "1":
                self._leave()
            return
        kind, data, id = unpack(raw)
        if kind == EVENT:
            heard(data[0], data[1])
        elif kind == ACK:
            answer = self._asked.get(-1 if id is None else id)
            if answer is not None and not answer.done():
                answer.set_result(data[0] if data else None)
        elif kind == DISCONNECT:
            self._leave()

    def _leave(self) -> None:
        self.soon(self.close())

    def soon(self, act: Coroutine[Any, Any, None]) -> None:
        """Do that beside everything else; nobody hears of a connection that ended meanwhile."""

        async def quietly() -> None:
            with contextlib.suppress(Closed):
                await act

        task = asyncio.create_task(quietly())
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def close(self) -> None:
        """Leave as a browser does that closes its tab."""
        await self._socket.close()

    def silence(self) -> None:
        """From now on nothing is read or sent, and the server is not told."""
        self._mute = True
        self._socket.taker = lambda raw: None
        self._socket.transport.pause_reading()

    def abort(self) -> None:
        """Gone without a good-bye."""
        self._mute = True
        self._socket.transport.abort()

    async def _send(self, content: bytes | str) -> None:
        if self._mute:
            raise Closed("the line is silent")
        if not self._delay_s:
            await self._send_now(content)
            return
        self._going.append(content)
        loop = asyncio.get_running_loop()
        loop.call_later(self._delay_s, lambda: self.soon(self._send_now(self._going.popleft())))

    async def _send_now(self, content: bytes | str) -> None:
        if self._mute:
            return
        try:
            await self._socket.send(content)
        except ConnectionClosed as error:
            raise Closed("the connection ended") from error


async def opened(url: str, auth: dict[str, Any], delay_s: float = 0.0) -> Connection:
    """Connect and be let in, on a line that takes `delay_s` longer each way.

    Raises:
        Unwelcome: the server refuses, with its reason.
        Closed: it cannot be reached, or hung up meanwhile.
    """
    try:
        # Frames come faster than a ping of ours would tell anything; they are not compressed.
        line = await connect(
            url,
            create_connection=Line,
            compression=None,
            ping_interval=None,
            max_queue=None,
            open_timeout=PATIENCE_S,
            close_timeout=1,
            max_size=2**22,
        )
    except (OSError, TimeoutError, WebSocketException) as error:
        raise Closed(f"cannot connect: {error}") from error
    assert isinstance(line, Line)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await line.first()  # "0{…}": open
            await line.send(pack(CONNECT, auth))
            while not isinstance(raw := await line.first(), bytes):
                if raw == "2":
                    await line.send("3")
        _admitted(unpack(raw))
    except (ConnectionClosed, TimeoutError) as error:
        await line.close()
        raise Closed(f"not let in: {error}") from error
    except (Unwelcome, Closed):
        await line.close()
        raise
    return Connection(line, delay_s)


def _admitted(answer: Packet) -> None:
    """Raises `Unwelcome` or `Closed` unless that is what a server says to who may come in."""
    if answer.kind == CONNECT_ERROR:
        said: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
        about: dict[str, Any] = said.get("data") or {}
        raise Unwelcome(
            str(about.get("code", "refused")), str(said.get("message", "")) or str(answer.data)
        )
    if answer.kind != CONNECT:
        raise Closed(f"the server began with a packet of type {answer.kind}")
