"""What happened to people, read off the rows that say so: what callbacks for people are told. Pure.

Rows are written by the script that makes them true, and in order; so are these.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Hooks that are about people, and not inside a game.
PEOPLE = (
    "on_joined",
    "on_waitroom_start",
    "on_waitroom_join",
    "on_waitroom_end",
    "on_waitroom_timeout",
    "on_advanced",
    "on_form_submitted",
    "on_dropped",
    "on_finished",
)


@dataclass(slots=True)
class Happening:
    """Something that happened to a participant, when a hook is called."""

    hook: str
    session: str
    at_ms: float
    scene: str = ""  # "" = it is about no scene
    game: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)  # of a form that was sent
    outcome: str = ""  # of a session that ended, or how a wait did
    place: str = ""  # in the stream of rows: unique, and rising
    note: Callable[[str, Any], None] | None = field(default=None, repr=False)

    def record(self, name: str, value: Any) -> None:
        """Put `value`, which JSON must hold, into the table `events`, as kind "recorded"."""
        if self.note is not None:
            self.note(name, value)


def derive(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Happening]:
    """What happened, in order. `event_id` of a row is its place in the stream."""
    rows = list(rows)
    # A wait is ended by a row that says "left" and, in the same step, one that knows better.
    ends = {
        (row["session_id"], row["visit"]): n
        for n, (table, row) in enumerate(rows)
        if table == "tickets" and row.get("end")
    }
    found: list[Happening] = []
    for n, (table, row) in enumerate(rows):
        session = row.get("session_id")
        if not session:
            continue
        if table == "tickets" and row.get("end") and ends[session, row["visit"]] != n:
            continue
        made = _READ.get(table, _nothing)(row)
        for hook, about in made:
            about = {"at_ms": row["day_ms"], "place": row["event_id"], **about}
            one = Happening(hook, str(session), **about)
            last = found[-1] if found else None
            if (
                hook == "on_form_submitted" and last is not None
                and (last.hook, last.session, last.scene) == (hook, one.session, one.scene)
            ):  # fmt: skip
                last.answers = {**last.answers, **one.answers}  # one row for each answer
                last.place = one.place
                continue
            found.append(one)
    return found


Read = Iterable[tuple[str, dict[str, Any]]]


def _nothing(row: Mapping[str, Any]) -> Read:
    return ()


def _session(row: Mapping[str, Any]) -> Read:
    if row.get("started_ms") is not None:
        yield "on_joined", {"at_ms": row["started_ms"]}
    if row.get("outcome"):
        yield "on_finished", {"at_ms": row["ended_ms"], "outcome": row["outcome"]}


def _visit(row: Mapping[str, Any]) -> Read:
    if row.get("entered_ms") is not None:
        yield "on_advanced", {"at_ms": row["entered_ms"], "scene": row["scene"]}


def _answer(row: Mapping[str, Any]) -> Read:
    if row.get("value") is not None:
        said = {row["item"]: json.loads(row["value"])}
        about = {"at_ms": row["answered_ms"], "scene": row["scene"], "answers": said}
        yield "on_form_submitted", about | {"game": row.get("game_id") or ""}


def _ticket(row: Mapping[str, Any]) -> Read:
    about = {"scene": row.get("scene", ""), "game": row.get("game_id") or ""}
    end = row.get("end")
    if not end:
        yield "on_waitroom_join", about | {"at_ms": row["since_ms"]}
        return
    about |= {"at_ms": row["ended_ms"], "outcome": end}
    if end == "timed_out":
        yield "on_waitroom_timeout", about
    yield "on_waitroom_end", about


def _event(row: Mapping[str, Any]) -> Read:
    if row.get("kind") == "seat_left":
        yield "on_dropped", {"at_ms": row["at_ms"], "game": row.get("game_id") or ""}


_READ: dict[str, Callable[[Mapping[str, Any]], Read]] = {
    "sessions": _session,
    "visits": _visit,
    "answers": _answer,
    "tickets": _ticket,
    "events": _event,
}
