"""A slow socket gets the latest picture, not all of them; what is not a picture always arrives."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from igym import wire
from igym.web.outlet import MOST_FRAMES, Outlet
from igym.wire import inner


class Socket:
    """engine.io's end of a connection, written to the network when the test says so."""

    closed = False

    def __init__(self) -> None:
        self.queue: list = []

    def send(self, packet) -> None:
        self.queue.append(packet)

    def write(self, n: int = 10**9) -> list[bytes]:
        now, self.queue = self.queue[:n], self.queue[n:]
        return [packet.encode() for packet in now]


class Outgoing:
    def __init__(self) -> None:
        self.said: list = []

    def put(self, peer, message) -> None:
        self.said.append((peer, message))


@pytest.fixture
def outlet() -> Outlet:
    made = Outlet("web-1", Outgoing(), lambda link: None)
    sockets = {"eio": Socket()}
    made.bind(
        SimpleNamespace(
            manager=SimpleNamespace(eio_sid_from_sid=lambda sid, nsp: "eio"),
            eio=SimpleNamespace(sockets=sockets),
        )
    )
    return made


@pytest.fixture
def link(outlet):
    made = outlet.open("sid", "kitchen", "ann")
    made.game, made.seat, made.worker = "g", "left", "games-1"
    return made


def frame(n: int, what: int = inner.FRAME) -> inner.Deliver:
    return inner.Deliver([1], what, b"frame %d" % n)


def asked(outlet) -> list:
    return [said for _, said in outlet.outbox.said if isinstance(said, inner.WantKeyframe)]


def test_a_socket_that_keeps_up_gets_every_frame(outlet, link):
    got = []
    for n in range(100):
        outlet.handle([frame(n)])
        got += link.socket.write()
    assert got == [b"frame %d" % n for n in range(100)]
    assert asked(outlet) == [] and outlet.dropped == 0


def test_a_throttled_socket_never_has_more_than_two_frames_waiting(outlet, link):
    for n in range(100):
        outlet.handle([frame(n, inner.KEYFRAME if n % 10 == 0 else inner.FRAME)])
        assert len(link.socket.queue) <= MOST_FRAMES == 2
        if n % 7 == 0:
            link.socket.write(1)
    assert outlet.dropped > 50


def test_a_socket_that_fell_behind_goes_on_with_a_keyframe_and_nothing_before(outlet, link):
    for n in range(5):
        outlet.handle([frame(n)])
    assert link.socket.write() == [b"frame 0", b"frame 1"]
    assert asked(outlet) == [inner.WantKeyframe("g", "left", "web-1", 1)]

    outlet.handle([frame(6), frame(7, inner.KEYFRAME), frame(8)])
    assert link.socket.write() == [b"frame 7", b"frame 8"]


def test_a_keyframe_that_does_not_come_is_asked_for_again_but_not_all_the_time(outlet, link):
    for n in range(5):
        outlet.handle([frame(n)])
    link.socket.write()
    for n in range(5, 50):
        outlet.handle([frame(n)])
    assert len(asked(outlet)) == 1
    link.asked_s -= 1
    outlet.handle([frame(51)])
    assert len(asked(outlet)) == 2


def test_what_is_not_a_picture_always_arrives_in_order(outlet, link):
    for n in range(50):
        outlet.handle([frame(n), inner.Deliver([1], inner.CONTROL, b"control %d" % n)])
    outlet.send(link, wire.Replaced())
    got = link.socket.write()
    assert [one for one in got if one.startswith(b"control")] == [
        b"control %d" % n for n in range(50)
    ]
    assert got[-1] == wire.packet(wire.Replaced())


def test_nothing_is_queued_for_a_socket_that_is_gone(outlet, link):
    link.socket.closed = True
    outlet.handle([frame(1)])
    assert link.socket.queue == []
    outlet.close(link)
    outlet.handle([frame(2)])
    assert len(outlet) == 0 and outlet.by_sid("sid") is None


def test_inputs_go_to_a_new_owner_only_of_the_game_one_is_in(outlet, link):
    outlet.handle([inner.Owned(1, "other", "left", "games-9", 1)])
    assert link.worker == "games-1"
    outlet.handle([inner.Owned(1, "g", "left", "games-2", 2)])
    assert link.worker == "games-2"


def test_after_the_inbox_was_away_every_game_is_asked_for_a_keyframe(outlet, link):
    outlet.resumed()
    assert len(asked(outlet)) == 1
    outlet.handle([frame(1), frame(2, inner.KEYFRAME)])
    assert link.socket.write() == [b"frame 2"]


def test_a_flood_is_stopped_after_two_seconds_worth(link):
    allowed = [link.allow(30) for _ in range(200)]
    assert 60 <= allowed.count(True) <= 62 and allowed[:60] == [True] * 60
    link.tokens_s -= 1
    assert [link.allow(30) for _ in range(40)].count(True) in (30, 31)
