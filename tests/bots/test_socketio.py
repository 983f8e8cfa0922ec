"""Packets of the simulated participants are those of the real client."""

from __future__ import annotations

import pytest
from socketio import msgpack_packet, packet

from igym import wire
from igym.bots import socketio


def test_python_socketio_reads_our_packets():
    raw = socketio.pack(socketio.EVENT, ["probe", {"sent_ms": 1.0}], 4)

    read = msgpack_packet.MsgPackPacket(encoded_packet=raw)

    assert (read.packet_type, read.namespace, read.id) == (packet.EVENT, "/", 4)
    assert read.data == ["probe", {"sent_ms": 1.0}]


def test_we_read_packets_of_python_socketio():
    raw = msgpack_packet.MsgPackPacket(packet.ACK, data=[None], namespace="/", id=2).encode()

    assert socketio.unpack(raw) == (socketio.ACK, [None], 2)


def test_we_read_what_the_game_worker_encoded():
    raw = wire.packet(wire.Frame("g", 1, 0, 2, 3, -1, [1], [0, {0: 1}], [], None))

    kind, data, id = socketio.unpack(raw)

    assert (kind, id) == (socketio.EVENT, None)
    assert data == ["frame", ["g", 1, 0, 2, 3, -1, [1], [0, {0: 1}], [], None]]


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/socket.io/?EIO=4&transport=websocket"),
        ("https://lab.org/igym/", "wss://lab.org/igym/socket.io/?EIO=4&transport=websocket"),
    ],
)
def test_sockets_are_where_the_pages_are(base, url):
    assert socketio.socket_url(base) == url
