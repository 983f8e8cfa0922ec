"""What somebody who runs a study asks for, and what became of it. Knows no Redis and no socket.

Two rules for editors: whatever decides how a command moves is in `MOVES`, and what is said twice,
too late or out of turn changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from igym.domain.access import Right


class State(StrEnum):
    """How far a command is."""

    PENDING = "pending"  # written down; whoever it needs has not got it yet
    DELIVERED = "delivered"  # sent to a page that is open
    ACKNOWLEDGED = "acknowledged"  # a browser shows it, or the game's worker has it
    DONE = "done"  # final: it had its effect
    FAILED = "failed"  # final: it could not be; `why` says so, and `hint` what to do
    EXPIRED = "expired"  # final: nobody took it in time


class Event(StrEnum):
    """What can happen to a command."""

    SENT = "sent"
    TAKEN = "taken"
    DID = "did"
    COULD_NOT = "could_not"
    LATE = "late"


_ENDS = {Event.DID: State.DONE, Event.COULD_NOT: State.FAILED, Event.LATE: State.EXPIRED}

#: The whole life of a command. What is not here changes nothing.
MOVES: dict[State, dict[Event, State]] = {
    State.PENDING: {Event.SENT: State.DELIVERED, Event.TAKEN: State.ACKNOWLEDGED, **_ENDS},
    State.DELIVERED: {Event.TAKEN: State.ACKNOWLEDGED, **_ENDS},
    State.ACKNOWLEDGED: dict(_ENDS),
    State.DONE: {},
    State.FAILED: {},
    State.EXPIRED: {},
}

FINAL = frozenset(state for state, moves in MOVES.items() if not moves)


def after(state: State, event: Event) -> State:
    """The state once `event` has happened; the same where it comes too late."""
    return MOVES[state].get(event, state)


def before(event: Event) -> tuple[State, ...]:
    """The states that `event` changes."""
    return tuple(state for state, moves in MOVES.items() if event in moves)


def becomes(event: Event) -> State:
    """What `event` makes of a command that it changes: the same from wherever it comes."""
    (made,) = {moves[event] for moves in MOVES.values() if event in moves}
    return made


class What(StrEnum):
    """What is asked for. Names never change: they are in the audit log."""

    MESSAGE = "message"  # show somebody a few words
    REMOVE = "remove"  # end their session, with its code
    EXCLUDE = "exclude"  # mark their data
    INCLUDE = "include"  # take that back
    WAIT = "wait"  # let them wait longer in their lobby
    BENCH = "bench"  # a policy plays in their seat
    SEAT = "seat"  # … and they have it back
    PAUSE = "pause"  # a game stands still
    RESUME = "resume"
    END = "end"  # a game is over for everybody
    OPEN = "open"  # recruitment
    CLOSE = "close"
    CAP = "cap"  # so many participants
    ACTIVATE = "activate"  # a version, for newcomers
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to know about one kind of command."""

    right: Right
    to: Literal["session", "game", "experiment"]
    by: Literal["browser", "worker", "server"]  # whose word makes it done
    life_s: float = 60.0  # nobody took it for so long: it expires


#: A message waits for somebody who has closed the page; a game's worker has to be there at once,
#: or to be followed by another one.
MESSAGE_S, WORKER_S = 4 * 3600.0, 60.0

KINDS: Mapping[What, Kind] = {
    What.MESSAGE: Kind(Right.CONTROL, "session", "browser", MESSAGE_S),
    What.REMOVE: Kind(Right.CONTROL, "session", "server"),
    What.EXCLUDE: Kind(Right.CONTROL, "session", "server"),
    What.INCLUDE: Kind(Right.CONTROL, "session", "server"),
    What.WAIT: Kind(Right.CONTROL, "session", "server"),
    What.BENCH: Kind(Right.CONTROL, "game", "worker", WORKER_S),
    What.SEAT: Kind(Right.CONTROL, "game", "worker", WORKER_S),
    What.PAUSE: Kind(Right.CONTROL, "game", "worker", WORKER_S),
    What.RESUME: Kind(Right.CONTROL, "game", "worker", WORKER_S),
    What.END: Kind(Right.CONTROL, "game", "worker", WORKER_S),
    What.OPEN: Kind(Right.RELEASE, "experiment", "server"),
    What.CLOSE: Kind(Right.RELEASE, "experiment", "server"),
    What.CAP: Kind(Right.RELEASE, "experiment", "server"),
    What.ACTIVATE: Kind(Right.RELEASE, "experiment", "server"),
    What.RETIRE: Kind(Right.RELEASE, "experiment", "server"),
}

#: The most characters that are said to somebody, or given as a reason.
MOST_CHARS = 500

#: The most that one wait is made longer at a time, s.
MOST_WAIT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Command:
    """One command, about one person, game or experiment. Times are ms since the epoch."""

    id: str
    what: What
    experiment: str
    by: str  # name of who asked
    made_ms: float
    until_ms: float  # then it expires
    session: str = ""
    game: str = ""
    seat: str = ""
    text: str = ""  # what to say, or why; of a version: its name
    number: float = 0  # seconds more to wait; how many participants, 0 = any number
    batch: str = ""  # id of what was asked for at once, where it was for several people
    state: State = State.PENDING
    at_ms: float = 0  # of its last move
    why: str = ""  # a sentence: what stood in the way, or what there is to add
    hint: str = ""  # what to do about it
    read_ms: float = 0  # when a message was put away by who read it; 0 = it was not

    @property
    def kind(self) -> Kind:
        """What there is to know about commands like this."""
        return KINDS[self.what]

    @property
    def target(self) -> str:
        """Whom or what it is about."""
        return self.session or self.game or self.experiment
