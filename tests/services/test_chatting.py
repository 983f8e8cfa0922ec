"""What players write to each other: kept once, brought to everybody, bounded, and only text."""

from __future__ import annotations

import msgspec
import pytest

from igym import wire
from igym.errors import BadMessage, NotYours, TooMuch
from igym.services.sessions import chatting, screens
from igym.store import chats, games, keys, mail
from igym.store.records import waiting
from igym.wire import inner


@pytest.fixture
def pair(lab):
    """A game and its two people."""
    game = lab.pair()
    return game, lab.people(game)


def say(lab, session, text: str, count: int = 1) -> None:
    chatting.say(lab.deployment, lab.outbox, session, wire.Say(session.game, count, text))


def mailed(lab, session) -> list[tuple[int, str]]:
    """(number, text) of what waits for that browser."""
    gap = mail.after(lab.deployment.redis, "counters", session.id, 0)
    said = [msgspec.msgpack.decode(packet)["data"][1] for _, packet in gap.messages]
    return [(one["seq"], one["line"]["text"]) for one in said]


def view(lab, session) -> wire.ChatView:
    return screens.state(lab.deployment, session, "web-1").view.chat


def test_a_line_comes_to_everybody_in_the_game_the_writer_included(lab, pair):
    _, people = pair
    say(lab, people["left"], "hello")
    say(lab, people["right"], "hi")
    assert mailed(lab, people["left"]) == mailed(lab, people["right"]) == [(1, "hello"), (2, "hi")]
    posts = [said for _, said in lab.outbox.said if isinstance(said, inner.Post)]
    assert {post.session for post in posts} == {one.id for one in people.values()}


def test_a_line_said_again_is_the_line_it_was(lab, pair):
    _, people = pair
    for _ in range(3):
        say(lab, people["left"], "hello")
    assert mailed(lab, people["right"]) == [(1, "hello")]
    assert [line.text for line in view(lab, people["left"]).lines] == ["hello"]


def test_a_worker_that_died_between_keeping_a_line_and_sending_it_loses_nothing(lab, pair):
    game, people = pair
    redis = lab.deployment.redis
    say(lab, people["left"], "hello")
    redis.delete(keys.mail("counters", people["right"].id))  # as if it had not come so far
    say(lab, people["left"], "hello")
    assert mailed(lab, people["right"]) == [(1, "hello")] == mailed(lab, people["left"])
    assert redis.llen(keys.chat("counters", game.id)) == 1


def test_a_page_that_was_loaded_again_sees_the_chat_and_goes_on_counting(lab, pair):
    _, people = pair
    say(lab, people["left"], "one", 1)
    say(lab, people["left"], "two", 2)
    seen = view(lab, people["left"])
    assert [(line.line, line.seat, line.text) for line in seen.lines] == [
        (1, "left", "one"),
        (2, "left", "two"),
    ]
    assert (seen.said, view(lab, people["right"]).said) == (2, 0)


def test_every_line_is_a_row(lab, pair):
    game, people = pair
    say(lab, people["right"], "hello")
    rows = [r for t, r in waiting(lab.deployment.redis, "counters", "1", 500)[1] if t == "messages"]
    (row,) = rows
    assert (row["game_id"], row["line"], row["seat"], row["text"]) == (game.id, 1, "right", "hello")
    assert row["session_id"] == people["right"].id and row["said_ms"] >= row["day_ms"]


def test_who_writes_too_much_is_told_and_the_others_may_go_on(lab, pair):
    _, people = pair
    for n in range(1, chats.MOST + 1):
        say(lab, people["left"], f"line {n}", n)
    with pytest.raises(TooMuch, match="faster"):
        say(lab, people["left"], "one more", chats.MOST + 1)
    say(lab, people["right"], "mine")
    assert len(mailed(lab, people["right"])) == chats.MOST + 1


def test_only_the_last_lines_are_kept(lab, pair, monkeypatch):
    _, people = pair
    monkeypatch.setattr(chats, "KEPT", 3)
    monkeypatch.setattr(chats, "MOST", 100)
    for n in range(1, 9):
        say(lab, people["left"], f"line {n}", n)
    assert [line.line for line in view(lab, people["right"]).lines] == [6, 7, 8]
    say(lab, people["left"], "line 2", 2)  # so old that nobody waits for it: no harm
    assert [line.line for line in view(lab, people["right"]).lines] == [6, 7, 8]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("<b>x</b> & {{y}}", "<b>x</b> & {{y}}"),
        ("a\x00b\nc\u202ed\u200b", "a b c d"),
        ("  ça va? 你好 🙂  ", "ça va? 你好 🙂"),
    ],
)
def test_text_is_text(lab, pair, said, read):
    _, people = pair
    say(lab, people["left"], said)
    assert mailed(lab, people["right"]) == [(1, read)]


def test_a_line_of_nothing_is_refused(lab, pair):
    _, people = pair
    with pytest.raises(BadMessage, match="nothing to read"):
        say(lab, people["left"], " \u200b\n ")


def test_nobody_writes_into_a_game_they_are_not_in(lab, pair):
    game, people = pair
    stranger = lab.to_lobby()
    with pytest.raises(NotYours):
        chatting.say(lab.deployment, lab.outbox, stranger, wire.Say(game.id, 1, "hello"))
    with pytest.raises(NotYours):
        chatting.say(lab.deployment, lab.outbox, people["left"], wire.Say("another", 1, "hello"))
    assert games.read(lab.deployment.redis, "counters", game.id) and not mailed(lab, people["left"])
