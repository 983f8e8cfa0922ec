"""Who is away is waited for as the scene says, and then its rule acts, once."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.dropout import Attendance, Change, Seated, hold
from igym.domain.policy import Random
from igym.errors import BadPackage


def seat(then="noop", grace_s=10, returns=True, most_s=100) -> Attendance:
    made = Attendance(then, grace_s, returns, most_s)
    assert made.look(True, 0) is Change.BACK
    return made


def test_whoever_is_away_for_less_than_the_grace_comes_back_as_if_nothing_had_been():
    ann = seat()
    assert ann.look(False, 1) is Change.LEFT
    assert (ann.look(False, 10), ann.acts_s) == (None, 11)
    assert ann.look(True, 10.9) is Change.BACK
    assert (ann.stands, ann.acts_s) == (Seated.HERE, None)


@pytest.mark.parametrize("then", ["noop", "shrink", "policy"])
def test_after_the_grace_the_game_goes_on_without_them_and_the_seat_is_given_back(then):
    ann = seat(then)
    ann.look(False, 1)
    assert ann.look(False, 11) is Change.REPLACED
    assert ann.stands is Seated.REPLACED and ann.look(False, 500) is None
    assert ann.look(True, 501) is Change.BACK


def test_a_seat_that_is_not_given_back_is_gone():
    ann = seat(returns=False)
    ann.look(False, 1)
    assert ann.look(False, 11) is Change.REPLACED
    assert ann.stands is Seated.GONE and ann.look(True, 12) is None


def test_the_end_comes_once():
    ann = seat("end")
    ann.look(False, 1)
    assert ann.look(False, 11) is Change.END
    assert ann.look(False, 12) is None and ann.leave() is None


def test_a_scene_that_waits_waits_as_long_as_the_experiment_does():
    ann = seat("wait", grace_s=10, most_s=100)
    ann.look(False, 1)
    assert ann.look(False, 100) is None
    assert ann.look(False, 101) is Change.END


@pytest.mark.parametrize(
    ("then", "change"),
    [
        ("end", Change.END),
        ("wait", Change.END),
        ("noop", Change.REPLACED),
        ("policy", Change.REPLACED),
    ],
)
def test_who_leaves_for_good_is_not_waited_for(then, change):
    ann = seat(then)
    assert ann.leave() is change
    assert ann.stands is Seated.GONE and ann.look(True, 2) is None


def test_who_was_replaced_and_then_leaves_for_good_stays_replaced():
    ann = seat()
    ann.look(False, 1), ann.look(False, 11)
    assert ann.leave() is None and ann.stands is Seated.GONE


@given(
    st.sampled_from(["end", "wait", "noop", "shrink", "policy"]),
    st.booleans(),
    st.lists(st.tuples(st.floats(0.01, 8), st.booleans(), st.integers(0, 40)), max_size=40),
)
def test_whatever_happens_changes_alternate_and_gone_is_gone(then, returns, moments):
    ann, now_s, told = Attendance(then, 10, returns, 100), 0.0, []
    for wait_s, present, leaves in moments:
        now_s += wait_s
        gone = ann.stands is Seated.GONE
        change = ann.leave() if leaves == 0 else ann.look(present, now_s)
        assert not (gone and change), "gone is gone"
        if change:
            told.append(change)
        if change is Change.REPLACED:
            assert then not in ("end", "wait")
        if ann.stands is Seated.AWAY and ann.acts_s is not None:
            assert now_s < ann.acts_s, "the rule is overdue"
        assert (ann.stands is Seated.HERE) <= present or leaves == 0
    for one, next in itertools.pairwise(told):
        assert one is not next, "told twice"


def test_a_rule_nobody_knows_is_refused():
    assert hold("5 s", then=Random()).then == "policy"
    with pytest.raises(BadPackage, match="vanish"):
        hold("5 s", then="vanish")
