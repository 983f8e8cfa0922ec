"""What room there is, and what is alarming: from figures alone."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain import capacity
from igym.domain.capacity import Figures, Worker, alarms, room

BOUNDS = (0.001, 0.01, 0.1)
WELL = Figures(
    redis_latency_s=0.001, memory=1e8, memory_limit=1e9, keeps_file=True, file_written=True,
    disk=1e11, disk_free=5e10, ready={"web": 2, "games": 1, "director": 1}, late_s=0.005,
)  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "share", "found"),
    [
        ([0, 0, 0, 0], 0.99, None),
        ([99, 1, 0, 0], 0.99, 0.001),
        ([98, 2, 0, 0], 0.99, 0.01),
        ([0, 0, 0, 5], 0.5, 0.2),
    ],
)
def test_a_quantile_is_the_end_of_its_step(counts, share, found):
    assert capacity.quantile(BOUNDS, counts, share) == found


@given(st.lists(st.integers(0, 50), min_size=4, max_size=4), st.floats(0.01, 1))
def test_a_quantile_has_as_many_below_it_as_it_says(counts, share):
    found = capacity.quantile(BOUNDS, counts, share)
    if found is None:
        assert sum(counts) == 0
    else:
        ends = (*BOUNDS, 0.2)
        assert sum(n for end, n in zip(ends, counts, strict=True) if end <= found) >= share * sum(
            counts
        )


def test_room_is_what_workers_still_take_at_what_a_game_costs_now():
    assert room([Worker(0.4, 10), Worker(0.2, 5)], 0.8, 0.005) == 10 + 15
    assert room([Worker(0.9, 10), Worker(0.1, 1)], 0.8, 0.005) == 7
    assert room([Worker(0.4, 10)], 0.8, 0.05) == 0, "ticks are late already"


def test_nobody_can_say_while_no_game_runs():
    assert room([Worker(0.01, 0)], 0.8, None) is None
    assert room([], 0.8, None) is None


@pytest.mark.parametrize(
    ("change", "severity", "words"),
    [
        ({"redis_up": False}, "critical", "does not answer"),
        ({"ready": {"director": 1}}, "critical", "No game worker"),
        ({"ready": {"games": 1}}, "critical", "No director"),
        ({"evicted": 3}, "critical", "3 keys"),
        ({"file_written": False}, "critical", "append-only"),
        ({"keeps_file": False, "file_written": None}, "warning", "keeps no file"),
        ({"memory": 7.5e8}, "warning", "75%"),
        ({"memory": 9.5e8}, "critical", "95%"),
        ({"redis_latency_s": 0.2}, "warning", "200 ms"),
        ({"disk_free": 5e9}, "warning", "5.0 GB"),
        ({"disk_free": 4e8}, "critical", "0.4 GB"),
        ({"archive_lag_s": 600}, "warning", "10 min"),
        ({"waiting": 2}, "warning", "2 games"),
        ({"late_s": 0.06}, "warning", "60 ms"),
        ({"late_s": 0.5}, "critical", "500 ms"),
        ({"stuck": ("games-1",)}, "critical", "games-1"),
        ({"skewed": ("web-2",)}, "warning", "web-2"),
    ],
)
def test_what_is_wrong_is_an_alarm_with_a_place_to_look(change, severity, words):
    (alarm,) = alarms(dataclasses.replace(WELL, **change))
    assert alarm.severity == severity and words in alarm.text
    assert alarm.href.startswith("/admin")


def test_all_is_well_and_the_worst_stands_first():
    assert alarms(WELL) == []
    found = alarms(dataclasses.replace(WELL, late_s=0.06, evicted=1, disk_free=5e9))
    assert [one.severity for one in found] == ["critical", "warning", "warning"]
