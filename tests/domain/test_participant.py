"""A session moves as the table says, and in no other way."""

from __future__ import annotations

from typing import get_args

import pytest

from igym import wire
from igym.domain.participant import LIFE, Event, Impossible, Phase, after

#: The table once more, so that a change of it is made twice and on purpose.
TOLD = """
    screening turn_page -> reading
    screening finish   -> ended
    reading  turn_page -> reading
    reading  queue     -> waiting
    reading  finish    -> ended
    reading  decide    -> deciding
    deciding turn_page -> reading
    deciding queue     -> waiting
    deciding decide    -> deciding
    deciding finish    -> ended
    waiting  seat      -> playing
    waiting  ask       -> choosing
    waiting  turn_page -> reading
    waiting  finish    -> ended
    choosing queue     -> waiting
    choosing finish    -> ended
    playing  turn_page -> reading
    playing  queue     -> waiting
    playing  decide    -> deciding
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
    assert LIFE[Phase.ENDED].moves == {}


def test_every_phase_is_in_the_table_and_can_be_reached():
    reached = {Phase.SCREENING} | {to for stand in LIFE.values() for to in stand.moves.values()}
    assert set(LIFE) == set(Phase) == reached


def test_the_end_can_be_reached_from_everywhere():
    assert all(Event.FINISH in LIFE[phase].moves for phase in Phase if phase is not Phase.ENDED)


def test_every_phase_has_a_view_of_its_own_and_every_view_a_phase():
    views = [view for stand in LIFE.values() for view in stand.views]
    tags = {view.__struct_config__.tag for view in get_args(wire.View)}
    assert sorted(views) == sorted(tags)


def test_a_code_is_shown_at_the_end_and_nowhere_else():
    assert [phase for phase, stand in LIFE.items() if stand.coded] == [Phase.ENDED]
