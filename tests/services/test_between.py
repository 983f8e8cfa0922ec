"""A survey between two episodes: everybody is asked, nobody waits for ever, every answer once."""

from __future__ import annotations

import json

import pytest

from igym import wire
from igym.domain.dropout import Hold
from igym.domain.plan import AskPlan, HoldPlan
from igym.errors import BadMessage, NotYours
from igym.services.games import gathering, replying
from igym.services.sessions import screens
from igym.store import games
from igym.store.games import Game
from igym.wire import inner, unpack
from tests.services.conftest import Lab
from tests.services.test_playing import assert_whole, tables
from tests.services.test_recovering import Killed, planned, reaped, second
from tests.services.test_rounds import designed

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow


@pytest.fixture
def asks(lab: Lab):
    """The scene asks both people the questions of `about` after each of its episodes."""

    def ask(limit_s: float = 20.0, **more: object) -> None:
        (plan,) = lab.deployment.plans._plans.values()
        about = plan.scene("about").survey
        planned(lab, asks=(AskPlan("feeling", about, ("left", "right"), limit_s),), **more)

    ask()
    return ask


def say(lab: Lab, game: Game, seat: str, episode: int, ask: str = "feeling", **answers) -> None:
    """Their browser sends answers, and the web worker tells the game."""
    session = lab.read(game.seats[seat])
    replying.reply(lab.deployment, session, wire.Reply(game.id, ask, episode, answers))
    lab.host.handle([inner.Replied(game.id, seat)])


def hears(lab: Lab, monkeypatch, act) -> list[dict]:
    """Call act(message) at each time that people are told they are being asked."""
    said: list[dict] = []
    put = lab.outbox.put

    def heard(peer: str, one: inner.Inner) -> None:
        put(peer, one)
        if isinstance(one, inner.Deliver) and one.what == inner.CONTROL:
            name, about = unpack(one.packet)["data"]
            if name == "episode" and about["stage"] == "asking":
                said.append(about)
                act(about)

    monkeypatch.setattr(lab.outbox, "put", heard)
    return said


def test_after_a_practice_nobody_is_asked_where_the_author_says_so(lab, asks, monkeypatch):
    (plan,) = lab.deployment.plans._plans.values()
    ask = AskPlan("feeling", plan.scene("about").survey, ("left",), 20.0, practice=False)
    planned(lab, asks=(ask,))
    designed(lab, practice=2, episodes=1)
    game = lab.pair()
    lab.connect(game, "left", "right")
    said = hears(lab, monkeypatch, lambda about: say(lab, game, "left", about["episode"], age=1))
    assert lab.play(game) == "finished"
    assert [about["episode"] for about in said] == [2]


def test_everybody_is_asked_after_each_episode_and_the_game_waits_for_both(lab, asks, monkeypatch):
    game = lab.pair()
    lab.connect(game, "left", "right")

    def answer(about):
        seat = about["away"][0]  # one after the other
        say(lab, game, seat, about["episode"], age=about["episode"], why=seat)
        say(lab, game, seat, about["episode"], age=99)  # said again: the first one counts

    said = hears(lab, monkeypatch, answer)
    assert lab.play(game) == "finished"
    assert [(a["episode"], a["away"], a["ask"]) for a in said] == [
        (0, ["left", "right"], "feeling"), (0, ["right"], "feeling"),
        (1, ["left", "right"], "feeling"), (1, ["right"], "feeling"),
    ]  # fmt: skip
    data = tables(lab)
    assert_whole(data)
    rows = [a for a in data["answers"] if a["scene"] == "feeling"]
    assert {(a["episode"], a["item"], json.loads(a["value"])) for a in rows} == {
        (n, item, value)
        for n in (0, 1)
        for item, value in (("age", n), ("why", "left"), ("why", "right"))
    }
    assert len(rows) == 8 and {a["game_id"] for a in rows} == {game.id}
    kept = games.read(lab.deployment.redis, "counters", game.id).results
    assert kept[1]["answers"]["left"] == {"age": 1, "why": "left"}


def test_nobody_waits_longer_than_the_limit_for_whoever_does_not_answer(lab, asks, monkeypatch):
    asks(limit_s=0.2)
    game = lab.pair()
    lab.connect(game, "left", "right")
    hears(lab, monkeypatch, lambda about: say(lab, game, "left", about["episode"], age=1))
    assert lab.play(game) == "finished"

    missed = [e for e in tables(lab)["events"] if e["kind"] == "unanswered"]
    assert {e["session_id"] for e in missed} == {game.seats["right"]}
    assert [e["detail"] for e in missed] == [
        f"feeling, episode {n}, seat right: no answers within 0.2 s" for n in (0, 1)
    ]
    assert {p.outcome for p in lab.people(game).values()} == {"complete"}


