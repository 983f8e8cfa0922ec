"""The summary says what happened to people, and hides nobody in a mean."""

from __future__ import annotations

from array import array

import pytest

from igym.bots.report import MOST_ERRORS, Seen, capped, percentiles, summary


def player(number: int, **more) -> Seen:
    """Somebody who played at 30 fps to the end."""
    told = {
        "outcome": "complete",
        "games": [f"g{number // 2}"],
        "fps_nominal": 30.0,
        "frames": 300,
        "playing_s": 10.0,
        "age_ms": array("d", [1.0, 3.0]),
        "reply_ms": array("d", [20.0]),
    }
    return Seen(number, **(told | more))


def test_a_pair_is_one_game_and_everybody_is_counted():
    made = summary([player(0), player(1), player(2, outcome="no_partner")], 10)

    assert (made["participants"], made["games"]) == (3, 2)
    assert (made["finished"], made["stuck"]) == (3, 0)
    assert made["outcomes"] == {"complete": 2, "no_partner": 1}
    assert made["errors"] == []


def test_the_rate_is_the_mean_over_people_and_the_worst_one_is_named():
    made = summary([player(0), player(1, frames=150)], 10)

    assert made["fps_delivered"] == 22.5
    assert made["fps_worst"] == 15.0
    assert made["fps_nominal"] == 30.0


def test_who_did_not_get_through_is_stuck_and_the_summary_says_where():
    made = summary([player(0), player(1, outcome="", stuck="playing in scene together")], 10)

    assert (made["finished"], made["stuck"]) == (1, 1)
    assert made["errors"] == ["stuck: playing in scene together"]


def test_a_technical_problem_is_an_error_even_though_they_reached_the_ending():
    made = summary([player(0, outcome="technical_problem")], 10)

    assert made["errors"] == ["ended with technical_problem"]


def test_equal_errors_are_told_once():
    made = summary([player(n, errors=["refused: too_much"]) for n in range(3)], 10)

    assert made["errors"] == ["refused: too_much (×3)"]


def test_the_list_of_errors_has_an_end():
    told = capped([f"error {n}" for n in range(MOST_ERRORS + 5)])

    assert len(told) == MOST_ERRORS + 1
    assert told[-1] == "… and 5 more"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (range(1, 101), {"p50": 51.0, "p99": 100.0}),
        ([4.0], {"p50": 4.0, "p99": 4.0}),
        ([], {"p50": None, "p99": None}),
    ],
)
def test_percentiles_are_values_that_occurred(values, expected):
    assert percentiles(values, (50, 99)) == expected


def test_a_crowd_that_never_played_has_no_rate_rather_than_a_rate_of_nought():
    made = summary([Seen(0, stuck="before the first screen")], 10)

    assert made["fps_delivered"] is None
    assert made["frame_age_ms"] == {"p50": None, "p95": None, "p99": None}
