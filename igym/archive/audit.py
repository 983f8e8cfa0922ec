"""Whether the tables of one version of an experiment agree with each other. Read-only.

Knows only what is on the data volume. A tick is missing when a seat of its game has no row
for it, and duplicate when a seat has more than one.

Of matching it says three things, each counted in people. Double matched: seated more often than
they waited. A lost ticket: a wait that nothing ended although its person's session did end. A
phantom: a seat or a match with somebody who never waited for it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from igym.archive.erasing import ERASED
from igym.archive.tables import TABLES
from igym.domain import places

#: What the account of places needs.
_PLACE = (
    "unit_id", "treatment", "mode", "cell", "cells", "wanted", "over", "seed", "reserved_seen",
    "valid_seen", "change", "settled_change", "valid_ms", "released_ms",
)  # fmt: skip


@dataclass
class Audit:
    """What was found. Ticks are counted once, however many seats their game has."""

    sessions: int = 0
    sessions_ended: int = 0
    modes: dict[str, int] = field(default_factory=dict)  # sessions of each
    #: (mode, milestone or "outcome:…") -> sessions, as `igym.store.counts` has them
    reached: Counter[tuple[str, str]] = field(default_factory=Counter)
    games: int = 0
    games_ended: int = 0
    episodes: int = 0
    episodes_cut_short: int = 0
    ticks_logged: int = 0
    ticks_missing: int = 0
    ticks_duplicate: int = 0
    double_matched: int = 0
    lost_tickets: int = 0
    phantoms: int = 0
    #: (session, scene, item) -> its answers as JSON: of a quiz one for each attempt. Asked between
    #: the episodes of a game the scene is "name[episode]"
    answers: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    late_ms: list[float] = field(default_factory=list)  # of every tick
    problems: list[str] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Everybody and every game ended, and no tick that should be there is missing."""
        return self.written and self.sessions_ended == self.sessions

    @property
    def written(self) -> bool:
        """Every game ended, and no tick that should be there is missing."""
        return self.games_ended == self.games and not self.ticks_missing


def audit(root: Path) -> Audit:
    """Check the tables under `root`, as `igym.archive.parquet.folder` names it.

    Every episode that ended must have ticks 0 to steps - 1 for each seat of its game exactly
    once; one that was cut short must have them from 0 without a hole. Every place in a treatment
    must be explained by what went before (`igym.domain.places.account`).
    """
    made = Audit()
    sessions = _rows(root, "sessions", "session_id", "mode", "ended_ms", "outcome")
    made.sessions = len(sessions)
    made.sessions_ended = sum(1 for row in sessions if row["ended_ms"] is not None)
    made.modes = dict(Counter(row["mode"] for row in sessions))
    games = _rows(root, "games", "game_id", "ended_ms")
    made.games = len(games)
    made.games_ended = sum(1 for row in games if row["ended_ms"] is not None)
    seats: dict[str, set[str]] = {row["game_id"]: set() for row in games}
    sitting = _rows(root, "seats", "game_id", "seat", "session_id")
    for row in sitting:
        if row["game_id"] not in seats:
            made.problems.append(f"seat {row['seat']} is of a game that is not in games")
        if not (row["session_id"] or "").startswith(ERASED):  # whose ticks are gone
            seats.setdefault(row["game_id"], set()).add(row["seat"])
    _matching(made, root, sessions, sitting)
    _reached(made, root, sessions, sitting)
    for row in _rows(root, "answers", "session_id", "scene", "episode", "item", "value"):
        if row["value"] is not None:
            about = row["scene"] if row["episode"] is None else f"{row['scene']}[{row['episode']}]"
            where = (row["session_id"], about, row["item"])
            made.answers.setdefault(where, []).append(row["value"])
    known = set()
    for row in _rows(root, "episodes", "episode_id", "game_id", "steps", "partial"):
        known.add(row["episode_id"])
        _episode(made, root, row, seats.get(row["game_id"], set()))
    made.problems += places.account(_rows(root, "assignments", *_PLACE)).problems
    for file in sorted((root / "ticks").glob("*.parquet")):
        if file.stem not in known:
            made.problems.append(f"ticks of {file.stem}, which is not in episodes")
    return made


