"""Whatever arrives on a socket becomes a known event or a refusal, and never an exception."""

from __future__ import annotations

import random

import msgspec
import pytest
import socketio
from hypothesis import given
from hypothesis import strategies as st

from igym import wire
from igym.errors import BadMessage
from igym.web.door import MALFORMED, OVERSIZE, BoundedPacket
from igym.wire import packets

GOOD = [
    {"type": 0, "data": {"token": "t", "wire": 1}, "nsp": "/"},
    {"type": 0, "nsp": "/"},
    {"type": 1, "nsp": "/"},
    {"type": 2, "data": ["keys", ["g", 1, -1, 3, [[0, True, 1.5]]]], "nsp": "/"},
    {"type": 2, "data": ["advance", {"scene": "s", "version": 1}], "nsp": "/", "id": 7},
]
ALLOWED = {0, 1, 2}


def decoded(raw: bytes | str) -> BoundedPacket:
    """`raw` as the server would take it; asserts that it may."""
    said = BoundedPacket(encoded_packet=raw)
    assert said.packet_type in ALLOWED and said.namespace == "/" and said.attachment_count == 0
    if said.packet_type == 0:
        assert said.data is None or isinstance(said.data, dict)
    if said.packet_type == 2:
        name = said.data[0]
        assert isinstance(name, str)
        assert name in (MALFORMED, OVERSIZE) or not name.startswith("\x00")
        assert name not in ("connect", "disconnect", "*")
    assert said.id is None or type(said.id) is int
    return said


@pytest.mark.parametrize("said", GOOD)
def test_a_good_packet_is_understood(said):
    got = decoded(msgspec.msgpack.encode(said))
    assert (got.packet_type, got.data, got.id) == (said["type"], said.get("data"), said.get("id"))


def test_ten_thousand_spoiled_packets_raise_nothing():
    chance = random.Random(4)
    for n in range(10_000):
        raw = bytearray(msgspec.msgpack.encode(GOOD[n % len(GOOD)]))
        for _ in range(chance.randint(1, 6)):
            at, byte = chance.randrange(len(raw) + 1), chance.randrange(256)
            raw[at : at + chance.randrange(3)] = [byte] * chance.randrange(3)
        if chance.random() < 0.2:
            del raw[chance.randrange(len(raw) + 1) :]
        decoded(bytes(raw))


@given(st.binary(max_size=200) | st.text(max_size=50))
def test_noise_raises_nothing(raw):
    decoded(raw)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.text(max_size=5),
    lambda some: (
        st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=4), some, max_size=3)
    ),
    max_leaves=6,
)


@given(st.fixed_dictionaries({"type": ODD, "data": ODD, "nsp": ODD | st.just("/"), "id": ODD}))
def test_a_packet_of_any_shape_raises_nothing(said):
    decoded(msgspec.msgpack.encode(said))


@pytest.mark.parametrize("name", ["connect", "disconnect", "*", "\x00malformed", "\x00", "__disconnect_final"])  # fmt: skip  # noqa: E501
def test_no_browser_calls_what_socket_io_calls_itself(name):
    assert (
        name == MALFORMED
        or name
        not in decoded(msgspec.msgpack.encode({"type": 2, "data": [name, {}], "nsp": "/"})).data
    )
    assert set(socketio.Server.reserved_events) <= {"connect", "disconnect", "__disconnect_final"}


def test_a_packet_that_is_too_large_is_called_so_before_it_is_read():
    limit = wire.MAX_PACKET_BYTES
    assert decoded(b"\x91" * (limit + 1)).data == [OVERSIZE]
    assert decoded(b"\x91" * limit).data == [MALFORMED]


@pytest.mark.parametrize("nsp", ["/admin", "", None, 5])
def test_other_namespaces_do_not_exist(nsp):
    raw = msgspec.msgpack.encode({"type": 2, "data": ["keys", 1], "nsp": nsp})
    assert decoded(raw).data == [MALFORMED]


# --- the short way -----------------------------------------------------------------------------

KEYS = ["g", 1, -1, 3, [[0, True, 1.5]]]


def long_way(raw: bytes) -> wire.Keys | None:
    """What a packet is on the long way, if it is `Keys` and all right."""
    said = BoundedPacket(encoded_packet=raw)
    if said.packet_type != 2 or said.data[0] != "keys" or len(said.data) != 2:
        return None
    try:
        return wire.parse(wire.Keys, said.data[1])
    except BadMessage:
        return None


@pytest.mark.parametrize(
    "said",
    [
        {"type": 2, "data": ["keys", KEYS], "nsp": "/"},
        # As the browser's library writes it
        {"type": 2, "data": ["keys", KEYS], "options": {"compress": True}, "nsp": "/"},
        {"type": 2, "nsp": "/", "data": ["keys", [*KEYS, True, [[0, 5, 5, True]], []]]},
    ],
)
def test_keys_are_the_same_on_the_short_way(said):
    for raw in (msgspec.msgpack.encode(said), bytearray(msgspec.msgpack.encode(said))):
        assert packets.keys(raw) == long_way(bytes(raw)) != None  # noqa: E711


@pytest.mark.parametrize(
    "said",
    [
        {"type": 2, "data": ["keys", KEYS], "nsp": "/", "id": 4},  # asks for an answer
        {"type": 2, "data": ["keys", KEYS], "nsp": "/admin"},
        {"type": 3, "data": ["keys", KEYS], "nsp": "/"},
        {"type": 2, "data": ["keys", KEYS, 1], "nsp": "/"},
        {"type": 2, "data": ["keys", [*KEYS[:3], -1]], "nsp": "/"},
        {"type": 2, "data": ["keys", ["x" * 70_000]], "nsp": "/"},
        {"type": 2, "data": ["keyss", KEYS], "nsp": "/"},
    ],
)
def test_whatever_else_goes_the_long_way(said):
    assert packets.keys(msgspec.msgpack.encode(said)) is None


def test_no_spoiled_packet_gets_further_on_the_short_way():
    chance = random.Random(7)
    good = msgspec.msgpack.encode({"type": 2, "data": ["keys", KEYS], "nsp": "/"})
    taken = 0
    for _ in range(10_000):
        raw = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        said = packets.keys(bytes(raw))
        taken += said is not None
        assert said is None or said == long_way(bytes(raw))
    assert taken > 100
