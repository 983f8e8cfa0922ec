"""Finished Socket.IO packets beside those of plain messages (`igym.wire.packet`)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from igym.wire import MAX_PACKET_BYTES, Frame, Keys, Message

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


class _Keys(msgspec.Struct):
    type: Literal[2]
    data: tuple[Literal["keys"], Keys]
    nsp: Literal["/"]
    id: int | None = None


_decode_keys = msgspec.msgpack.Decoder(_Keys).decode


def keys(packet: bytes) -> Keys | None:
    """The `Keys` in a packet of a browser; None where it is anything else, or will not do.

    Decoded straight into its shape, with every bound checked: a third of what it takes to decode
    a packet first and then look at what is in it.
    """
    if b"\xa4keys" not in packet[:24] or len(packet) > MAX_PACKET_BYTES:
        return None
    try:
        said = _decode_keys(packet)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None
    return said.data[1] if said.id is None else None


#: Where the time is among the fields of a frame.
_AT = Frame.__struct_fields__.index("at_ms")


def frame_age_ms(packet: bytes, now_ms: float) -> float:
    """How old the frame in a finished packet is; 0 where its clock is ahead of ours."""
    at_ms = _decode(packet)["data"][1][_AT]
    age_ms = (int(now_ms) - at_ms) & 0xFFFF_FFFF
    return 0.0 if age_ms > 1 << 31 else float(age_ms)
