"""The list of everybody: what changed is told, once by whoever is asked, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from igym import settings
from igym.services.connect import Deployment, connect
from igym.services.sessions import roster
from igym.services.sessions.roster import Roster
from igym.store import felt, heard, keys

STUDY = "kitchen"


@pytest.fixture
def deployment(redis, redis_url: str, tmp_path: Path) -> Deployment:
    return connect(settings.load({"REDIS_URL": redis_url}, tmp_path))


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch):
    monkeypatch.setattr(roster, "FRESH_S", 0)


def arrives(redis, id: str, **more: str) -> None:
    fields = {
        "version": "0", "participant": f"p{id}", "package": "gone", "release": "1", "mode": "live",
        "phase": "reading", "scene": "welcome", "started_ms": "1", "entered_ms": "1",
    }  # fmt: skip
    redis.hset(keys.session(STUDY, id), mapping={**fields, **more})
    redis.expire(keys.session(STUDY, id), 60)
    redis.zadd(keys.presence(STUDY), {id: 0})
    redis.expire(keys.presence(STUDY), 60)


def moves(redis, id: str, **fields: str) -> None:
    redis.hset(keys.session(STUDY, id), mapping=fields)
    redis.hincrby(keys.session(STUDY, id), "version", 1)
    if fields.get("phase") == "ended":
        redis.zrem(keys.presence(STUDY), id)


def ids(said) -> list[str]:
    return sorted(row["id"] for row in said["rows"])


def test_who_arrived_moved_or_ended_is_told_and_nobody_else(deployment, redis, monkeypatch):
    monkeypatch.setattr(roster, "MARGIN_MS", -0.001)
    for id in "abc":
        arrives(redis, id)
    arrives(redis, "z")
    moves(redis, "z", phase="ended", outcome="complete", code="C1")  # before anybody looked
    mine = Roster(deployment, STUDY)
    first = mine.since(0)
    assert first["everything"] and ids(first) == ["a", "b", "c", "z"]

    then_ms = roster.now_ms()
    moves(redis, "a", scene="quiz")
    moves(redis, "b", phase="ended", outcome="left")
    arrives(redis, "d")
    news = mine.since(then_ms)
    assert not news["everything"] and ids(news) == ["a", "b", "d"]
    assert {row["id"]: row["outcome"] for row in news["rows"]}["b"] == "left"
    assert ids(mine.since(roster.now_ms())) == []


def test_who_asks_another_worker_next_misses_nothing(deployment, redis):
    here, there = Roster(deployment, STUDY), Roster(deployment, STUDY)
    arrives(redis, "a")
    there.since(0)
    asked_ms = here.since(0)["now_ms"]
    moves(redis, "a", scene="quiz")
    there.since(0)  # it notices, and answers somebody else
    (row,) = there.since(asked_ms)["rows"]
    assert row["scene"] == "quiz"


def test_who_was_erased_is_gone_from_the_list(deployment, redis):
    for id in "ab":
        arrives(redis, id)
    mine = Roster(deployment, STUDY)
    asked_ms = mine.since(0)["now_ms"]
    redis.delete(keys.session(STUDY, "a"))
    assert mine.since(asked_ms)["gone"] == ["a"]
    assert ids(mine.since(0)) == ["b"]


def test_a_walk_finds_that_somebody_who_had_ended_was_erased(deployment, redis, monkeypatch):
    monkeypatch.setattr(roster, "WALK_S", 0)
    arrives(redis, "a")
    moves(redis, "a", phase="ended")
    mine = Roster(deployment, STUDY)
    assert ids(mine.since(0)) == ["a"]
    redis.delete(keys.session(STUDY, "a"))
    assert ids(mine.since(0)) == []


def test_a_list_has_an_end_and_says_so(deployment, redis, monkeypatch):
    monkeypatch.setattr(roster, "MOST", 3)
    for id in "abcde":
        arrives(redis, id)
    for id in "ab":  # of these the walk tells, of the others that they are alive
        moves(redis, id, phase="ended")
    said = Roster(deployment, STUDY).since(0)
    assert len(said["rows"]) == 3 and not said["whole"]


def test_where_somebody_looks_is_told_while_they_are_in_the_study(deployment, redis):
    for id in "ab":
        arrives(redis, id)
    heard.note(redis, STUDY, {"a": 0, "b": 0})
    felt.write(redis, STUDY, {"a": (42.4, "hidden")})
    mine = Roster(deployment, STUDY)
    seen = mine.since(0)["seen"]
    assert seen["a"][0] < 1 and seen["a"][1:] == [42, "hidden"] and seen["b"][1:] == [None, ""]
    felt.forget(redis, STUDY, ["a"])
    moves(redis, "b", phase="ended")
    seen = mine.since(0)["seen"]
    assert seen["a"][1:] == [None, ""] and "b" not in seen
