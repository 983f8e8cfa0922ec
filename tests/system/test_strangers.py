"""For every event there is: a socket that never signed in, and somebody else's, change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgpack
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from igym import wire
from igym.store import keys
from tests.system.client import ACK, EVENT, Client, join
from tests.system.conftest import two

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def victims(stack) -> Iterator[tuple[Client, Client]]:
    pair = two(stack)
    try:
        yield pair
    finally:
        pair[0].press(" ")
        for one in pair:
            one.close()


def said(event: str, victim: Client) -> Any:
    """What the victim could say now."""
    game, version = victim.game["game"], victim.state["version"]
    return {
        "advance": {"scene": "together", "version": version},
        "ready": {"game": game, "width_px": 9, "height_px": 9},
        "keys": [game, 10**6, 1, 1, [[0, True, 1.0]]],
        "probe": {"sent_ms": 1.0, "rtt_ms": 590_000.0},
        "painted": {"game": game, "opened_ms": 1.0, "paints": 9, "dropped": 9},
        "logged": {"lines": [["error", 1.0, "stranger"]]},
        "notice": {"kind": "error", "at_ms": 1.0, "detail": "stranger"},
        "screened": {
            "version": version,
            "device": "desktop",
            "browser": "chrome",
            "width_px": 1000,
            "height_px": 800,
            "rtt_ms": [1.0],
        },
        "here": {"proposal": game},
        "choose": {"version": version, "option": "finish"},
        "say": {"game": game, "count": 1, "text": "hello"},
        "reply": {"game": game, "ask": "after", "episode": 0, "answers": {"fun": 1}},
        "withdraw": {"keep": False},
        "got": {"seq": 2**31},
        "seen": {"id": "c1", "read": True},
    }[event]


#: Events that name a game: whoever is not in it is told so. The others speak of oneself only.
NAMES_A_GAME = {"ready", "painted", "keys", "say", "reply"}


def of(stack, victim: Client) -> tuple[Any, ...]:
    """Everything that could be done to the victim."""
    session, game = victim.state["session"], victim.game["game"]
    redis = stack.redis
    return (
        stack.session("pair", session),
        redis.lrange(keys.chat("pair", game), 0, -1),
        redis.hget(keys.links("pair", game), victim.game["seat"]),
        redis.hget(keys.sockets("pair"), session),
        redis.exists(keys.mail("pair", session)),
        redis.hgetall(keys.replies("pair", game)),
    )


def test_the_table_has_every_event(victims):
    assert all(said(kind.event, victims[0]) for kind in wire.FROM_BROWSER)


@pytest.mark.parametrize("event", [kind.event for kind in wire.FROM_BROWSER])
def test_a_socket_that_never_signed_in_is_not_heard(stack, victims, event):
    victim = victims[0]
    before = of(stack, victim)
    where = stack.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    with connect(where, compression=None) as ws:
        ws.recv(timeout=5)
        packet = {"type": EVENT, "data": [event, said(event, victim)], "nsp": "/", "id": 7}
        ws.send(msgpack.packb(packet))
        # What is said afterwards is answered, what was said before was not: nobody was there.
        ws.send(msgpack.packb({"type": 0, "nsp": "/", "data": {"token": "none"}}))
        heard = []
        try:
            while True:
                raw = ws.recv(timeout=5)
                if isinstance(raw, bytes):
                    heard.append(msgpack.unpackb(raw, strict_map_key=False))
                    if heard[-1]["type"] == 4:
                        break
        except (TimeoutError, ConnectionClosed):
            pass
    assert [one for one in heard if one["type"] in (ACK, EVENT)] == []
    assert of(stack, victim) == before
    victim.wait_frames(2)


@pytest.mark.parametrize("event", [kind.event for kind in wire.FROM_BROWSER])
def test_somebody_elses_socket_does_nothing_to_me(stack, victims, event):
    victim = victims[0]
    before = of(stack, victim)
    with Client(stack.url, join(stack.url, "pair")) as stranger:
        stranger.wait("state")
        answer = stranger.ask(event, said(event, victim)) if event != "got" else None
        if event in NAMES_A_GAME:
            assert answer["code"] == "not_yours"
        stranger.tell("got", {"seq": 5})
        assert not stranger.all("frame") and not stranger.all("chat")
    assert of(stack, victim) == before
    victim.wait_frames(2)
