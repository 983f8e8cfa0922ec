"""Whatever a socket says, its sender reads a sentence and everybody else plays on."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgpack
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from igym.wire import VERSION
from tests.system.client import CONNECT, DISCONNECT, TICK, Client, Turned, fetch, join
from tests.system.conftest import two
from tests.system.server import eventually

pytestmark = pytest.mark.stack

LONG_AGO = "WyJwYWlyIiwiMDAwMDAwMDAwMDAwMDAwMCJd.aAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAA"


def readable(said: Any) -> bool:
    """A sentence that a participant can read, and no entrails."""
    assert set(said) >= {"code", "text", "hint"}, said
    text = said["text"]
    assert text[0].isalpha() and text.rstrip()[-1] in ".!?", text
    assert not any(word in text for word in ("Traceback", "Error:", "0x", "/usr", ".py")), text
    return True


# --- pages ---------------------------------------------------------------------------------------


def test_an_unknown_experiment_is_a_page_with_a_sentence(stack):
    status, page = fetch(f"{stack.url}/x/no_such_study")
    assert status == 404
    assert "<html" in page and "not_found" in page and "Traceback" not in page


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("no_such_study", {"query": {}}, 404, "not_found"),
        ("pair", ["query"], 400, "bad_message"),
        ("pair", {"query": "PROLIFIC_PID"}, 400, "bad_message"),
        ("pair", {"query": {"PROLIFIC_PID": "../../etc/passwd"}}, 400, "bad_message"),
        ("pair", {"query": {"PROLIFIC_PID": {"a": 1}}}, 400, "bad_message"),
        ("pair", {"query": {"workerId": "x" * 500}}, 400, "bad_message"),
        ("pair", {"query": {"mode": "free"}}, 400, "bad_message"),
        ("pair", {"query": {"mode": "rehearsal", "max_seconds": "nan"}}, 400, "bad_message"),
        ("..%2f..%2fetc", {"query": {}}, 404, "not_found"),
    ],
)
def test_a_join_that_cannot_be_is_answered_with_a_sentence(stack, path, body, status, code):
    got, said = fetch(f"{stack.url}/api/x/{path}/join", body)
    assert (got, said["code"]) == (status, code)
    assert readable(said)


# --- the handshake -------------------------------------------------------------------------------


def forged(token: str) -> str:
    """The same token, for another session, with the old signature."""
    payload, stamp, signature = token.split(".")
    other = "A" if payload[-3] != "A" else "B"
    return f"{payload[:-3]}{other}{payload[-2:]}.{stamp}.{signature}"


@pytest.mark.parametrize(
    "auth",
    [
        None,
        {},
        {"token": None, "wire": VERSION},
        {"token": "", "wire": VERSION},
        {"token": 7, "wire": VERSION},
        {"token": ["a"], "wire": VERSION},
        {"token": "x" * 600, "wire": VERSION},
        {"token": "not-a-token", "wire": VERSION},
        {"token": LONG_AGO, "wire": VERSION},
        {"token": "forged", "wire": VERSION},
    ],
    ids=lambda auth: repr(auth)[:40],
)
def test_without_a_valid_token_nobody_gets_in(stack, auth):
    if auth and auth.get("token") == "forged":
        auth = auth | {"token": forged(join(stack.url, "pair"))}
    with pytest.raises(Turned) as turned:
        Client(stack.url, None, auth=auth)
    assert told(turned.value)["code"] == "bad_token"
    assert readable(told(turned.value))


def told(turned: Turned) -> dict[str, Any]:
    """What the client library hands to the page as `error.data`."""
    return turned.said.get("data", turned.said)


def test_a_token_opens_its_own_experiment_and_session_only(stack):
    with Client(stack.url, join(stack.url, "solo")) as ann:
        assert ann.state["experiment"] == "solo"


@pytest.mark.parametrize("version", [VERSION - 1, None, "1", 10**9])
def test_a_page_from_before_an_update_is_told_to_reload(stack, version):
    token = join(stack.url, "pair")
    with pytest.raises(Turned) as turned:
        Client(stack.url, None, auth={"token": token, "wire": version, "seen": 0})
    assert told(turned.value)["code"] == "old_client"
    assert readable(told(turned.value))


def test_a_socket_of_another_website_is_refused(stack):
    token = join(stack.url, "pair")
    with pytest.raises((InvalidHandshake, ConnectionClosed)):
        Client(stack.url, token, Origin="https://evil.example")
    with Client(stack.url, token, Origin=stack.url) as ann:
        assert ann.state["phase"] == "reading"


# --- messages ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def game(stack) -> Iterator[tuple[Client, Client]]:
    """One long game for the whole table below: that it goes on is half of the promise."""
    pair = two(stack)
    try:
        yield pair
    finally:
        pair[0].press(" ")
        for one in pair:
            one.close()


def keys(
    count: int = 1, held: Any = 0, edges: Any = (), seen: Any = -1, game: Any = ..., more: Any = ()
) -> Any:
    """A `keys` message from `me.game`, with something wrong in it."""
    said = [count, seen, held, list(edges), *more]
    return lambda me: [me.game["game"] if game is ... else game, *said]


#: What is wrong -> (event, what is said, code of the refusal).
WRONG: dict[str, tuple[str, Any, str]] = {
    "an unknown event": ("teleport", {"x": 1}, "bad_message"),
    "a name of ours for a refusal": ("state", {"phase": "ended"}, "bad_message"),
    "an event named like a method": ("__class__", {}, "bad_message"),
    "advance without fields": ("advance", {}, "bad_message"),
    "advance as a list": ("advance", ["welcome", 1], "bad_message"),
    "advance as text": ("advance", "welcome", "bad_message"),
    "advance as nothing": ("advance", None, "bad_message"),
    "advance with one field too many": (
        "advance",
        {"scene": "together", "version": 3, "answers": {}, "admin": True},
        "bad_message",
    ),
    "advance with a negative version": (
        "advance",
        {"scene": "together", "version": -1},
        "bad_message",
    ),
    "advance of a scene that has no button": (
        "advance",
        lambda me: {"scene": "together", "version": me.state["version"]},
        "bad_message",
    ),
    "ready for another game": (
        "ready",
        {"game": "AAAAAAAA", "width_px": 1, "height_px": 1},
        "not_yours",
    ),
    "ready with a size below nothing": (
        "ready",
        lambda me: {"game": me.game["game"], "width_px": -1, "height_px": 1},
        "bad_message",
    ),
    "ready with NaN": (
        "ready",
        lambda me: {
            "game": me.game["game"],
            "width_px": 1,
            "height_px": 1,
            "refresh_hz": float("nan"),
        },
        "bad_message",
    ),
    "keys of a key that is not in the map": ("keys", keys(held=1 << 3), "bad_message"),
    "keys beyond every map": ("keys", keys(held=1 << 32), "bad_message"),
    "keys held below nothing": ("keys", keys(held=-1), "bad_message"),
    "keys held as text": ("keys", keys(held="ArrowLeft"), "bad_message"),
    "an edge of a key that is not in the map": (
        "keys",
        keys(edges=[[3, True, 1.0]]),
        "bad_message",
    ),
    "a pointer where none is used": (
        "keys",
        keys(more=(False, [[0, 1, 1, False]])),
        "bad_message",
    ),
    "a stick's way where none is used": (
        "keys",
        keys(more=(False, [], [[1, 0, 0, False, 1.0]])),
        "bad_message",
    ),
    "a pointer off the grid": ("keys", keys(more=(False, [[0, 10_001, 1, False]])), "bad_message"),
    "an edge out of range": ("keys", keys(edges=[[99, True, 1.0]]), "bad_message"),
    "an edge below nothing": ("keys", keys(edges=[[-1, True, 1.0]]), "bad_message"),
    "an edge that is half": ("keys", keys(edges=[[0, True]]), "bad_message"),
    "an edge at no time": ("keys", keys(edges=[[0, True, float("nan")]]), "bad_message"),
    "too many edges": ("keys", keys(edges=[[0, True, 1.0]] * 65), "bad_message"),
    "a count below nothing": ("keys", keys(count=-1), "bad_message"),
    "a count beyond every game": ("keys", keys(count=2**40), "bad_message"),
    "a frame from the future of integers": ("keys", keys(seen=2**63), "bad_message"),
    "keys in somebody else's game": ("keys", keys(game="AAAAAAAA"), "not_yours"),
    "keys in no game": ("keys", keys(game=""), "bad_message"),
    "keys as a map": ("keys", {"game": "AAAAAAAA", "count": 1}, "bad_message"),
    "a probe of text": ("probe", {"sent_ms": "now"}, "bad_message"),
    "a round trip of years": ("probe", {"sent_ms": 1, "rtt_ms": 1e12}, "bad_message"),
    "a notice of a kind that is not": ("notice", {"kind": "sudo", "at_ms": 1}, "bad_message"),
    "a notice of a novel": (
        "notice",
        {"kind": "error", "at_ms": 1, "detail": "x" * 3_000},
        "bad_message",
    ),
    "a message of sixty-five kilobytes": ("notice", {"detail": "x" * 66_000}, "too_much"),
}


def unchanged(stack, one: Client) -> dict[str, str]:
    """What Redis holds about somebody."""
    return stack.session(one.state["experiment"], one.state["session"])


def plays_on(me: Client, partner: Client) -> None:
    """Both get frames, and the one who erred can still move."""
    for one in (me, partner):
        one.wait_frames(2)
    assert "server_ms" in me.ask("probe", {"sent_ms": 1.0})


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_message_is_refused_and_nothing_else_happens(stack, game, what):
    me, partner = game
    event, said, code = WRONG[what]
    if callable(said):
        said = said(me)
    before, at = unchanged(stack, me), stack.mark()
    since = me.mark()
    # When it is said, as something that wants an answer
    answer = me.ask(event, said) if "kilobytes" not in what else big(me, event, said)
    # Then the answer is a refusal
    assert answer["code"] == code, answer
    assert readable(answer)
    # and the connection, the partner and the record are as they were
    plays_on(me, partner)
    assert unchanged(stack, me) == before
    assert "Traceback" not in stack.log[at:]
    assert not partner.all("refused")
    assert not me.closed and len(me.all("refused", since)) <= 1


def big(me: Client, event: str, said: Any) -> Any:
    """A packet that is not unpacked has no number to answer to: its refusal comes by itself."""
    return refused_after(me, lambda: me.tell(event, said))


def refused_after(me: Client, speak: Callable[[], None]) -> Any:
    """The refusal that follows; one a second is all there is, so it may take a second try."""
    since = me.mark()

    def again() -> Any:
        speak()
        time.sleep(0.1)
        return me.all("refused", since)

    return eventually(again, within_s=5, what="a refusal")[-1]


RAW: dict[str, bytes | str] = {
    "bytes that are not msgpack": b"\xc1\xc1\xc1",
    "half a packet": msgpack.packb({"type": 2, "data": ["probe", {"sent_ms": 1}], "nsp": "/"})[:-4],
    "no bytes": b"",
    "a number": msgpack.packb(7),
    "a list": msgpack.packb([2, "/", ["probe", {}]]),
    "a map of nothing": msgpack.packb({}),
    "an unknown type": msgpack.packb({"type": 99, "data": ["probe"], "nsp": "/"}),
    "a type that is text": msgpack.packb({"type": "2", "data": ["probe"], "nsp": "/"}),
    "a foreign namespace": msgpack.packb({"type": 2, "data": ["probe", {}], "nsp": "/admin"}),
    "a namespace that is a number": msgpack.packb({"type": 2, "data": ["probe", {}], "nsp": 1}),
    "an event without a name": msgpack.packb({"type": 2, "data": [], "nsp": "/"}),
    "an event whose name is a map": msgpack.packb({"type": 2, "data": [{}], "nsp": "/"}),
    "an event in text": msgpack.packb({"type": 2, "data": "probe", "nsp": "/"}),
    "an id that is text": msgpack.packb({"type": 2, "data": ["probe", {}], "nsp": "/", "id": "1"}),
    "an acknowledgement of nothing": msgpack.packb({"type": 3, "data": [], "nsp": "/", "id": 5}),
    "a binary event": msgpack.packb({"type": 5, "data": ["probe", {}], "nsp": "/"}),
    "deep nesting": msgpack.packb(1).join([b"\x91" * 5_000, b""]),
    **{
        f"the library's own {name}": msgpack.packb({"type": 2, "data": [name, {}], "nsp": "/"})
        for name in ("connect", "disconnect", "connect_error", "__disconnect_final", "*")
    },
    "Socket.IO as text": '42["advance",{}]',
}


@pytest.mark.parametrize("what", RAW)
def test_what_is_no_packet_is_refused_and_the_socket_lives_on(stack, game, what):
    me, partner = game
    before, at = unchanged(stack, me), stack.mark()
    answer = refused_after(me, lambda: me.raw(RAW[what]))
    assert answer["code"] == "bad_message"
    assert readable(answer)
    plays_on(me, partner)
    assert unchanged(stack, me) == before
    assert "Traceback" not in stack.log[at:]


def test_a_flood_is_refused_and_the_partner_does_not_notice(stack, game):
    me, partner = game
    at, since, start = stack.mark(), me.mark(), partner.mark()
    first = partner.seen

    # When somebody sends thousands of messages, a thousand at once
    def flood() -> Any:
        for _ in range(1_000):
            me.tell("probe", {"sent_ms": 1.0})
        time.sleep(0.3)  # refusals are told once a second, and the last one may be young
        return [r for r in me.all("refused", since) if r["code"] == "too_much"]

    said = eventually(flood, what="a refusal")[0]
    assert readable(said)
    partner.wait("frame", lambda f: f[TICK] >= first + 45, since=start)
    ticks = [f[TICK] for f in partner.all("frame", start)]
    assert ticks == list(range(ticks[0], ticks[-1] + 1))
    # Then a moment later they are welcome again
    eventually(lambda: "server_ms" in me.ask("probe", {"sent_ms": 1.0}), within_s=5)
    plays_on(me, partner)
    assert "Traceback" not in stack.log[at:]


def test_whoever_is_not_in_a_game_cannot_move_anybody_in_it(stack, game):
    me, partner = game
    with Client(stack.url, join(stack.url, "pair")) as stranger:
        stranger.wait("state")
        stolen = partner.game["game"]
        said = {"game": stolen, "width_px": 1, "height_px": 1}
        assert stranger.ask("ready", said)["code"] == "not_yours"
        right = 1 << partner.game["keys"].index("ArrowRight")
        assert stranger.ask("keys", [stolen, 10**6, 1, right, []])["code"] == "not_yours"
        plays_on(me, partner)
        assert not stranger.all("frame")


# --- answers and endings -------------------------------------------------------------------------


def test_answers_that_do_not_belong_are_refused_and_keys_after_the_end_too(stack):
    ann, bob = two(stack)
    with ann, bob:
        ended = ann.game["game"]
        ann.press(" ")
        ann.wait("state", lambda s: s["scene"] == "after")
        # Given that the game is over: its keys are nobody's any more
        ann.game = {}
        assert ann.ask("keys", [ended, 10**6, 1, 0, []])["code"] == "not_yours"
        again = {"game": ended, "width_px": 1, "height_px": 1}
        assert ann.ask("ready", again)["code"] == "not_yours"

        before, at = unchanged(stack, ann), stack.mark()
        version = ann.state["version"]
        for answers in (
            {"salary": 1},
            {"remarks": "x" * 30_000},
            {"": 1},
            {f"liked{n}": 1 for n in range(600)},
            "all of them",
        ):
            said = {"scene": "after", "version": version, "answers": answers}
            refused = ann.ask("advance", said)
            assert refused["code"] == "bad_message"
            assert readable(refused)
        assert unchanged(stack, ann) == before
        # Scenes that are behind or ahead: the screen is behind, so nothing happens
        for scene in ("welcome", "thanks", "nowhere"):
            assert ann.ask("advance", {"scene": scene, "version": version}) is None
        assert unchanged(stack, ann) == before
        assert "Traceback" not in stack.log[at:]
        # and what belongs is taken, once
        assert ann.advance(liked=4, remarks="Fine.") is None
        end = ann.wait("state", lambda s: s["phase"] == "ended")
        assert end["view"]["code"] == "DONE"
        assert ann.ask("advance", {"scene": "after", "version": version}) is None
        over = {"scene": "thanks", "version": end["version"]}
        assert ann.ask("advance", over)["code"] == "bad_message"


# --- fuzz ----------------------------------------------------------------------------------------


def nonsense(chance: random.Random, seeds: list[bytes]) -> bytes:
    """A real packet with something turned over in it, or noise."""
    if chance.random() < 0.1:
        return chance.randbytes(chance.randrange(0, 80))
    raw = bytearray(chance.choice(seeds))
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(raw))
        turn = chance.randrange(4)
        if turn == 0:
            raw[at] = chance.randrange(256)
        elif turn == 1:
            raw[at] ^= 1 << chance.randrange(8)
        elif turn == 2:
            del raw[at:]
            raw += b"\xc0"
        else:
            raw[at:at] = chance.randbytes(chance.randrange(1, 5))
    return bytes(raw)


def has_sense(raw: bytes) -> bool:
    """Whether a mutation is still something one may say: those are not what is tested here."""
    try:
        said = msgpack.unpackb(raw, strict_map_key=False)
    except Exception:
        return False
    return isinstance(said, dict) and said.get("type") in (CONNECT, DISCONNECT)


def test_ten_thousand_pieces_of_nonsense_change_nothing(stack, game):
    _, partner = game
    ann = Client(stack.url, join(stack.url, "pair"))
    with ann:
        ann.wait("state")
        before, at = unchanged(stack, ann), stack.mark()
        workers = {child.pid for child in stack.children()}
        packets = [
            {"type": 2, "data": ["advance", {"scene": "welcome", "version": 0}], "nsp": "/"},
            {"type": 2, "data": ["ready", {"game": "AAAAAAAA", "width_px": 1}], "nsp": "/"},
            {"type": 2, "data": ["keys", ["AAAAAAAA", 1, 1, 1, [[0, True, 1.0]]]], "nsp": "/"},
            {"type": 2, "data": ["probe", {"sent_ms": 1.5}], "nsp": "/", "id": 3},
            {"type": 2, "data": ["notice", {"kind": "blurr", "at_ms": 1}], "nsp": "/"},
        ]
        seeds = [msgpack.packb(one) for one in packets]
        chance = random.Random(5)
        began_s = time.monotonic()
        sent = 0
        while sent < 10_000:
            raw = nonsense(chance, seeds)
            if has_sense(raw):
                continue
            ann.raw(raw)
            sent += 1
        # Then, within a bounded time, the same socket is answered as ever
        eventually(lambda: "server_ms" in (ann.ask("probe", {"sent_ms": 1.0}, within_s=20) or {}))
        assert time.monotonic() - began_s < 20
        assert unchanged(stack, ann) == before
        assert {child.pid for child in stack.children()} >= workers
        assert "Traceback" not in stack.log[at:]
        assert partner.wait_frames(3)
        assert len(ann.all("refused")) < 30  # nonsense is not answered with noise
        assert ann.state["scene"] == "welcome"
