"""Warnings of every process, kept where admins read them; a look reads only what is new."""

from __future__ import annotations

import logging

import pytest

from igym.services.operations import keeping, tailing
from igym.services.operations.keeping import Keeper
from igym.services.operations.tailing import Tails
from igym.store import keys, tails


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch):
    monkeypatch.setattr(tailing, "FRESH_S", 0)


@pytest.fixture
def keeper() -> Keeper:
    return Keeper("games", "games-1")


def logged(keeper: Keeper, level: int, text: str, **about: str) -> None:
    record = logging.LogRecord("igym.x", level, "x.py", 1, text, (), None)
    record.__dict__.update(about)
    keeper.handle(record)


def everything(_: str) -> bool:
    return True


def test_warnings_are_kept_with_what_they_are_about(deployment, redis, keeper):
    logged(keeper, logging.WARNING, "step of %s late token=abcdef", experiment="slime", game="g1")
    logged(keeper, logging.INFO, "all is well", game="g1")
    keeper.take(redis)

    (line,) = Tails(deployment).server(everything, 0)["lines"]

    assert (line["level"], line["from"], line["role"]) == ("warning", "games-1", "games")
    assert line["text"] == "step of %s late token=***"
    assert line["about"] == {"experiment": "slime", "game": "g1"}


def test_all_that_is_about_somebody_who_is_followed_is_kept(deployment, redis, keeper):
    seen = Tails(deployment)
    assert seen.follow("g1") == ["g1"]
    keeper.followed = tails.followed(redis)
    for game in ("g1", "g2"):
        logged(keeper, logging.INFO, "an episode began", game=game)
    keeper.take(redis)
    assert [one["about"]["game"] for one in seen.server(everything, 0)["lines"]] == ["g1"]
    assert 0 < redis.ttl(keys.followed()) <= tails.FOLLOWED_S


def test_a_flood_costs_lines_and_says_how_many(deployment, redis, keeper):
    for n in range(keeping.MOST + 7):
        logged(keeper, logging.ERROR, f"no {n}")
    keeper.take(redis)
    logged(keeper, logging.ERROR, "once more")
    keeper.take(redis)

    lines = Tails(deployment).server(everything, 0)["lines"]

    assert (len(lines), lines[-1]["text"]) == (keeping.MOST + 1, "once more")
    assert sum(one["dropped"] for one in lines) == 7


def test_while_redis_is_away_lines_wait(redis, keeper, monkeypatch):
    logged(keeper, logging.ERROR, "kept")
    monkeypatch.setattr(tails, "warned", lambda *_: (_ for _ in ()).throw(tails_error()))
    with pytest.raises(keeping.RedisError):
        keeper.take(redis)
    monkeypatch.undo()
    keeper.take(redis)
    assert redis.xlen(keys.server_lines()) == 1


def tails_error() -> Exception:
    return keeping.RedisError("away")


def test_a_long_traceback_keeps_its_end_and_is_still_a_line(deployment, redis, keeper):
    try:
        raise ValueError("x" * 9_000 + " the end")
    except ValueError:
        import sys

        record = logging.LogRecord("igym.x", 40, "x.py", 1, "failed", (), sys.exc_info())
    keeper.handle(record)
    keeper.take(redis)
    (line,) = Tails(deployment).server(everything, 0)["lines"]
    assert line["trace"].endswith("the end") and len(line["trace"]) <= keeping.LONGEST


def test_a_second_look_reads_only_what_is_new(deployment, redis, keeper, monkeypatch):
    seen = Tails(deployment)
    logged(keeper, logging.ERROR, "one")
    keeper.take(redis)
    seen.server(everything, 0)
    asked = []
    after = tails.after
    monkeypatch.setattr(tails, "after", lambda *how: asked.append(after(*how)) or asked[-1])
    logged(keeper, logging.ERROR, "two")
    keeper.take(redis)
    assert [one["text"] for one in seen.server(everything, 0)["lines"]] == ["one", "two"]
    assert [len(some) for some in asked] == [1]


def test_lines_of_a_browser_are_told_by_experiment_and_session(deployment, redis):
    from igym.store import packages

    line = {"participant": "p", "level": "info", "text": "hi", "browser_ms": 1, "dropped": 0}
    for name in ("mine", "other"):
        redis.hset(keys.experiments(), name, 1)
        tails.heard(redis, name, [{**line, "session": s} for s in ("a", "b")])
    assert packages.known(redis)
    seen = Tails(deployment)

    said = seen.browsers(lambda name: name == "mine", 0)["lines"]

    assert [(one["experiment"], one["session"]) for one in said] == [("mine", "a"), ("mine", "b")]
    assert [one["session"] for one in seen.browsers(everything, 0, "b")["lines"]] == ["b", "b"]
    redis.delete(keys.experiments())
