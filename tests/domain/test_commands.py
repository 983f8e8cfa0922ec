"""A command ends once, and what is said twice, too late or out of turn changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.access import RIGHTS, Right, Role
from igym.domain.commands import FINAL, KINDS, MOVES, Event, State, What, after, becomes, before

EVENTS = st.lists(st.sampled_from(Event), max_size=12)
ORDER = list(State)


def lives(events: list[Event]) -> list[State]:
    states = [State.PENDING]
    for event in events:
        states.append(after(states[-1], event))
    return states


@given(EVENTS)
def test_it_only_goes_forward_and_ends_once(events):
    states = lives(events)
    assert [ORDER.index(s) for s in states] == sorted(ORDER.index(s) for s in states)
    ended = [s for s in states if s in FINAL]
    assert len(set(ended)) <= 1
    assert states[len(states) - len(ended) :] == ended, "nothing follows the end"


@given(EVENTS)
def test_the_first_word_that_ends_it_is_the_one_that_counts(events):
    ends = [e for e in events if e in (Event.DID, Event.COULD_NOT, Event.LATE)]
    last = lives(events)[-1]
    assert (last in FINAL) == bool(ends)
    if ends:
        assert last is becomes(ends[0])


@given(EVENTS, st.integers(0, 11))
def test_what_is_said_twice_changes_nothing(events, at):
    if events:
        at %= len(events)
        twice = [*events[: at + 1], events[at], *events[at + 1 :]]
        assert lives(twice)[-1] is lives(events)[-1]


@pytest.mark.parametrize("event", Event)
def test_the_script_that_moves_a_command_is_told_all_that_the_table_says(event):
    for state in State:
        moved = after(state, event)
        assert (state in before(event)) == (moved is not state)
        assert moved is (becomes(event) if state in before(event) else state)


def test_every_command_has_a_kind_and_no_viewer_may_give_one():
    assert set(KINDS) == set(What)
    assert {kind.right for kind in KINDS.values()} <= {Right.CONTROL, Right.RELEASE}
    assert not {kind.right for kind in KINDS.values()} & RIGHTS[Role.VIEWER]
    assert set(MOVES) == set(State)
