"""A browser's message has the declared shape and stays in its bounds, or is refused by name."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym import wire
from igym.errors import BadMessage
from igym.wire import inner
from igym.wire.record import Chunk, Edge, Tick, decode_chunk, encode_chunk

GOOD = {
    wire.Advance: {"scene": "hello", "version": 1, "answers": {"age": 30}},
    wire.Ready: {
        "game": "g",
        "width_px": 800,
        "height_px": 400,
        "refresh_hz": 60.0,
        "opened_ms": 1.0,
    },
    wire.Keys: [
        "g",
        1,
        -1,
        3,
        [[0, True, 1.5]],
        False,
        [[0, 0, 10_000, True], [2, -10_000, 5, False]],
        [[0, 1, 2, False, 1.5]],
    ],
    wire.Probe: {"sent_ms": 1.0, "rtt_ms": 3.0, "offset_ms": -2.0},
    wire.Painted: {"game": "g", "opened_ms": 1.0, "paints": 600, "dropped": 3},
    wire.Notice: {"kind": "hidden", "at_ms": 1.0, "detail": ""},
    wire.Logged: {"lines": [["warn", 1.0, "odd"]], "dropped": 2},
    wire.Screened: {
        "version": 1,
        "device": "desktop",
        "browser": "firefox",
        "width_px": 1280,
        "height_px": 720,
        "rtt_ms": [12.5, 14.0],
        "kbps": 20_000.0,
    },
    wire.Here: {"proposal": "p"},
    wire.Choose: {"version": 4, "option": "again"},
    wire.Say: {"game": "g", "count": 1, "text": "Left!"},
    wire.Reply: {"game": "g", "ask": "feeling", "episode": 0, "answers": {"fun": 5}},
    wire.Withdraw: {"keep": True},
    wire.Got: {"seq": 7},
    wire.Seen: {"id": "c1", "read": False},
}

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=9)
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def test_every_message_of_a_browser_is_tested_here():
    assert set(GOOD) == set(wire.FROM_BROWSER)


@pytest.mark.parametrize("kind", wire.FROM_BROWSER)
def test_a_good_message_is_understood(kind):
    said = wire.parse(kind, GOOD[kind])
    assert wire.parse(kind, wire.plain(said)) == said


@pytest.mark.parametrize("kind", wire.FROM_BROWSER)
@given(said=ANYTHING)
def test_whatever_a_browser_sends_is_a_message_or_a_refusal(kind, said):
    try:
        assert isinstance(wire.parse(kind, said), kind)
    except BadMessage as refused:
        assert kind.event in refused.message and refused.hint


@pytest.mark.parametrize("kind", [k for k in wire.FROM_BROWSER if k is not wire.Keys])
def test_a_field_nobody_declared_is_refused(kind):
    with pytest.raises(BadMessage):
        wire.parse(kind, {**GOOD[kind], "admin": True})


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (wire.Advance, {"scene": ""}),
        (wire.Advance, {"scene": "x" * 65}),
        (wire.Advance, {"version": -1}),
        (wire.Advance, {"version": 1.5}),
        (wire.Advance, {"answers": {f"q{n}": 1 for n in range(501)}}),
        (wire.Advance, {"answers": {"": 1}}),
        (wire.Ready, {"game": None}),
        (wire.Ready, {"width_px": -1}),
        (wire.Ready, {"width_px": 2**40}),
        (wire.Ready, {"refresh_hz": math.inf}),
        (wire.Ready, {"refresh_hz": math.nan}),
        (wire.Probe, {"sent_ms": math.nan}),
        (wire.Probe, {"sent_ms": -1}),
        (wire.Probe, {"rtt_ms": 600_001}),
        (wire.Probe, {"rtt_ms": math.nan}),
        (wire.Painted, {"dropped": -1}),
        (wire.Notice, {"kind": "hacked"}),
        (wire.Notice, {"detail": "x" * 2_001}),
        (wire.Logged, {"lines": [["fatal", 1.0, "x"]]}),
        (wire.Logged, {"lines": [["warn", 1.0, "x" * 1_001]]}),
        (wire.Logged, {"lines": [["warn", 1.0, "x"]] * 21}),
    ],
)
def test_a_value_out_of_bounds_is_refused(kind, change):
    with pytest.raises(BadMessage):
        wire.parse(kind, {**GOOD[kind], **change})


@pytest.mark.parametrize(
    "said",
    [
        ["g", 1, -2, 0],
        ["g", 1, 0, 2**32],
        ["g", 1, 0, -1],
        ["g", -1, 0, 0],
        ["g", 1, 0, 0, [[32, True, 0]]],
        ["g", 1, 0, 0, [[0, 1, 0]]],
        ["g", 1, 0, 0, [[0, True, math.nan]]],
        ["g", 1, 0, 0, [[0, True, 0]] * 65],
        ["g", 1, 0, 0, [], "more"],
        ["g", 1, 0, 0, [], False, [[3, 0, 0, False]]],
        ["g", 1, 0, 0, [], False, [[0, 10_001, 0, False]]],
        ["g", 1, 0, 0, [], False, [[0, 0.5, 0, False]]],
        ["g", 1, 0, 0, [], False, [[0, 0, 0, False]] * 4],
        ["g", 1, 0, 0, [], False, [], [[0, 0, -10_001, False, 0]]],
        ["g", 1, 0, 0, [], False, [], [[0, 0, 0, False, math.nan]]],
        ["g", 1, 0, 0, [], False, [], [[0, 0, 0, False, 0]] * 65],
        ["g", 1, 0, 0, [], False, [], [], "more"],
        ["g", 1, 0],
    ],
)
def test_keys_out_of_bounds_are_refused(said):
    with pytest.raises(BadMessage):
        wire.parse(wire.Keys, said)


@given(st.binary(max_size=300))
def test_bytes_that_are_not_a_packet_are_refused_and_nothing_else(raw):
    try:
        wire.unpack(raw)
    except BadMessage as refused:
        assert refused.hint


@pytest.mark.parametrize("raw", [b"\x91" * 60_000, b"\x81\xa1a" * 20_000, b"\xdf\xff\xff\xff\xff"])
def test_a_packet_made_to_exhaust_us_is_refused(raw):
    with pytest.raises(BadMessage):
        wire.unpack(raw)


def test_no_two_messages_have_the_same_name():
    names = [kind.event for kind in (*wire.FROM_BROWSER, *wire.FROM_SERVER)]
    assert len(names) == len(set(names))


def test_a_packet_is_a_socket_io_event_of_its_message():
    said = wire.Refused("too_much", "Slow down.", "Please.")
    assert wire.unpack(wire.packet(said)) == {
        "type": 2,
        "data": ["refused", {"code": "too_much", "text": "Slow down.", "hint": "Please."}],
        "nsp": "/",
    }


@pytest.mark.parametrize(
    ("decode", "batch"),
    [
        (
            inner.decode_to_game,
            [
                inner.Attach("g", "left", "web-1", 7),
                inner.Detach("g", "left", "web-1", 7),
                inner.Input("g", "left", 5.0, wire.Keys("g", 1, -1, 3, [(0, True, 1.5)]), -1.0),
                inner.WantKeyframe("g", "left", "web-1", 7),
            ],
        ),
        (
            inner.decode_to_web,
            [
                inner.Deliver([1, 2], inner.FRAME, b"\x00\xff"),
                inner.Owned(1, "g", "left", "games-1", 2),
                inner.Nudge("e", "s"),
                inner.Displaced(3),
                inner.LobbyCount("l", "game", 1, 2),
            ],
        ),
    ],
)
def test_processes_understand_each_other(decode, batch):
    assert decode(inner.encode(batch)) == batch


def test_a_process_takes_no_message_meant_for_the_other_kind():
    with pytest.raises(msgspec.ValidationError):
        inner.decode_to_web(inner.encode([inner.Attach("g", "left", "web-1", 7)]))


@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=2), st.integers(0, 2**40))
def test_the_episode_log_gives_back_what_was_written(rewards, tick):
    chunk = Chunk(
        3,
        [Tick(tick, 1.5, 2, 3, [1, None], ["human", "bot"], rewards, True, False, [-1, 4], [1, 5])],
        [Edge("left", 1, "a", True, 1.0, 2.0, -1, tick)],
    )  # fmt: skip
    assert decode_chunk(encode_chunk(chunk)) == chunk
