"""The life of a participant's session, as a table. Knows no storage.

Two rules for editors: whatever affects the transitions is in `LIFE`, and nothing here
depends on which scene is next (`igym.domain.flow` decides that).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from igym.errors import Refused


class Phase(StrEnum):
    """What a participant is doing."""

    SCREENING = "screening"  # device and connection are looked at; no scene is shown before
    READING = "reading"  # a page, survey or quiz is on screen; they move on themselves
    WAITING = "waiting"  # in a lobby
    DECIDING = "deciding"  # between two scenes: an author's function is asked which one it is
    CHOOSING = "choosing"  # waited in vain: wait on, play with a policy, or finish
    PLAYING = "playing"  # has a seat in a game
    ENDED = "ended"  # final: has an outcome and, where one is declared, a code


class Event(StrEnum):
    """What can happen to a session. Named for where it leads."""

    TURN_PAGE = "turn_page"  # a page, survey or quiz comes next
    QUEUE = "queue"  # a game comes next, or they wait on
    SEAT = "seat"  # the match was sealed
    ASK = "ask"  # nobody came, and there is a choice
    DECIDE = "decide"  # a branch comes next, and a function decides it
    FINISH = "finish"  # an ending comes next


@dataclass(frozen=True, slots=True)
class Stand:
    """One row of the table: what a phase shows, and what can happen in it."""

    views: tuple[str, ...]  # tags of the views a browser may be shown (`igym.wire`)
    moves: Mapping[Event, Phase]
    coded: bool = False  # whether an outcome and its completion code are shown


#: The whole life of a session. What is not here cannot happen.
LIFE: dict[Phase, Stand] = {
    Phase.SCREENING: Stand(
        ("screening",),
        {
            Event.TURN_PAGE: Phase.READING,
            Event.FINISH: Phase.ENDED,
        },
    ),
    Phase.READING: Stand(
        ("page", "survey", "quiz"),
        {
            Event.TURN_PAGE: Phase.READING,
            Event.QUEUE: Phase.WAITING,
            Event.DECIDE: Phase.DECIDING,
            Event.FINISH: Phase.ENDED,
        },
    ),
    Phase.WAITING: Stand(
        ("lobby",),
        {
            Event.SEAT: Phase.PLAYING,
            Event.ASK: Phase.CHOOSING,
            Event.TURN_PAGE: Phase.READING,
            Event.FINISH: Phase.ENDED,
        },
    ),
    Phase.DECIDING: Stand(
        ("deciding",),
        {
            Event.TURN_PAGE: Phase.READING,
            Event.QUEUE: Phase.WAITING,
            Event.DECIDE: Phase.DECIDING,
            Event.FINISH: Phase.ENDED,
        },
    ),
    Phase.CHOOSING: Stand(
        ("choice",),
        {
            Event.QUEUE: Phase.WAITING,
            Event.FINISH: Phase.ENDED,
        },
    ),
    Phase.PLAYING: Stand(
        ("game",),
        {
            Event.TURN_PAGE: Phase.READING,
            Event.QUEUE: Phase.WAITING,
            Event.DECIDE: Phase.DECIDING,
            Event.FINISH: Phase.ENDED,
        },
    ),
    Phase.ENDED: Stand(("end",), {}, coded=True),
}


class Impossible(Refused):
    """The event cannot happen in this phase. Nothing changed."""

    code, status = "impossible", 409


def after(phase: Phase, event: Event) -> Phase:
    """The phase once `event` has happened in `phase`.

    Raises:
        Impossible: `LIFE` has no such move.
    """
    to = LIFE[phase].moves.get(event)
    if to is None:
        raise Impossible(f"{event} cannot happen to a session that is {phase}")
    return to
