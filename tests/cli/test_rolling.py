"""A rolling restart goes on only when the last one is back; otherwise the others are left alone."""

from __future__ import annotations

import pytest

from igym.cli import rolling, verdict
from igym.cli.rolling import Rolling, Step
from igym.store import processes
from igym.store.processes import Leave


class Lab:
    """Processes that do as they are asked, when the test lets them."""

    def __init__(self, redis) -> None:
        self.redis = redis
        self.asked: list[str] = []

    def say(self, name: str, state: str = "ready", binding: str = "") -> None:
        role = name.split("-")[0]
        about = {"role": role, "node": "vm", "pid": "1", "holds": "0"}
        heard = processes.say(self.redis, name, about | {"state": state, "binding": binding})
        if heard is Leave.RESTART:
            self.asked.append(name)

    def leave(self, name: str) -> None:
        processes.gone(self.redis, name)


@pytest.fixture
def lab(redis, monkeypatch) -> Lab:
    monkeypatch.setattr(rolling, "SETTLE_S", 0.0)
    return Lab(redis)


def look(way: Rolling, times: int = 6) -> None:
    for _ in range(times):
        way.look()


def test_one_after_the_other_and_each_waits_for_the_next_of_the_one_before(lab):
    lab.say("web-1"), lab.say("web-2"), lab.say("director-1")
    way = Rolling(lab.redis, ["director", "web"])
    look(way)
    lab.say("web-1"), lab.say("web-2"), lab.say("director-1")
    assert lab.asked == ["web-1"], "web workers go before the director, and one alone"
    lab.leave("web-1")
    look(way)
    lab.say("web-2")
    assert lab.asked == ["web-1"], "its next has not come"
    lab.say("web-3", "starting")
    look(way)
    lab.say("web-2")
    assert lab.asked == ["web-1"], "its next is not ready"
    lab.say("web-3")
    look(way)
    lab.say("web-2"), lab.say("web-3")
    assert lab.asked == ["web-1", "web-2"], "what came meanwhile is new already"
    lab.leave("web-2"), lab.say("web-4")
    look(way)
    lab.say("director-1")
    assert lab.asked[-1] == "director-1" and not way.done
    lab.leave("director-1"), lab.say("director-2")
    look(way)
    assert way.done and not way.failed
    assert [step.name for step in way.steps] == ["web-1", "web-2", "director-1"]


def test_no_game_may_be_without_a_worker_when_the_next_one_goes(lab):
    lab.say("games-1"), lab.say("games-2")
    way = Rolling(lab.redis, ["games"])
    look(way)
    lab.redis.lpush("rq:queue:games-again", "game-x-2-aaa")
    lab.leave("games-1"), lab.say("games-3")
    look(way)
    assert [step.name for step in way.steps] == []
    lab.redis.delete("rq:queue:games-again")
    look(way)
    assert [step.name for step in way.steps] == ["games-1"]


def test_a_bound_worker_need_not_come_back(lab):
    lab.say("games-1", binding="study/aaaa")
    way = Rolling(lab.redis, ["games"])
    look(way)
    lab.leave("games-1")
    look(way)
    assert way.done and not way.failed


def test_one_that_does_not_come_back_ends_it_and_is_named(lab, monkeypatch):
    monkeypatch.setattr(rolling, "PATIENCE_S", 0.0)
    lab.say("web-1"), lab.say("web-2")
    way = Rolling(lab.redis, ["web"])
    look(way, 2)
    lab.leave("web-1")
    look(way)
    lab.say("web-2")
    assert way.done and "web-1" in way.failed and "has not come back" in way.failed
    assert lab.asked == [], "the other was left alone"


def trail(*spans: list, downs: tuple = ()) -> dict:
    return {"spans": [list(span) for span in spans], "downs": list(downs)}


def through(*steps: Step) -> Rolling:
    way = Rolling(None, [])
    way.steps = list(steps)
    return way


def test_pauses_are_told_by_what_was_restarted_and_those_before_it_are_not():
    way = through(Step("games", "games-1", asked_ms=10_000, back_ms=13_000))
    played = trail(
        [0, 5_000, "g", 1], [6_000, 10_500, "g", 1],  # before: not ours
        [11_500, 20_000, "g", 2],  # another worker
        [22_000, 30_000, "g", 2],  # a new line
        [40_000, 50_000, "h", 1],  # the next game
        downs=[(20_100, "")],
    )  # fmt: skip
    told = verdict.rolled([played], way)
    assert told["pause_s"]["game"] == {"p50": 1.0, "p95": 1.0, "max": 1.0, "of": 1}
    assert told["pause_s"]["web"] == {"p50": 2.0, "p95": 2.0, "max": 2.0, "of": 1}
    assert (told["restarted"], told["restart_s"]["max"]) == ({"games": 1}, 3.0)
    assert told["not_rolled"] == 0


def test_a_restart_that_was_asked_for_and_did_not_happen_fails_the_rehearsal():
    told = verdict.rolled([], None)
    assert told["not_rolled"] == 1
    assert verdict.failed(told | {"outcomes": {}})
