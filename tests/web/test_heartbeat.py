"""Whoever answers is pinged again, once, after the interval; nobody else is."""

from __future__ import annotations

import time
import types
from typing import Any

import pytest
from engineio.exceptions import QueueEmpty

from igym.web import heartbeat
from igym.web.heartbeat import Heartbeat
from igym.web.outlet import Link


class Socket:
    """engine.io's, with a ping that has just been sent."""

    closed = closing = False

    def __init__(self) -> None:
        self.last_ping: float | None = time.time()
        self.waiting: list[Any] = []
        self.polled = 0

    def poll(self) -> list[Any]:
        """What waits; engine.io gives up where nothing came for a while."""
        self.polled += 1
        if self.polled == 3:
            self.waiting.append("state")
        if not self.waiting:
            raise QueueEmpty
        return self.waiting

    def send(self, packet: Any) -> None:
        self.waiting.append(packet.encode())


class Pipe:
    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self.written: list[bytes] = []

    def offer(self, frame: bytes) -> bool:
        if not self._socket.waiting:
            self.written.append(frame)
        return not self._socket.waiting


@pytest.fixture
def clock(monkeypatch) -> types.SimpleNamespace:
    now = types.SimpleNamespace(s=100.0, monotonic=lambda: now.s, time=lambda: now.s)
    monkeypatch.setattr(heartbeat, "time", now)
    return now


@pytest.fixture
def heart(clock) -> Heartbeat:
    return Heartbeat(2.0)


def link_of(heart: Heartbeat) -> Link:
    socket = Socket()
    link = Link(1, "sid", socket, "kitchen", "ann", Pipe(socket))  # type: ignore[arg-type]
    heart.keep(link)
    return link


def test_a_ping_follows_an_answer_after_the_interval(heart, clock):
    links = [link_of(heart) for _ in range(3)]
    for link in links:
        link.socket.schedule_ping()  # as engine.io does when an answer has come
        clock.s += 0.5
    clock.s = 102.6

    heart.turn()

    # "2" as text: the first two are due, and Engine.IO may now wait for their answers
    assert [link.pipe.written for link in links] == [[b"\x81\x012"], [b"\x81\x012"], []]
    assert [link.socket.last_ping for link in links] == [102.6, 102.6, None]


def test_answers_that_nobody_asked_for_make_no_pings(heart, clock):
    link = link_of(heart)
    for _ in range(100):
        heart.answered(link)
    clock.s += 10
    heart.turn()
    heart.turn()
    assert len(link.pipe.written) == 1


def test_a_ping_does_not_overtake_what_waits(heart, clock):
    link = link_of(heart)
    heart.answered(link)
    link.socket.waiting.append("state")
    clock.s += 3
    heart.turn()
    assert link.pipe.written == [] and link.socket.waiting == ["state", "2"]


def test_who_is_gone_is_not_pinged(heart, clock):
    link = link_of(heart)
    heart.answered(link)
    link.socket.closed = True
    clock.s += 3
    heart.turn()
    assert link.pipe.written == [] and link.socket.waiting == []


def test_nobody_is_hung_up_on_because_nothing_was_queued_for_them(heart):
    link = link_of(heart)
    assert link.socket.poll() == ["state"] and link.socket.polled == 3


def test_who_is_gone_is_not_written_to_for_ever(heart):
    link = link_of(heart)
    link.socket.closed = True
    with pytest.raises(QueueEmpty):
        link.socket.poll()
