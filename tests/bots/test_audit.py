"""The audit finds what is not in the data, and what is there twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from igym.archive import parquet
from igym.archive.audit import audit
from igym.domain import places

DAY_MS = 1_800_000_000_000.0
SEATS = ("left", "right")


def tick_rows(ticks, episode="g1-000", seats=SEATS):
    """One row per tick and seat."""
    return [
        {"episode_id": episode, "game_id": "g1", "tick": tick, "seat": seat, "late_ms": tick / 10}
        for tick in ticks
        for seat in seats
    ]


def session(id: str, ended_ms: float | None = DAY_MS):
    return (
        "sessions",
        {"session_id": id, "day_ms": DAY_MS, "mode": "rehearsal", "ended_ms": ended_ms},
    )


def game(ended_ms: float | None = DAY_MS):
    return ("games", {"game_id": "g1", "day_ms": DAY_MS, "ended_ms": ended_ms})


def episode(id: str = "g1-000", steps: int | None = 10, partial: bool = False):
    told = {"episode_id": id, "game_id": "g1", "steps": steps, "partial": partial}
    return ("episodes", {"day_ms": DAY_MS, **told})


@pytest.fixture
def root(tmp_path) -> Path:
    """The data of one game of two people, 10 ticks long, without the ticks."""
    seats = [("seats", {"game_id": "g1", "seat": seat, "day_ms": DAY_MS}) for seat in SEATS]
    parquet.merge(tmp_path, [session("ann"), session("bob"), game(), episode(), *seats])
    return tmp_path


def test_whole_data_have_nothing_missing(root):
    parquet.write_episode(root, "g1-000", "ticks", tick_rows(range(10)))

    found = audit(root)

    assert (found.ticks_logged, found.ticks_missing, found.ticks_duplicate) == (10, 0, 0)
    assert (found.sessions, found.sessions_ended, found.games, found.episodes) == (2, 2, 1, 1)
    assert found.modes == {"rehearsal": 2}
    assert found.late_ms == [tick / 10 for tick in range(10)]
    assert found.settled
    assert found.problems == []


def test_a_hole_is_found(root):
    parquet.write_episode(root, "g1-000", "ticks", tick_rows([0, 1, 2, 4, 5, 6, 7, 8, 9]))

    found = audit(root)

    assert (found.ticks_logged, found.ticks_missing, found.ticks_duplicate) == (9, 1, 0)
    assert found.problems == ["episode g1-000: 1 ticks missing, first 3"]
    assert not found.settled


def test_the_end_of_an_episode_is_not_forgotten(root):
    parquet.write_episode(root, "g1-000", "ticks", tick_rows(range(8)))

    assert audit(root).ticks_missing == 2


def test_a_tick_that_one_seat_lacks_is_missing(root):
    rows = tick_rows(range(9)) + tick_rows([9], seats=("left",))
    parquet.write_episode(root, "g1-000", "ticks", rows)

    assert audit(root).ticks_missing == 1


def test_a_tick_that_is_there_twice_is_found(root):
    parquet.write_episode(root, "g1-000", "ticks", tick_rows([*range(10), 4, 5]))

    found = audit(root)

    assert (found.ticks_logged, found.ticks_missing, found.ticks_duplicate) == (10, 0, 2)


def test_ticks_after_the_end_are_a_problem(root):
    parquet.write_episode(root, "g1-000", "ticks", tick_rows(range(11)))

    assert audit(root).problems == ["episode g1-000: 1 ticks unknown, first 10"]


def test_an_episode_without_a_file_misses_all_its_ticks(root):
    assert audit(root).ticks_missing == 10


def test_an_episode_cut_short_may_end_anywhere_but_has_no_hole(root):
    parquet.merge(root, [episode("g1-001", steps=None, partial=True)])
    parquet.write_episode(root, "g1-000", "ticks", tick_rows(range(10)))
    parquet.write_episode(root, "g1-001", "ticks", tick_rows(range(5), "g1-001"))
    assert audit(root).ticks_missing == 0

    parquet.write_episode(root, "g1-001", "ticks", tick_rows([0, 1, 3, 4], "g1-001"))

    found = audit(root)
    assert found.ticks_missing == 1
    assert found.episodes_cut_short == 1


def test_ticks_of_no_episode_are_a_problem(root):
    parquet.write_episode(root, "g1-000", "ticks", tick_rows(range(10)))
    parquet.write_episode(root, "g9-000", "ticks", tick_rows(range(3), "g9-000"))

    assert audit(root).problems == ["ticks of g9-000, which is not in episodes"]


def test_nothing_is_settled_while_somebody_is_on_their_way(root):
    parquet.write_episode(root, "g1-000", "ticks", tick_rows(range(10)))
    parquet.merge(root, [session("cat", ended_ms=None)])

    assert not audit(root).settled


def test_an_empty_folder_is_empty_data(tmp_path):
    found = audit(tmp_path)

    assert (found.sessions, found.ticks_logged) == (0, 0)


def test_a_place_in_a_treatment_that_nothing_explains_is_a_problem(root):
    place = {
        "unit_id": "ann", "treatment": "t", "day_ms": DAY_MS, "mode": "live", "cell": "a",
        "cells": ["a", "b"], "wanted": 1, "over": 0, "seed": 1, "reserved_seen": [0, 1],
        "valid_seen": [0, 0], "change": 2,
    }  # fmt: skip
    parquet.write_episode(root, "g1-000", "ticks", tick_rows(range(10)))
    parquet.merge(root, [("assignments", place)])
    assert len(audit(root).problems) == 2  # change 1 is missing, and b was not taken

    first = {"unit_id": "bob", "cell": "b", "reserved_seen": [0, 0], "change": 1, "seed": 2}
    first["seed"] = next(n for n in range(9) if places.drawn("ab", n)[0] == "b")
    parquet.merge(root, [("assignments", {**place, **first})])
    assert audit(root).problems == []


# --- matching ------------------------------------------------------------------------------------


def ticket(session: str, game_id: str | None = "g1", ended_ms: float | None = DAY_MS, visit=1):
    told = {"session_id": session, "visit": visit, "game_id": game_id, "ended_ms": ended_ms}
    return ("tickets", {"day_ms": DAY_MS, **told})


def match(*sessions: str, game_id: str = "g1"):
    return ("matches", {"game_id": game_id, "day_ms": DAY_MS, "sessions": list(sessions)})


def seat(who: str, name: str, game_id: str = "g1"):
    told = {"game_id": game_id, "seat": name, "session_id": who}
    return ("seats", {"day_ms": DAY_MS, **told})


@pytest.fixture
def matched(root) -> Path:
    """Ann and Bob waited and were matched."""
    parquet.write_episode(root, "g1-000", "ticks", tick_rows(range(10)))
    seats = [seat("ann", "left"), seat("bob", "right")]
    parquet.merge(root, [ticket("ann"), ticket("bob"), match("ann", "bob"), *seats])
    return root


def counts(found) -> tuple[int, int, int]:
    return found.double_matched, found.lost_tickets, found.phantoms


def test_two_who_waited_and_play_are_in_order(matched):
    found = audit(matched)

    assert counts(found) == (0, 0, 0)
    assert found.problems == []


def test_who_is_matched_into_a_second_game_is_double(matched):
    parquet.merge(matched, [match("ann", "cat", game_id="g2"), ticket("cat", "g2")])
    parquet.merge(matched, [seat("ann", "left", "g2"), seat("cat", "right", "g2")])

    assert counts(audit(matched)) == (1, 0, 0)


def test_who_sits_in_a_game_without_having_waited_is_a_phantom(matched):
    parquet.merge(matched, [match("cat", game_id="g2"), seat("cat", "left", "g2")])

    assert counts(audit(matched)) == (0, 0, 1)


def test_a_wait_that_nothing_ended_is_lost_once_its_session_ended(matched):
    parquet.merge(matched, [ticket("ann", None, None, visit=5), ticket("eve", None, None)])

    assert counts(audit(matched)) == (0, 1, 0)  # eve's session may still be waiting


def test_a_wait_for_a_game_in_which_one_does_not_sit_is_lost(matched):
    parquet.merge(matched, [ticket("bob", "g7", visit=5)])

    assert counts(audit(matched)) == (0, 1, 0)


def test_answers_are_found_by_who_where_and_what(root):
    told = {"session_id": "ann", "visit": 3, "item": "fun", "scene": "after", "value": "4"}
    parquet.merge(root, [("answers", {"day_ms": DAY_MS, **told})])

    assert audit(root).answers == {("ann", "after", "fun"): ["4"]}
