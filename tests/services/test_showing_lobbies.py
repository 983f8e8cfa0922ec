"""What an admin sees of the waiting rooms is what the matcher knows, and is bounded."""

from __future__ import annotations

import pytest

from igym.domain.plan import GroupPlan
from igym.services.lobby import showing
from igym.services.lobby.showing import Rooms, shown
from igym.store import decisions, keys, sockets
from tests.services.paper import E, Paper, a_plan, a_play, answer


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch):
    monkeypatch.setattr(showing, "FRESH_S", 0)


def seen(paper: Paper) -> dict:
    return Rooms(paper.deployment).seen()


def test_each_who_waits_is_shown_with_what_they_wait_for(deployment):
    paper = Paper(deployment, a_plan(play=a_play(3)))
    ann, bob = paper.to("play"), paper.to("play")
    sockets.disconnect(paper.redis, E, bob.id, "web-1", 1)

    (room,) = seen(paper)["rooms"]

    assert (room["scene"], room["strategy"], room["wanted"]) == ("play", "fifo", 3)
    assert (room["waiting"], room["here"]) == (2, 1)
    first, second = room["tickets"]
    assert (first["session"], first["participant"]) == (ann.id, ann.participant)
    assert (first["standing"], first["why"]) == ("free", "Waits for 2 more people.")
    assert second["standing"] == "away" and "closed" in second["why"]


def test_who_is_asked_and_who_has_answered_is_told_apart(deployment):
    paper = Paper(deployment, a_plan(play=a_play(2)))
    ann, bob = paper.to("play"), paper.to("play")
    paper.matcher.round(1)
    answer(deployment, paper.outbox, bob.id)

    (room,) = seen(paper)["rooms"]

    told = {one["session"]: one for one in room["tickets"]}
    assert told[ann.id]["standing"] == "confirmed" and "1 of the group" in told[ann.id]["why"]
    assert told[bob.id]["standing"] == "asked" and told[bob.id]["until_ms"] > 0
    assert room["asked"] == 1


def test_a_decision_is_shown_with_its_inputs_to_who_may_read_answers(deployment):
    group = GroupPlan("roles", attribute="about.hand", wanted={"left": 1, "right": 1})
    paper = Paper(deployment, a_plan(play=a_play(2, group=group)))
    ann = paper.advance(paper.advance(paper.arrive()), hand="left")
    bob = paper.advance(paper.advance(paper.arrive()), hand="right")
    assert paper.match() == 1

    (one,) = seen(paper)["decisions"]

    assert (one["experiment"], one["strategy"], one["looked_at"]) == (E, "roles", 2)
    assert one["groups"] == [[ann.id, bob.id]]
    told = shown(one, answers=True)
    assert [facts["attribute"] for facts in told["considered"]] == ["left", "right"]
    assert told["parameters"]["wanted"] == {"left": 1, "right": 1}
    withheld = shown(one, answers=False)
    assert [facts["session"] for facts in withheld["considered"]] == [ann.id, bob.id]
    assert "left" not in str(withheld)


def test_what_is_kept_and_shown_does_not_grow(deployment):
    redis = deployment.redis
    ticket = {"session": "s", "since_ms": 1.0, "joined_ms": 1.0}
    for n in range(decisions.MOST + 5):
        decisions.keep(redis, E, {"decided_ms": float(n), "considered": [ticket] * 900})

    assert redis.llen(keys.decided(E)) == decisions.MOST
    newest = decisions.latest(redis, E, 1)[0]
    assert newest["decided_ms"] == decisions.MOST + 4
    assert (len(newest["considered"]), newest["looked_at"]) == (decisions.MOST_TICKETS, 900)


def test_a_long_queue_is_counted_and_its_head_shown(deployment, monkeypatch):
    monkeypatch.setattr(showing, "MOST_TICKETS", 2)
    paper = Paper(deployment, a_plan(play=a_play(5)))
    first = [paper.to("play").id for _ in range(4)][:2]

    (room,) = seen(paper)["rooms"]

    assert [one["session"] for one in room["tickets"]] == first
    assert (room["waiting"], room["hidden"]) == (4, 2)
