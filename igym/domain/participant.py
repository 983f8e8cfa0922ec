"""The life of a participant's session, as a table. Knows no storage and no screen.

Two rules for editors: whatever affects the transitions is in `MOVES`, and nothing here
depends on which scene is next (`igym.domain.flow` decides that).
"""

from __future__ import annotations

from enum import StrEnum

from igym.errors import Refused


class Phase(StrEnum):
    """What a participant is doing. Each has a screen in the client."""

    READING = "reading"  # a page or a survey is on screen; they move on themselves
    WAITING = "waiting"  # in a lobby
    PLAYING = "playing"  # has a seat in a game
    ENDED = "ended"  # final: has an outcome and, where one is declared, a code


class Event(StrEnum):
    """What can happen to a session. Named for where it leads."""

    TURN_PAGE = "turn_page"  # a page or survey comes next
    QUEUE = "queue"  # a game comes next
    SEAT = "seat"  # the match was sealed
    FINISH = "finish"  # an ending comes next


#: The whole life of a session. A pair that is not here cannot happen.
MOVES: dict[Phase, dict[Event, Phase]] = {
    Phase.READING: {
        Event.TURN_PAGE: Phase.READING,
        Event.QUEUE: Phase.WAITING,
        Event.FINISH: Phase.ENDED,
    },
    Phase.WAITING: {
        Event.SEAT: Phase.PLAYING,
        Event.TURN_PAGE: Phase.READING,
        Event.FINISH: Phase.ENDED,
    },
    Phase.PLAYING: {
        Event.TURN_PAGE: Phase.READING,
        Event.QUEUE: Phase.WAITING,
        Event.FINISH: Phase.ENDED,
    },
    Phase.ENDED: {},
}


class Impossible(Refused):
    """The event cannot happen in this phase. Nothing changed."""

    code, status = "impossible", 409


def after(phase: Phase, event: Event) -> Phase:
    """The phase once `event` has happened in `phase`.

    Raises:
        Impossible: `MOVES` has no such pair.
    """
    to = MOVES[phase].get(event)
    if to is None:
        raise Impossible(f"{event} cannot happen to a session that is {phase}")
    return to