def test_whoever_leaves_instead_of_answering_is_treated_as_the_scene_says(lab, asks, monkeypatch):
    game = lab.pair()
    lab.connect(game, "left", "right")
    hears(lab, monkeypatch, lambda about: lab.leave(game, "right"))
    assert lab.play(game) == "abandoned"
    assert {seat: p.outcome for seat, p in lab.people(game).items()} == {
        "left": "partner_left", "right": "left",
    }  # fmt: skip


def test_whoever_is_replaced_is_not_waited_for(lab, asks, monkeypatch):
    designed(lab, dropped=dict.fromkeys(("left", "right"), Hold(grace_s=0.05, then="noop")))
    asks(dropped=dict.fromkeys(("left", "right"), HoldPlan(grace_s=0.05, then="noop")))
    game = lab.pair()
    lab.connect(game, "left", "right")

    def answer(about):
        if about["episode"] == 0:
            lab.leave(game, "right")
        say(lab, game, "left", about["episode"])

    hears(lab, monkeypatch, answer)
    assert lab.play(game) == "finished"
    assert not [e for e in tables(lab)["events"] if e["kind"] == "unanswered"]


def test_masked_nobody_is_told_who_has_answered(lab, asks, monkeypatch):
    asks(masked=True)
    game = lab.pair()
    lab.connect(game, "left", "right")

    def answer(about):
        for seat in ("left", "right"):
            say(lab, game, seat, about["episode"])

    said = hears(lab, monkeypatch, answer)
    assert lab.play(game) == "finished"
    assert [(a["episode"], a["away"]) for a in said] == [(0, []), (1, [])]


def test_a_worker_that_dies_while_people_are_asked_asks_on_with_the_same_limit(
    lab, asks, monkeypatch
):
    monkeypatch.setattr(gathering, "AGAIN_S", 0.05)  # the next worker is not told
    game = lab.pair()
    lab.connect(game, "left", "right")

    def answer(about):
        if about["generation"] == 1:
            say(lab, game, "left", about["episode"], why="before")
            raise Killed
        say(lab, game, about["away"][0], about["episode"], why="x")

    said = hears(lab, monkeypatch, answer)
    with pytest.raises(Killed):
        lab.host.play("counters", game.id, 1)
    reaped(lab)
    assert second(lab).play("counters", game.id, 2) == "finished"
    before, after = said[:2]
    assert before["episode"] == after["episode"] == 0 and before["round"] == after["round"] == 1
    assert after["away"] == ["right"] and after["starts_ms"] == before["starts_ms"]
    data = tables(lab)
    assert_whole(data)
    rows = [(a["episode"], a["value"]) for a in data["answers"] if a["scene"] == "feeling"]
    assert sorted(rows) == [(0, '"before"'), (0, '"x"'), (1, '"x"'), (1, '"x"')]
    assert len(data["ticks"]) == 2 * 2 * 10


def test_after_a_reload_the_page_knows_what_was_answered(lab, asks):
    game = lab.pair()
    say(lab, game, "left", 0, age=3)
    views = {
        seat: screens.state(lab.deployment, lab.read(session), "web-1").view.asks
        for seat, session in game.seats.items()
    }
    assert [(a.name, a.answered) for a in views["left"]] == [("feeling", [0])]
    assert [(a.name, a.answered) for a in views["right"]] == [("feeling", [])]
    assert views["left"][0].form["elements"]


def test_only_whoever_was_asked_can_answer_and_only_what_was_asked(lab, asks):
    game = lab.pair()
    with pytest.raises(BadMessage, match="'mood'"):
        say(lab, game, "left", 0, mood=1)
    with pytest.raises(BadMessage, match="Nobody asked"):
        say(lab, game, "left", 0, ask="about", age=1)
    with pytest.raises(BadMessage, match="no episode 7"):
        say(lab, game, "left", 7, age=1)
    stranger = lab.to_lobby()
    with pytest.raises(NotYours):
        replying.reply(lab.deployment, stranger, wire.Reply(game.id, "feeling", 0, {}))


def test_a_game_that_was_not_told_of_an_answer_finds_it(lab, asks, monkeypatch):
    monkeypatch.setattr(gathering, "AGAIN_S", 0.05)
    monkeypatch.setattr(lab.host, "handle", lambda batch: None)
    game = lab.pair()
    lab.connect(game, "left", "right")

    def answer(about):
        for seat in about["away"]:
            say(lab, game, seat, about["episode"])

    hears(lab, monkeypatch, answer)
    assert lab.play(game) == "finished"
