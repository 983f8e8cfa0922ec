"""Which cell is next, and a log of places that adds up or says where it does not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain import places
from igym.domain.places import Taken

CELLS = ["a", "b", "c", "d"]
COUNTS = st.dictionaries(
    st.sampled_from(CELLS), st.builds(Taken, st.integers(0, 9), st.integers(0, 9))
)


class Study:
    """A quota in memory, as `quota.lua` keeps it in Redis, and its log."""

    def __init__(self, wanted: int, over: int) -> None:
        self.wanted, self.over = wanted, over
        self.taken = dict.fromkeys(CELLS, Taken())
        self.rows: list[dict[str, Any]] = []
        self.changes = 0

    def take(self, seed: int) -> dict[str, Any] | None:
        cell = places.choose(places.drawn(CELLS, seed), self.taken, self.wanted, self.over)
        if not cell:
            return None
        self.changes += 1
        row = {
            "unit_id": f"u{len(self.rows)}", "treatment": "t", "mode": "live", "cell": cell,
            "cells": CELLS, "wanted": self.wanted, "over": self.over, "seed": seed,
            "reserved_seen": [self.taken[c].reserved for c in CELLS],
            "valid_seen": [self.taken[c].valid for c in CELLS],
            "change": self.changes, "settled_change": None, "valid_ms": None, "released_ms": None,
        }  # fmt: skip
        self.rows.append(row)
        self.count(cell, 1, 0)
        return row

    def settle(self, row: dict[str, Any], valid: bool) -> None:
        self.changes += 1
        row["settled_change"] = self.changes
        row["valid_ms" if valid else "released_ms"] = 1.0
        self.count(row["cell"], -1, int(valid))

    def count(self, cell: str, reserved: int, valid: int) -> None:
        was = self.taken[cell]
        self.taken[cell] = Taken(was.reserved + reserved, was.valid + valid)


def test_without_a_quota_every_block_of_as_many_units_as_cells_has_each_cell_once():
    study = Study(0, 0)
    order = [study.take(seed)["cell"] for seed in range(80)]
    blocks = [order[i : i + 4] for i in range(0, 80, 4)]
    assert all(sorted(block) == CELLS for block in blocks)
    assert len({tuple(block) for block in blocks}) > 10  # and not always in the same order


def test_a_cell_that_is_equally_full_comes_first_as_often_as_any_other():
    first = Counter(places.drawn(CELLS, seed)[0] for seed in range(4000))
    assert all(900 < first[cell] < 1100 for cell in CELLS)


@given(COUNTS, st.integers(0, 2**31), st.integers(0, 8), st.integers(0, 3))
def test_the_least_taken_of_the_cells_with_a_place_is_next(taken, seed, wanted, over):
    cell = places.choose(places.drawn(CELLS, seed), taken, wanted, over)
    open_cells = [c for c in CELLS if places.free(taken.get(c, places.NONE), wanted, over)]
    assert (cell != "") == bool(open_cells)
    if cell:
        assert cell in open_cells
        assert all(taken.get(c, Taken()).all >= taken.get(cell, Taken()).all for c in open_cells)


def test_places_beyond_those_wanted_end_with_the_last_completion_wanted():
    assert places.free(Taken(reserved=12, valid=9), 10, 12)
    assert not places.free(Taken(reserved=13, valid=9), 10, 12)
    assert not places.free(Taken(reserved=0, valid=10), 10, 12)


def test_places_are_spent_when_no_completion_is_wanted_any_more():
    assert places.spent("ab", {"a": Taken(0, 2), "b": Taken(1, 2)}, 2)
    assert not places.spent("ab", {"a": Taken(0, 2), "b": Taken(1, 1)}, 2)  # b may come free
    assert not places.spent("ab", {"a": Taken(0, 2)}, 2)
    assert not places.spent("ab", {"a": Taken(0, 2), "b": Taken(0, 2)}, 0)


@given(st.data(), st.integers(1, 4), st.integers(0, 2))
def test_the_log_of_any_study_comes_to_what_the_quota_says(data, wanted, over):
    study = Study(wanted, over)
    for _ in range(data.draw(st.integers(0, 40))):
        open_rows = [row for row in study.rows if row["settled_change"] is None]
        if open_rows and data.draw(st.booleans()):
            study.settle(data.draw(st.sampled_from(open_rows)), data.draw(st.booleans()))
        else:
            study.take(data.draw(st.integers(0, 99)))
    made = places.account(study.rows)
    assert made.problems == []
    for cell in CELLS:
        assert made.cells("live", "t").get(cell, Taken()) == study.taken[cell]
        assert study.taken[cell].all <= wanted + over and study.taken[cell].valid <= wanted + over


def a_study() -> Study:
    study = Study(2, 0)
    for seed in range(8):
        study.take(seed)
    study.settle(study.rows[0], valid=True)
    study.settle(study.rows[1], valid=False)
    study.take(9)
    return study


@pytest.mark.parametrize(
    ("what", "spoil"),
    [
        ("not 1 to", lambda rows: rows.pop(3)),
        ("not 1 to", lambda rows: rows.append(dict(rows[2]))),
        ("counts that were not true", lambda rows: rows[5]["reserved_seen"].reverse()),
        (
            "seed and counts",
            lambda rows: rows[8].update(cell="a" if rows[8]["cell"] != "a" else "b"),
        ),
        ("one more than the quota", lambda rows: rows[8].update(cell=rows[0]["cell"])),
        ("settled 2 times", lambda rows: rows[0].update(released_ms=2.0)),
        ("settled 0 times", lambda rows: rows[0].update(valid_ms=None)),
        ("settled 1 times", lambda rows: rows[4].update(valid_ms=3.0)),
    ],
)
def test_a_log_that_was_tampered_with_or_lost_a_row_says_so(what, spoil):
    study = a_study()
    assert places.account(study.rows).problems == []
    spoil(study.rows)
    assert any(what in problem for problem in places.account(study.rows).problems)
