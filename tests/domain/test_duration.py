"""Durations read as people write them, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.duration import seconds
from igym.errors import BadPackage

UNITS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "days": 86_400}


@given(st.integers(0, 10**6), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " ", "  "]))
def test_a_number_and_a_unit_are_that_many_seconds(number, unit, space):
    assert seconds(f"{space}{number}{space}{unit}{space}") == pytest.approx(number * UNITS[unit])


def test_fractions_may_be_written():
    assert seconds("1.5 min") == 90


@given(st.text(max_size=12))
def test_whatever_is_not_a_duration_is_refused_with_an_example(text):
    try:
        got = seconds(text)
    except BadPackage as refused:
        assert repr(text) in refused.message and '"90 s"' in refused.hint
    else:
        assert got >= 0 and any(text.strip().endswith(unit) for unit in UNITS)


@pytest.mark.parametrize(
    "text", ["", "90", "s", "-1 s", "1e3 s", "1 s 2 s", "1.5.2 s", "1 S", "∞ s"]
)
def test_near_misses_are_refused(text):
    with pytest.raises(BadPackage):
        seconds(text)
