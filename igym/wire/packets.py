"""Finished Socket.IO packets beside those of plain messages (`igym.wire.packet`)."""

from __future__ import annotations

from typing import Any

import msgspec

from igym.wire import Message

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def answer(id: int, said: Any) -> bytes:
    """The acknowledgement of the request with that number, as a finished Socket.IO packet."""
    return _encode({"type": 3, "data": [] if said is None else [said], "nsp": "/", "id": id})


def sealed(message: Message) -> bytes:
    """A reliable message as it is kept until its number is known; see `numbered`."""
    assert message.reliable, f"{message.event} has no seq"
    return _encode([message.event, message])


def numbered(kept: bytes, seq: int) -> bytes:
    """The finished packet of a `sealed` message, with its number in it."""
    event, fields = _decode(kept)
    return _encode({"type": 2, "data": [event, {**fields, "seq": seq}], "nsp": "/"})
