"""Rows wait in order until they are on the disk, and are then forgotten; problems are a ring."""

from __future__ import annotations

from igym.store import records

E = "kitchen"


def test_rows_come_back_in_order_and_the_same_at_every_reading(redis):
    rows = [("answers", {"n": n, "text": "ä\n\"'", "none": None, "x": 0.1}) for n in range(7)]
    records.add(redis, E, "1", rows)
    up_to, first = records.waiting(redis, E, "1", 5)
    assert records.waiting(redis, E, "1", 5) == (up_to, first)
    assert [(t, {k: v for k, v in r.items() if k != "event_id"}) for t, r in first] == rows[:5]
    assert len({row["event_id"] for _, row in first}) == 5

    records.archived(redis, E, "1", up_to)
    rest = records.waiting(redis, E, "1", 5)[1]
    assert [row["n"] for _, row in rest] == [5, 6]
    records.archived(redis, E, "1", records.waiting(redis, E, "1", 5)[0])
    assert records.waiting(redis, E, "1", 5) == ("", [])


def test_what_arrives_while_the_archiver_writes_is_not_forgotten(redis):
    records.add(redis, E, "1", [("answers", {"n": 0})])
    up_to, _ = records.waiting(redis, E, "1", 5)
    records.add(redis, E, "1", [("answers", {"n": 1})])
    records.archived(redis, E, "1", up_to)
    assert [row["n"] for _, row in records.waiting(redis, E, "1", 5)[1]] == [1]


def test_an_event_has_one_id_for_ever(redis):
    records.add(redis, E, "1", [records.event_row(5.0, "hidden", session="s")] * 3)
    ids = [row["event_id"] for _, row in records.waiting(redis, E, "1", 9)[1]]
    assert len(set(ids)) == 3
    assert ids == [row["event_id"] for _, row in records.waiting(redis, E, "1", 9)[1]]


def test_releases_do_not_mix(redis):
    records.add(redis, E, "1", [("answers", {"n": 1})])
    assert records.waiting(redis, E, "2", 5) == ("", [])


def test_the_last_200_problems_are_kept_newest_first(redis):
    for n in range(205):
        records.problem(redis, {"n": n})
    told = [problem["n"] for problem in records.problems(redis, 500)]
    assert told == list(range(204, 4, -1))
