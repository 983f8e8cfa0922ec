"""What a browser sends is read whole and in order, however it arrives and whoever takes it."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent import pywsgi, socket
from geventwebsocket.exceptions import ProtocolError, WebSocketError
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from igym import wire
from igym.errors import NotYours
from igym.web.door import Door
from igym.web.inlet import Inlet
from igym.web.outlet import Link, Outlet
from igym.web.serve import Handler

MOST = 100_000


def masked(data: bytes, opcode: Opcode = Opcode.BINARY, *, fin: bool = True) -> bytes:
    """As a browser sends it."""
    return Frame(opcode, data, fin=fin).serialize(mask=True)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's end and the browser's."""
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def reading(ours: socket.socket, came: bytes = b"") -> tuple[Inlet, list[bytes], Any]:
    """An inlet, what its greenlet has read so far, and that greenlet."""
    inlet, read = Inlet(ours, came, MOST), []

    def run() -> None:
        while True:
            read.append(bytes(inlet.frame()[1]))

    return inlet, read, gevent.spawn(run)


def until(true: Callable[[], bool]) -> None:
    with gevent.Timeout(10):
        while not true():
            gevent.sleep(0.001)


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 100, 5000, 10**6])
def test_frames_read_the_same_in_whatever_pieces_they_arrive(ends, piece):
    ours, theirs = ends
    sent = [bytes([n % 256]) * size for n, size in enumerate((0, 1, 125, 126, 300, 66_000, 5))]
    _, read, greenlet = reading(ours)

    raw = b"".join(masked(one) for one in sent)
    for at in range(0, len(raw), piece):
        theirs.sendall(raw[at : at + piece])
        if at < 2000:
            gevent.sleep(0)  # so that it is read before more has come

    until(lambda: len(read) == len(sent))
    assert read == sent
    greenlet.kill()


def test_what_came_with_the_head_of_the_request_is_read_first(ends):
    ours, theirs = ends
    raw = masked(b"early") + masked(b"half")
    _, read, greenlet = reading(ours, raw[:-2])
    theirs.sendall(raw[-2:] + masked(b"late"))
    until(lambda: len(read) == 3)
    assert read == [b"early", b"half", b"late"]
    greenlet.kill()


def test_a_message_that_is_taken_in_the_loop_wakes_nobody(ends):
    ours, theirs = ends
    inlet, read, greenlet = reading(ours)
    taken: list[bytes] = []

    def take(message: bytes, binary: bool) -> bool:
        if message.startswith(b"keys"):
            taken.append(message)
        return message.startswith(b"keys")

    inlet.take = take
    theirs.sendall(masked(b"keys 1") + masked(b"keys 2"))
    until(lambda: len(taken) == 2)
    assert read == []

    # What is not taken goes to the greenlet, and so does what came behind it: order is kept
    theirs.sendall(masked(b"keys 3") + masked(b"other") + masked(b"keys 4"))
    until(lambda: len(read) == 2)
    assert taken == [b"keys 1", b"keys 2", b"keys 3"] and read == [b"other", b"keys 4"]

    theirs.sendall(masked(b"keys 5"))
    until(lambda: len(taken) == 4)
    greenlet.kill()


@pytest.mark.parametrize(
    "raw",
    [
        masked(b"k" * 126),
        masked(b"keys", Opcode.PING),
        masked(b"ke", fin=False) + masked(b"ys", Opcode.CONT),
    ],
    ids=["long", "ping", "in parts"],
)
def test_only_short_whole_messages_are_offered_in_the_loop(ends, raw):
    ours, theirs = ends
    offered: list[bytes] = []
    inlet, read, greenlet = reading(ours)
    inlet.take = lambda message, binary: offered.append(message) is None

    theirs.sendall(raw)
    until(lambda: sum(map(len, read)) >= 4)

    assert offered == []
    greenlet.kill()


def test_nothing_is_taken_between_the_parts_of_a_message(ends):
    ours, theirs = ends
    offered: list[bytes] = []
    inlet, read, greenlet = reading(ours)
    inlet.take = lambda message, binary: offered.append(message) is None

    theirs.sendall(masked(b"one", fin=False))
    until(lambda: read == [b"one"])
    theirs.sendall(masked(b"whole"))  # which the protocol forbids: the greenlet is to see it
    until(lambda: len(read) == 2)

    assert offered == []
    greenlet.kill()


