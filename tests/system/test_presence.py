"""Who is there and who is not: seen from the partner's screen, whatever clocks and wires do."""

from __future__ import annotations

import time

import msgspec
import pytest

from igym import wire
from igym.store import keys, mail
from tests.system.client import Client, join
from tests.system.conftest import two
from tests.system.server import eventually

pytestmark = pytest.mark.stack

YEAR_MS = 365 * 86_400_000.0


def test_a_connection_that_goes_dead_without_a_word_is_noticed_within_three_seconds(couple):
    ann, bob = couple
    ann.wait_frames(5)
    mark = ann.mark()
    # When the network swallows everything of his: no key, no answer to a ping, no end either
    bob.silent = True
    bob.stop_reading()
    gone_s = time.monotonic()
    # Then
    said = ann.wait("episode", lambda e: e["stage"] == "held", since=mark, within_s=8)
    took_s = time.monotonic() - gone_s
    assert took_s < 3.5 and said["away"] == [bob.game["seat"]]
    # and he is welcome back
    bob.go_on_reading()
    bob.silent = False
    ann.wait("episode", lambda e: e["stage"] == "playing", since=ann.mark(), within_s=8)


def test_a_browser_that_only_answers_pings_is_there(couple):
    """Its page may be busy for long, as while it compiles something: nobody is bothered.

    For longer than a ping may stay unanswered: whatever takes silence for the end would cut it.
    """
    ann, bob = couple
    ann.wait_frames(5)
    mark = ann.mark()
    bob.silent = True
    time.sleep(11.5)
    assert not ann.closed and not bob.closed
    assert not [e for e in ann.all("episode", mark) if e["stage"] == "held"]
    bob.silent = False


def elsewhere(stack, ann: Client, token: str) -> Client:
    """A connection of `token` to another web worker than ann's; the kernel chooses, so try."""

    def found() -> Client | None:
        one = Client(stack.url, token)
        if one.wait("state")["server"] != ann.state["server"]:
            return one
        one.close()
        return None

    return eventually(found, within_s=20, what="a connection to the other web worker")


def test_a_chat_crosses_web_workers_and_survives_a_reconnect_without_a_gap_or_a_double(stack):
    ann, bob = two(stack)
    with ann, bob:
        game = ann.game["game"]
        token = bob.token
        with elsewhere(stack, ann, token) as bob:
            for n, text in enumerate(["hello", "<b>are you there?</b>"], 1):
                for _ in range(2):  # her answer was lost: she says it again
                    assert ann.ask("say", {"game": game, "count": n, "text": text}) is None
            lines = [bob.wait("chat", lambda c, n=n: c["line"]["line"] == n) for n in (1, 2)]
            assert [c["line"]["text"] for c in lines] == ["hello", "<b>are you there?</b>"]
            seq = lines[-1]["seq"]
            bob.drop()
        # While he is away she goes on
        for n in (3, 4):
            assert ann.ask("say", {"game": game, "count": n, "text": f"line {n}"}) is None
        # Then he gets what he missed, and only that, at whichever worker
        auth = {"token": token, "wire": wire.VERSION, "seq": seq}
        with Client(stack.url, None, auth=auth) as back:
            assert back.wait("state")["seq"] == seq
            back.wait("chat", lambda c: c["line"]["line"] == 4)
            assert [c["line"]["line"] for c in back.all("chat")] == [3, 4]
            last = back.all("chat")[-1]["seq"]
            back.tell("got", {"seq": last})
            back.tell("got", {"seq": seq})  # an old number does nothing
            back.ask("probe", {"sent_ms": 1.0})
            # A page that knows nothing gets all of it in its first state
            with Client(stack.url, None, auth=auth | {"seq": None}) as fresh:
                view = fresh.wait("state")["view"]
                assert [line["line"] for line in view["chat"]["lines"]] == [1, 2, 3, 4]
                assert fresh.state["seq"] == last and not fresh.all("chat")
        assert stack.redis.xlen(keys.mail("pair", ann.state["session"])) == 4  # she never said
        ann.press(" ")


def test_a_publish_that_is_lost_heals_with_the_next_heartbeat(couple, stack):
    _, bob = couple
    # When a message is put into the mail and nobody is told
    line = wire.ChatLine(7, "a", "psst", 0.0)
    session = bob.state["session"]
    mail.add(stack.redis, "pair", session, wire.Chat(0, bob.game["game"], line))
    assert not bob.all("chat")
    # Then
    bob.ask("probe", {"sent_ms": 1.0})
    assert bob.wait("chat")["line"]["text"] == "psst"


@pytest.mark.parametrize("off_ms", [-YEAR_MS, YEAR_MS])
def test_a_clock_that_is_wrong_by_a_year_changes_nothing_on_the_server(stack, off_ms):
    ann = Client(stack.url, join(stack.url, "pair"))
    bob = Client(stack.url, join(stack.url, "pair"))
    wrong_ms = time.time() * 1000 + off_ms
    with ann, bob:
        for one in (ann, bob):
            assert one.advance() is None
        probed = ann.ask("probe", {"sent_ms": wrong_ms, "rtt_ms": 5.0, "offset_ms": -off_ms})
        assert probed["sent_ms"] == wrong_ms and abs(probed["server_ms"] - time.time() * 1000) < 5e3
        for one in (ann, bob):
            one.to_game()
        for one in (ann, bob):
            one.wait_playing()
        ann.tell("notice", {"kind": "error", "at_ms": wrong_ms, "detail": f"skew {off_ms}"})
        ann.keys("ArrowRight", edges=[[1, True, wrong_ms]])
        ann.wait_frames(10)
        assert not [e for e in bob.all("episode") if e["stage"] == "held"]
        session = ann.state["session"]
        ann.press(" ")
        bob.wait("state", lambda s: s["scene"] == "after")
    rows = [
        (fields[b"t"], msgspec.json.decode(fields[b"d"]))
        for _, fields in stack.redis.xrange(keys.records("pair", "1"))
    ]
    mine = [row for _, row in rows if row.get("session_id") == session]
    ours = [v for r in mine for k, v in r.items() if k.endswith("_ms") and k != "browser_ms" and v]
    assert all(abs(v - time.time() * 1000) < 120_000 for v in ours if v > 1e11)
    noticed = [r["browser_ms"] for r in mine if r.get("detail") == f"skew {off_ms}"]
    assert noticed in ([wrong_ms], [])  # the archiver may have taken it


def test_who_stops_taking_part_in_a_game_is_done_and_the_partner_is_not_kept_waiting(stack):
    ann, bob = two(stack)
    with ann, bob:
        ann.wait_frames(5)
        assert ann.state["stoppable"]
        stopped_s = time.monotonic()
        for _ in range(2):  # the answer was lost: it is said again
            assert ann.ask("withdraw", {"keep": False}) is None
        ended = ann.wait("state", lambda s: s["phase"] == "ended")
        assert ended["view"]["outcome"] == "withdrew" and not ended["stoppable"]
        # The scene would hold for 15 s; nobody comes back from this.
        other = bob.wait("state", lambda s: s["phase"] == "ended", within_s=10)
        assert other["view"]["outcome"] == "partner_left" and other["view"]["code"] == "LEFT"
        assert time.monotonic() - stopped_s < 5


def test_a_socket_that_never_signs_in_is_hung_up_on(stack):
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    where = stack.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    began_s = time.monotonic()
    with connect(where, compression=None) as ws, pytest.raises(ConnectionClosed):
        while True:
            if ws.recv(timeout=20) == "2":
                ws.send("3")
    assert 9 < time.monotonic() - began_s < 14