def _reached(
    made: Audit, root: Path, sessions: list[dict[str, Any]], sitting: list[dict[str, Any]]
) -> None:
    """How far people got, counted anew."""
    mode = {row["session_id"]: row["mode"] for row in sessions}
    waited = {row["session_id"] for row in _rows(root, "tickets", "session_id")}
    played = {row["session_id"] for row in sitting if row["session_id"] is not None}
    for name, ids in (("waiting", waited), ("playing", played)):
        made.reached.update((mode[id], name) for id in ids if id in mode)
    for row in sessions:
        made.reached[row["mode"], "arrived"] += 1
        if row["ended_ms"] is not None:
            made.reached[row["mode"], "ended"] += 1
            made.reached[row["mode"], f"outcome:{row['outcome']}"] += 1


def _matching(
    made: Audit, root: Path, sessions: list[dict[str, Any]], sitting: list[dict[str, Any]]
) -> None:
    """Whether tickets, matches and seats tell one story."""
    ended = {row["session_id"] for row in sessions if row["ended_ms"] is not None}
    waits: set[tuple[str, str]] = set()  # (session, game they were matched into)
    for row in _rows(root, "tickets", "session_id", "visit", "ended_ms", "end", "game_id"):
        who = row["session_id"]
        if row["game_id"] is not None:
            waits.add((who, row["game_id"]))
        elif row["ended_ms"] is None and who in ended:
            made.lost_tickets += 1
            made.problems.append(f"session {who} has ended, its wait {row['visit']} has not")
    seated = Counter[tuple[str, str]]()
    for row in sitting:
        if row["session_id"] is not None and not row["session_id"].startswith(ERASED):
            seated[row["session_id"], row["game_id"]] += 1
    matched = Counter[tuple[str, str]]()
    for row in _rows(root, "matches", "game_id", "sessions"):
        for session in row["sessions"] or ():
            if not session.startswith(ERASED):
                matched[session, row["game_id"]] += 1
    for said, where in ((seated, "seated in"), (matched, "matched into")):
        for (session, game), times in said.items():
            if times > 1:
                made.double_matched += 1
                made.problems.append(f"session {session} is {where} game {game} {times} times")
    # A wait ends in one game, and a game's seat comes from one wait.
    for session, game in sorted((set(seated) | set(matched)) - waits):
        if any(who == session for who, _ in waits):
            made.double_matched += 1
            made.problems.append(
                f"session {session} is also in game {game}, for which it did not wait"
            )
        else:
            made.phantoms += 1
            made.problems.append(f"session {session} is in game {game} and never waited")
    for session, game in sorted(waits - set(seated)):
        made.lost_tickets += 1
        made.problems.append(f"session {session} waited for game {game} and has no seat in it")


def _episode(made: Audit, root: Path, row: dict[str, Any], seats: set[str]) -> None:
    made.episodes += 1
    made.episodes_cut_short += bool(row["partial"])
    id = row["episode_id"]
    found = _rows(root, f"ticks/{id}.parquet", "tick", "seat", "late_ms")
    times = Counter((tick["tick"], tick["seat"]) for tick in found)
    ticks = {tick for tick, _ in times}
    steps = row["steps"] if row["steps"] is not None else max(ticks, default=-1) + 1
    missing = {t for t in range(steps) if any((t, seat) not in times for seat in seats)}
    duplicate = {tick for (tick, _), count in times.items() if count > 1}
    strange = {tick for tick, seat in times if tick >= steps or seat not in seats}
    made.ticks_logged += len(ticks)
    made.ticks_missing += len(missing)
    made.ticks_duplicate += len(duplicate)
    made.late_ms += {tick["tick"]: tick["late_ms"] for tick in found}.values()
    for what, which in (("missing", missing), ("duplicate", duplicate), ("unknown", strange)):
        if which:
            made.problems.append(f"episode {id}: {len(which)} ticks {what}, first {min(which)}")


def _rows(root: Path, name: str, *columns: str) -> list[dict[str, Any]]:
    """Those columns of a table, or of the one file of it that is named; [] where nothing is."""
    kind = name.split("/", 1)[0]
    files = [root / name] if "/" in name else sorted((root / name).glob("*.parquet"))
    rows: list[dict[str, Any]] = []
    for file in files:
        if file.exists():
            table = pq.read_table(file, columns=list(columns), schema=TABLES[kind].schema)
            rows += table.to_pylist()
    return rows
