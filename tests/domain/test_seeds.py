"""Every number a study draws can be drawn again, in ten years and on another machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.seeds import derive, shuffled

SEEDS = st.integers(0, 2**53)


@pytest.mark.parametrize(
    ("seed", "part", "value"),
    [
        (0, (), 1137565557),
        (1, ("episode", 0), 1378995244),
        (1, ("episode", 1), 1951151837),
        (2**53 - 1, ("left", 3), 332972293),
    ],
)
def test_seeds_written_in_old_data_give_what_they_gave(seed, part, value):
    assert derive(seed, *part) == value


def test_an_order_drawn_for_old_data_is_drawn_again():
    assert shuffled(["a", "b", "c", "d"], 7) == ["d", "b", "a", "c"]


@given(SEEDS, st.lists(st.integers(0, 99), max_size=3))
def test_a_seed_fits_every_generator(seed, part):
    assert 0 <= derive(seed, *part) < 2**31


def test_parts_of_a_game_have_nothing_in_common():
    parts = [derive(s, name, n) for s in range(20) for name in ("left", "right") for n in range(50)]
    assert len(set(parts)) == len(parts)


@given(SEEDS)
def test_names_do_not_run_into_each_other(seed):
    assert len({derive(seed, "a", "bc"), derive(seed, "ab", "c"), derive(seed, "abc")}) == 3


@given(st.lists(st.text(max_size=3)), st.integers())
def test_shuffling_loses_nobody_and_leaves_the_list_alone(items, seed):
    before = list(items)
    assert sorted(shuffled(items, seed)) == sorted(items)
    assert items == before


def test_both_orders_of_two_come_up():
    drawn = [shuffled(["a", "b"], derive(n, "seats"))[0] for n in range(200)]
    assert 70 < drawn.count("a") < 130
