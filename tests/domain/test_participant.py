"""A session moves as the table says, and in no other way."""

from __future__ import annotations

import pytest

from igym.domain.participant import MOVES, Event, Impossible, Phase, after

#: The table once more, so that a change of it is made twice and on purpose.
TOLD = """
    reading  turn_page -> reading
    reading  queue     -> waiting
    reading  finish    -> ended
    waiting  seat      -> playing
    waiting  turn_page -> reading
    waiting  finish    -> ended
    playing  turn_page -> reading
    playing  queue     -> waiting
    playing  finish    -> ended
"""
STEPS = {
    (Phase(phase), Event(event)): Phase(to)
    for phase, event, _, to in (line.split() for line in TOLD.strip().splitlines())
}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("event", Event)
def test_every_event_in_every_phase_does_what_the_table_says(phase, event):
    if (phase, event) in STEPS:
        assert after(phase, event) is STEPS[phase, event]
    else:
        with pytest.raises(Impossible, match=rf"{event} cannot happen.* {phase}"):
            after(phase, event)


def test_whoever_has_ended_stays_there():
    assert MOVES[Phase.ENDED] == {}


def test_every_phase_is_in_the_table_and_can_be_reached():
    reached = {to for moves in MOVES.values() for to in moves.values()}
    assert set(MOVES) == set(Phase) == reached


def test_the_end_can_be_reached_from_everywhere():
    assert all(Event.FINISH in MOVES[phase] for phase in Phase if phase is not Phase.ENDED)