@pytest.mark.parametrize(
    "raw",
    [
        b"\xc2\x80" + bytes(4),
        b"\x08\x80" + bytes(4),
        b"\x89\xfe\x00\x7e",
        b"\x82\xff" + (MOST + 1).to_bytes(8) + bytes(4),
        b"\x82\xff" + b"\xff" * 8,
    ],
    ids=["flags", "half a control frame", "long control frame", "too long", "2^64"],
)
def test_what_is_no_frame_is_refused_before_it_has_come(ends, raw):
    ours, theirs = ends
    theirs.sendall(raw)
    with gevent.Timeout(5), pytest.raises(ProtocolError):
        Inlet(ours, b"", MOST).frame()


def test_the_end_of_a_connection_is_noticed(ends):
    ours, theirs = ends
    theirs.sendall(masked(b"last") + masked(b"never whole")[:-1])
    theirs.close()
    inlet = Inlet(ours, b"", MOST)
    assert inlet.frame()[1] == b"last"
    with gevent.Timeout(5), pytest.raises(WebSocketError):
        inlet.frame()


def test_a_websocket_of_the_server_reads_through_its_inlet():
    seen = []

    def app(environ: dict[str, Any], _: object) -> list[bytes]:
        websocket = environ["wsgi.websocket"]
        websocket.handler.inlet.take = lambda message, binary: (
            message == b"x" and not seen.append(1)
        )
        while (said := websocket.receive()) is not None:
            websocket.send(said)
        return []

    server = pywsgi.WSGIServer(("127.0.0.1", 0), app, handler_class=Handler, log=None)
    server.start()

    def browser() -> list[object]:
        with connect(f"ws://127.0.0.1:{server.server_port}/") as line:
            for said in (b"x", "text", [b"in ", b"parts"], b"long" * 20_000):
                line.send(said)
            return [line.recv(timeout=10) for _ in range(3)]

    # The browser has a thread of its own: nothing of it is patched by gevent
    got = gevent.get_hub().threadpool.apply(browser)
    assert got == ["text", b"in parts", b"long" * 20_000] and seen == [1]
    server.stop(timeout=1)


# --- what the door takes in the loop -------------------------------------------------------------


@pytest.fixture
def played() -> list[wire.Keys]:
    return []


@pytest.fixture
def door(played) -> tuple[Callable[[Link, bytes], bool], Link]:
    """What takes packets in the loop, and a link that may send four in two seconds."""
    outlet = Outlet("web-1", None, lambda link: None)  # type: ignore[arg-type]
    server = types.SimpleNamespace(
        manager=types.SimpleNamespace(eio_sid_from_sid=lambda sid, nsp: "eio"),
        eio=types.SimpleNamespace(sockets={"eio": None}),
        on=lambda *_: None,
        _handle_event=None,
    )
    outlet.bind(server)
    link = outlet.open("sid", "kitchen", "ann")

    def keys(link: Link, said: wire.Keys) -> None:
        if said.game != "g":
            raise NotYours("no")
        played.append(said)

    return Door(server, outlet, 2.0).quick(keys), link  # type: ignore[arg-type]


KEYS = wire.Keys("g", 1, 0, 0)


def test_keys_are_taken_in_the_loop(door, played):
    take, link = door
    assert take(link, wire.packet(KEYS)) and played == [KEYS]


def test_what_is_to_be_refused_is_left_to_who_has_words_for_it_and_counts_once(door, played):
    take, link = door
    for _ in range(50):
        assert not take(link, wire.packet(wire.Keys("another", 1, 0, 0)))
        assert not take(link, wire.packet(wire.Got(1)))
    assert played == [] and link.tokens < 1


def test_a_flood_is_not_taken_in_the_loop(door, played):
    take, link = door
    assert [take(link, wire.packet(KEYS)) for _ in range(20)].count(True) in (4, 5)


def test_a_connection_that_is_gone_says_nothing_more(door, played):
    take, link = door
    link.sid = "another"
    assert not take(link, wire.packet(KEYS)) and played == []
