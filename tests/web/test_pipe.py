"""A frame goes to the kernel at once, whole and in order, or not at all."""

from __future__ import annotations

import types
from collections.abc import Iterator

import gevent
import pytest
from gevent import socket
from gevent.queue import Queue
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from igym.web.pipe import Pipe, binary_frame


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets; the sending one has a small buffer."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    yield ours, theirs
    ours.close()
    theirs.close()


def pipe_to(sock: socket.socket, queue: Queue | None = None) -> tuple[Pipe, types.SimpleNamespace]:
    stream = types.SimpleNamespace(handler=types.SimpleNamespace(socket=sock), write=sock.sendall)
    websocket = types.SimpleNamespace(stream=stream, raw_write=sock.sendall)
    return Pipe(websocket, queue or Queue()), websocket


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_reads_as_the_binary_message_it_is(size):
    reader = StreamReader()
    reader.feed_data(binary_frame(b"x" * size))
    parse = Frame.parse(reader.read_exact, mask=False)

    with pytest.raises(StopIteration) as done:
        next(parse)

    frame = done.value.value
    assert (frame.opcode, frame.fin, len(frame.data)) == (Opcode.BINARY, True, size)


def test_a_frame_is_with_the_kernel_when_offer_returns(ends):
    ours, theirs = ends
    pipe, _ = pipe_to(ours)

    assert pipe.offer(b"frame")

    assert theirs.recv(100) == b"frame"


def test_a_full_buffer_takes_nothing_of_the_next_frame(ends):
    ours, theirs = ends
    pipe, _ = pipe_to(ours)
    big = bytes(range(256)) * 400

    # Given a frame of which the kernel took only a part
    assert pipe.offer(big)
    gevent.sleep(0)

    # Then the next is refused whole, and the first arrives complete
    assert not pipe.offer(b"second")
    heard = b""
    while len(heard) < len(big):
        heard += theirs.recv(65_536)
    assert heard == big


def test_a_frame_does_not_overtake_a_message_that_waits(ends):
    ours, theirs = ends
    queue: Queue = Queue()
    pipe, _ = pipe_to(ours, queue)
    queue.put(b"said before")

    assert not pipe.offer(b"frame")

    queue.get()
    assert pipe.offer(b"frame") and theirs.recv(100) == b"frame"


def test_another_message_waits_for_the_rest_of_a_frame(ends):
    ours, theirs = ends
    pipe, websocket = pipe_to(ours)
    big = b"f" * 100_000
    assert pipe.offer(big)
    gevent.sleep(0)

    said = gevent.spawn(websocket.raw_write, b"control")
    heard = b""
    while len(heard) < len(big) + len(b"control"):
        heard += theirs.recv(65_536)
    said.get(timeout=5)

    assert heard == big + b"control"


def test_a_dead_connection_is_no_error(ends):
    ours, theirs = ends
    pipe, _ = pipe_to(ours)
    theirs.close()
    ours.close()

    assert not pipe.offer(b"frame")
