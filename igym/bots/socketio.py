"""A Socket.IO connection as cheap as a load generator needs it. Knows no participant.

Engine.IO 4 over a WebSocket: text frames are Engine.IO's own ("0{…}" opens, "2" is a ping,
"3" its answer), binary frames are Socket.IO packets in the msgpack form.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgpack  # type: ignore[import-untyped]
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

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


class Connection:
    """One open connection. Make it with `opened`, then run `listen` until it ends."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._next = 0
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
        """Call `heard(event, argument)` for every event, until the connection ends."""
        try:
            async for raw in self._socket:
                self.packets += 1
                if isinstance(raw, str):
                    if raw == "2":
                        await self._socket.send("3")
                    elif raw == "1":
                        return
                    continue
                kind, data, id = unpack(raw)
                if kind == EVENT:
                    heard(data[0], data[1])
                elif kind == ACK:
                    answer = self._asked.get(-1 if id is None else id)
                    if answer is not None and not answer.done():
                        answer.set_result(data[0] if data else None)
                elif kind == DISCONNECT:
                    return
        except ConnectionClosed:
            return
        finally:
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(Closed("the connection ended"))

    async def close(self) -> None:
        """Leave as a browser does that closes its tab."""
        await self._socket.close()

    async def _send(self, content: bytes) -> None:
        try:
            await self._socket.send(content)
        except ConnectionClosed as error:
            raise Closed("the connection ended") from error


async def opened(url: str, auth: dict[str, Any]) -> Connection:
    """Connect and be let in.

    Raises:
        Unwelcome: the server refuses, with its reason.
        Closed: it cannot be reached, or hung up meanwhile.
    """
    try:
        # Frames come faster than a ping of ours would tell anything; they are not compressed.
        socket = await connect(
            url,
            compression=None,
            ping_interval=None,
            max_queue=None,
            open_timeout=PATIENCE_S,
            close_timeout=1,
            max_size=2**22,
        )
    except (OSError, TimeoutError, WebSocketException) as error:
        raise Closed(f"cannot connect: {error}") from error
    try:
        async with asyncio.timeout(PATIENCE_S):
            await socket.recv()  # "0{…}": open
            await socket.send(pack(CONNECT, auth))
            while True:
                raw = await socket.recv()
                if isinstance(raw, bytes):
                    break
                if raw == "2":
                    await socket.send("3")
        kind, data, _ = unpack(raw)
        if kind == CONNECT_ERROR:
            said: dict[str, Any] = data if isinstance(data, dict) else {"message": data}
            about: dict[str, Any] = said.get("data") or {}
            raise Unwelcome(str(about.get("code", "refused")), str(said.get("message", "")))
        if kind != CONNECT:
            raise Closed(f"the server began with a packet of type {kind}")
    except (ConnectionClosed, TimeoutError) as error:
        await socket.close()
        raise Closed(f"not let in: {error}") from error
    except (Unwelcome, Closed):
        await socket.close()
        raise
    return Connection(socket)
