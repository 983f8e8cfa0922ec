"""One person in the data: found, shown, erased, or made somebody nobody knows.

Knows only the data volume; `igym.services.data.erasing` does the same for what is in Redis.
Files are replaced one by one, each whole; what a person is found by comes last, so that
whatever is cut short can be done again.

Erased: every row about them. Where others took part too (a match, a decision, a game), those rows
stay with a name that means nothing in the place of theirs, and what they did in the game goes. A
game nobody else was in goes as a whole.

Anonymised: every row stays, under other ids; what ties them to a recruiter's id goes.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from igym.archive import parquet, vault
from igym.archive.choice import EPISODIC, PERSONAL
from igym.archive.tables import TABLES

How = Literal["erase", "anonymise"]
Rows = list[dict[str, Any]]

#: What a person is found by; changed after everything else.
_FINDERS = ("seats", "sessions", "participants")

#: Before a random name that stands for somebody who was erased.
ERASED = "erased-"

#: Says that somebody was erased, and not whom.
LOG = "erasures.jsonl"


@dataclass(frozen=True)
class Person:
    """Whom an id stands for, in one version of an experiment."""

    sessions: frozenset[str] = frozenset()
    participants: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()  # recruiters' ids of theirs
    seats: Mapping[str, frozenset[str]] = field(default_factory=dict)  # game -> theirs
    alone: frozenset[str] = frozenset()  # games that nobody else was in

    @property
    def ids(self) -> frozenset[str]:
        """What no trace may be left of."""
        return self.sessions | self.participants

    def __bool__(self) -> bool:
        return bool(self.ids)


def find(data: Path, experiment: str, version: str, id: str) -> Person:
    """Whom `id` stands for: a participant, a session, or a recruiter's id.

    Nobody, where there is none.
    """
    root, private = (
        parquet.folder(data, experiment, version),
        vault.folder(data, experiment, version),
    )
    links = parquet.rows(private, "recruiter_ids")
    # Of a link's ids the study's are everybody's: only those that name a person are looked at.
    named = {row["session_id"] for row in links if row["value"] == id and row["name"] in NAMES}
    rows = parquet.rows(root, "sessions")
    participants = {
        row["participant_id"]
        for row in rows
        if id in (row["participant_id"], row["session_id"]) or row["session_id"] in named
    } - {None}
    participants |= {row["participant_id"] for row in parquet.rows(root, "participants")
                     if row["participant_id"] == id}  # fmt: skip
    sessions = {row["session_id"] for row in rows if row["participant_id"] in participants} | named
    seats: dict[str, set[str]] = {}
    others: set[str] = set()
    for row in parquet.rows(root, "seats"):
        if row["session_id"] in sessions:
            seats.setdefault(row["game_id"], set()).add(row["seat"])
        elif row["session_id"] is not None:
            others.add(row["game_id"])
    return Person(
        frozenset(sessions),
        frozenset(participants),
        frozenset(r["value"] for r in links if r["session_id"] in sessions and r["name"] in NAMES),
        {game: frozenset(those) for game, those in seats.items()},
        frozenset(set(seats) - others),
    )


#: Of a link's query, what names a person.
NAMES = ("PROLIFIC_PID", "workerId", "id", "assignmentId", "SESSION_ID")


def aliases(person: Person, how: How) -> dict[str, str]:
    """Id -> what stands in its place from now on."""
    word = ERASED if how == "erase" else "anon-"
    return {id: f"{word}{secrets.token_hex(8)}" for id in sorted(person.ids)}


# --- changing the files ---------------------------------------------------------------------------


def change(
    data: Path, experiment: str, version: str, person: Person, names: Mapping[str, str], how: How
) -> int:
    """Erase or anonymise `person` in every file of one version. Hold its lock meanwhile.

    Args:
        names: as `aliases` gave them, also for what is in Redis.

    Returns:
        Rows that were taken out or changed.
    """
    root = parquet.folder(data, experiment, version)
    renamed = _renamer(names)
    changed = 0

    def mine(row: dict[str, Any]) -> bool:
        return row["session_id"] in person.sessions

    tables = [name for name in TABLES if not TABLES[name].private and name not in _FINDERS]
    for name in (*tables, "", *_FINDERS):
        if not name:
            changed += _match_log(root, names)
            continue
        drop = _drops(name, person) if how == "erase" else (lambda row: False)
        for file in sorted((root / name).glob("*.parquet")):
            if name in EPISODIC and file.stem.rsplit("-", 1)[0] not in person.seats:
                continue
            changed += _file(root, name, file, drop, renamed)
    private = vault.folder(data, experiment, version)
    for file in sorted((private / "recruiter_ids").glob("*.parquet")):
        changed += _file(private, "recruiter_ids", file, mine, lambda row: row, mode=0o600)
    return changed


def _drops(name: str, person: Person) -> Callable[[dict[str, Any]], bool]:
    """Whether a row goes."""

    def drop(row: dict[str, Any]) -> bool:
        game = row.get("game_id")
        if name in ("sessions", *PERSONAL) and row["session_id"] in person.sessions:
            return True
        if name == "participants":
            return row["participant_id"] in person.participants
        if game in person.alone and name not in ("assignments", "tickets"):
            return True
        played = name in EPISODIC or name == "clocks"
        return played and row["seat"] in person.seats.get(game or "", ())

    return drop


def _renamer(names: Mapping[str, str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function that puts aliases wherever an id is in a row, in whatever text or list."""

    def value(one: Any) -> Any:
        if isinstance(one, str):
            return renamed_text(one, names)
        return [value(each) for each in one] if isinstance(one, list) else one

    return lambda row: {column: value(one) for column, one in row.items()}


