"""What is told of a person stays the same once it is archived, and is no more than one may see."""

from __future__ import annotations

import pytest

from igym import wire
from igym.services.data import archiving
from igym.services.sessions import display, knowing
from igym.store import forgetting, keys, records, trails
from tests.services.paper import E, Paper, a_plan, a_play


@pytest.fixture
def paper(deployment) -> Paper:
    return Paper(deployment, a_plan(play=a_play(1)))


def known(paper: Paper, session, answers: bool = True) -> dict:
    return knowing.about(paper.deployment, E, session.id, answers=answers)


def everything(paper: Paper):
    """Somebody of whom there is something of each kind."""
    ann = paper.arrive(PROLIFIC_PID="5f1")
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
    records.add(paper.redis, E, "1", [display.device(ann, agent)])
    ann = paper.advance(paper.advance(ann), hand="left", age=30)
    records.add(
        paper.redis, E, "1", [records.event_row(5.0, "hidden", session=ann.id, detail="away")]
    )
    for said in (display.opened(ann, wire.Ready("g", 800, 400, 60.0, 7.0)),
                 display.painted(ann, wire.Painted("g", 7.0, 90, 10))):  # fmt: skip
        records.add(paper.redis, E, "1", [said])
    return ann


def test_what_is_told_is_the_same_after_it_was_archived(paper):
    ann = everything(paper)
    before = known(paper, ann)
    assert {one["item"]: one["value"] for one in before["answers"]} == {
        "hand": '"left"', "age": "30",
    }  # fmt: skip
    assert before["devices"] == [
        "desktop, firefox",
        "stage 800 × 400 px, 60 Hz, 10.0% of paints dropped",
    ]
    told = {one["what"] for one in before["timeline"]}
    assert {"arrived", "hidden", "came to about", "answered hand"} <= told

    while archiving.archive_experiment(paper.deployment, E):
        pass

    assert paper.redis.xlen(keys.records(E, "1")) == 0
    after = known(paper, ann)
    assert after["timeline"] == before["timeline"]
    assert after["answers"] == before["answers"] and after["devices"] == before["devices"]


def test_an_archiver_that_did_it_twice_tells_nothing_twice(paper):
    ann = everything(paper)
    _, rows = records.waiting(paper.redis, E, "1", 1_000)
    trails.note(paper.redis, E, rows)
    trails.note(paper.redis, E, rows)
    said = known(paper, ann)
    while archiving.archive_experiment(paper.deployment, E):
        pass
    assert known(paper, ann)["timeline"] == said["timeline"]
    assert len(said["answers"]) == 2


def test_who_may_not_read_answers_reads_none_and_no_ids_of_a_recruiter_are_left_behind(paper):
    ann = everything(paper)
    while archiving.archive_experiment(paper.deployment, E):
        pass
    said = known(paper, ann, answers=False)
    assert said["withheld"] and said["answers"] == [] and said["link"] == {}
    assert "left" not in str(said) and "away" not in str(said["timeline"])
    assert "5f1" not in str(trails.read(paper.redis, E, ann.id))


def test_a_trail_is_capped_has_an_end_and_goes_with_the_person(paper):
    ann = everything(paper)
    long = records.event_row(1.0, "error", session=ann.id, detail="x" * 2_000)
    trails.note(paper.redis, E, [long] * 500)
    name = keys.trail(E, ann.id)
    assert paper.redis.llen(name) == trails.MOST
    assert 0 < paper.redis.ttl(name) <= keys.trail.ttl_s
    assert len(trails.read(paper.redis, E, ann.id)[-1][1]["detail"]) == trails.LONGEST
    forgetting.sweep(paper.redis, E, {ann.id: "x"})
    assert not paper.redis.exists(name)
