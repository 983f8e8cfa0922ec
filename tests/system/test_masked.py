"""Nothing that a browser is told says whether the partner is a person or a policy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.system.client import ACKS, BASE, HUD, OBJECTS, Client, join
from tests.system.server import serving

pytestmark = pytest.mark.stack

#: What differs between any two visits: names of things, and times.
ITS_OWN = {
    "session",
    "experiment",
    "title",
    "game",
    "server",
    "version",
    "seq",
    "since_ms",
    "until_ms",
    "starts_ms",
    "scores",
    "assets_at",  # names the package
}


def shape(said: Any) -> Any:
    """A message without what differs between any two visits."""
    match said:
        case dict():
            return {k: type(v).__name__ if k in ITS_OWN else shape(v) for k, v in said.items()}
        case list():
            return [shape(one) for one in said]
    return said


def frame_shape(frame: list[Any]) -> tuple[Any, ...]:
    """What a frame has, whatever moved in it."""
    changes = frame[OBJECTS][1::2]
    fields = tuple(sorted({f for change in changes for f in change})) if frame[BASE] == -1 else ()
    return (len(frame), frame[BASE] == -1, tuple(frame[ACKS]), type(frame[HUD]).__name__, fields)


def wire_of(one: Client) -> dict[str, Any]:
    """Everything `one` was told from the lobby to the ending, without times and counts."""
    states = [shape(h) for h in one.all("state") if h["scene"] == "together"]
    return {
        "events": {h.event for h in one.heard},
        "screens": {s["phase"]: s for s in states},
        "stages": {e["stage"]: shape(e) for e in one.all("episode")},
        "frames": {frame_shape(f) for f in one.all("frame")},
    }


def play_to_the_end(server: Any, experiment: str, people: int) -> dict[str, Any]:
    """As the one who sits in seat "a"; a partner who is a person presses keys too."""
    clients = [Client(server.url, join(server.url, experiment)) for _ in range(people)]
    try:
        for one in clients:
            assert one.advance() is None
            one.wait("state", lambda s: s["phase"] in ("waiting", "playing"))
        for one in clients:
            one.to_game()
        for one in clients:
            one.wait_playing()
            one.press("ArrowRight")
        for one in clients:
            one.wait("state", lambda s: s["scene"] == "thanks", within_s=20)
        return wire_of(clients[0])
    finally:
        for one in clients:
            one.close()


def test_both_wires_are_the_same_field_by_field():
    with serving("masked_people", "masked_policy", WEB="2", GAMES="1") as server:
        people = play_to_the_end(server, "masked_people", 2)
        policy = play_to_the_end(server, "masked_policy", 1)

    assert people["events"] == policy["events"] and "lobby" not in people["events"]
    assert people["frames"] == policy["frames"]
    assert {acks for _, _, acks, _, _ in people["frames"]} == {()}
    for part in ("screens", "stages"):
        both = set(people[part]) & set(policy[part])
        assert {"waiting", "playing"} <= both
        # A policy is never waited for; what the others say when they are waited for is the same.
        assert {k: people[part][k] for k in both} == {k: policy[part][k] for k in both}
    assert people["screens"]["playing"]["view"]["seats"] == {"a": "a", "b": "Robin"}
