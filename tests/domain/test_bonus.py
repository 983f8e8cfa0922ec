"""What is paid is a number between nothing and the cap, worked out from a record."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.bonus import Record, bonus, capped, told
from igym.domain.rounds import packed
from igym.errors import BadPackage
from tests.domain.test_rounds import result


@given(st.floats() | st.integers(), st.floats(0.01, 1000))
def test_whatever_a_function_says_nobody_gets_less_than_nothing_or_more_than_the_cap(said, cap):
    amount = capped(said, cap)
    assert amount is None or 0 <= amount <= round(cap, 2)
    assert amount is None or told(amount, "GBP") == f"{amount:.2f} GBP"


@pytest.mark.parametrize("said", [None, True, "2", [1.0], float("nan"), float("inf")])
def test_what_is_no_number_is_not_paid(said):
    assert capped(said, 5) is None


def test_a_record_comes_back_from_json_and_scores_leave_practice_out():
    plain = {
        "session": "s", "mode": "live", "wave": "", "outcome": "complete", "treatments": {},
        "answers": {"about.age": 30},
        "episodes": [
            {"scene": scene, "seat": "red", "result": packed(one)}
            for scene, one in [
                ("solo", result(0, red=9, practice=True)), ("solo", result(1, red=2)),
                ("both", result(0, red=3, blue=4)),
            ]
        ],
    }  # fmt: skip
    record = Record.of(json.loads(json.dumps(plain)))
    assert (record.score(), record.score("solo"), record.score("nowhere")) == (5, 2, 0)
    assert record.episodes[2].result == result(0, red=3, blue=4)
    assert dataclasses.asdict(record)["answers"] == {"about.age": 30}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"cap": 0}, "cap=0"),
        ({"cap": float("nan")}, "cap=nan"),
        ({"cap": 2, "default": 3}, "default=3"),
        ({"cap": 2, "currency": "£"}, "currency"),
        ({"cap": 2, "limit": "soon"}, "duration"),
    ],
)
def test_a_mistake_is_told_where_it_is_made(more, why):
    with pytest.raises(BadPackage, match=why):
        bonus(lambda record: 1.0, **more)