def renamed_text(text: str, names: Mapping[str, str]) -> str:
    """`text` with aliases in the place of ids."""
    for id, alias in names.items():
        if id in text:
            text = text.replace(id, alias)
    return text


def _file(
    root: Path,
    name: str,
    file: Path,
    drop: Callable[[dict[str, Any]], bool],
    renamed: Callable[[dict[str, Any]], dict[str, Any]],
    mode: int = 0o644,
) -> int:
    table = pq.read_table(file, schema=TABLES[name].schema)
    rows: Rows = table.to_pylist()
    kept = [renamed(row) for row in rows if not drop(row)]
    changed = len(rows) - len(kept) + sum(1 for a, b in zip(_still(rows, drop), kept, strict=True)
                                          if a != b)  # fmt: skip
    if not changed:
        return 0
    relative = file.relative_to(root).as_posix()
    if kept:
        packed = parquet.packed(pa.Table.from_pylist(kept, schema=table.schema))
        parquet.keep(root, {relative: packed}, mode)
    else:
        file.unlink()
        parquet.note(root, {relative: None}, mode)
    return changed


def _still(rows: Rows, drop: Callable[[dict[str, Any]], bool]) -> Iterator[dict[str, Any]]:
    return (row for row in rows if not drop(row))


def _match_log(root: Path, names: Mapping[str, str]) -> int:
    changed = 0
    for file in sorted((root / "match_log").glob("*.jsonl")):
        before = file.read_text(encoding="utf-8")
        after = renamed_text(before, names)
        if after != before:
            changed += 1
            parquet.keep(root, {file.relative_to(root).as_posix(): after.encode()})
    return changed


def note(root: Path, how: How, changed: int, at_ms: float) -> None:
    """A line in the log of erasures: that it was done, not to whom."""
    path = root / LOG
    before = path.read_bytes() if path.exists() else b""
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
    line = json.dumps({"at": at, "what": how, "rows": changed}).encode() + b"\n"
    parquet.keep(root, {LOG: before + line})


# --- showing --------------------------------------------------------------------------------------


def everything(data: Path, experiment: str, version: str, person: Person) -> dict[str, Any]:
    """All rows about one person, with the meaning of every column: what they may ask for."""
    root = parquet.folder(data, experiment, version)
    found: dict[str, Rows] = {}
    for name, table in TABLES.items():
        if table.private:
            continue
        rows = parquet.rows(root, name) if name not in EPISODIC else _played(root, name, person)
        found[name] = [row for row in rows if _about(row, person)]
    private = parquet.rows(vault.folder(data, experiment, version), "recruiter_ids")
    found["recruiter_ids"] = [row for row in private if row["session_id"] in person.sessions]
    return {
        "experiment": experiment,
        "version": version,
        "tables": {name: rows for name, rows in found.items() if rows},
        "columns": {
            name: {column: meaning for column, (_, meaning) in TABLES[name].columns.items()}
            for name, rows in found.items()
            if rows
        },
    }


def _played(root: Path, name: str, person: Person) -> Iterable[dict[str, Any]]:
    for file in sorted((root / name).glob("*.parquet")):
        if file.stem.rsplit("-", 1)[0] in person.seats:
            yield from pq.read_table(file, schema=TABLES[name].schema).to_pylist()


def _about(row: Mapping[str, Any], person: Person) -> bool:
    """Whether it is theirs alone: what others did, and what they were considered with, is not."""
    if row.get("session_id") is not None:
        return row["session_id"] in person.sessions
    if "participant_id" in row:
        return row["participant_id"] in person.participants
    if row.get("unit_id") in person.sessions:
        return True
    return row.get("seat") in person.seats.get(row.get("game_id") or "", ())
