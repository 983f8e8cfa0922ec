"""Which rows an export has: those of the modes asked for, and of people who let theirs be used.

Whoever stopped taking part and said that nothing may be kept is in `sessions` (somebody began, and
ended so) and in no other row that is about a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from igym.archive.tables import TABLES, Table

#: Tables whose rows are about one person, named by their session, and about nobody else.
PERSONAL = tuple(
    name
    for name, table in TABLES.items()
    if "session_id" in table.columns and name not in ("sessions", "seats", "assignments")
    and not table.private
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What is chosen, of one version of an experiment."""

    modes: tuple[str, ...]
    sessions: pa.Array
    kept: pa.Array  # those of the sessions whose data may be used
    participants: pa.Array
    games: frozenset[str]
    decisions: pa.Array
    packages: frozenset[str]
    withheld: frozenset[tuple[str, str]]  # (game, seat) of people whose data may not be used

    @classmethod
    def of(cls, root: Path, modes: Sequence[str]) -> Choice:
        """Look who and what is of these modes."""

        def read(name: str, *columns: str) -> pa.Table:
            return _read(root, name, columns)

        wanted = pa.array(modes, pa.string())
        sessions = read("sessions", "session_id", "participant_id", "mode", "package", "keep_data")
        sessions = sessions.filter(pc.is_in(sessions["mode"], wanted))
        kept = sessions.filter(pc.fill_null(sessions["keep_data"], True))
        games = read("games", "game_id", "mode", "package")
        games = games.filter(pc.is_in(games["mode"], wanted))
        decisions = read("decisions", "decision_id", "mode")
        decisions = decisions.filter(pc.is_in(decisions["mode"], wanted))
        seats = read("seats", "game_id", "seat", "session_id")
        refused = set(sessions["session_id"].to_pylist()) - set(kept["session_id"].to_pylist())
        packages = {*sessions["package"].to_pylist(), *games["package"].to_pylist()}
        return cls(
            tuple(modes),
            sessions["session_id"].combine_chunks(),
            kept["session_id"].combine_chunks(),
            kept["participant_id"].combine_chunks(),
            frozenset(games["game_id"].to_pylist()),
            decisions["decision_id"].combine_chunks(),
            frozenset(package for package in packages if package),
            frozenset(
                (row["game_id"], row["seat"])
                for row in seats.to_pylist()
                if row["session_id"] in refused
            ),
        )

    def looks_at(self, table: Table, file: str) -> bool:
        """Whether that file of the table can hold a row that is chosen."""
        return table.name not in EPISODIC or file.rsplit("-", 1)[0] in self.games

    def rows(self, table: Table, piece: pa.Table) -> pa.Table:
        """Those rows of a piece of the table that are chosen."""
        name, columns = table.name, table.columns
        if "mode" in columns:
            return piece.filter(pc.is_in(piece["mode"], pa.array(self.modes, pa.string())))
        if name == "participants":
            return piece.filter(pc.is_in(piece["participant_id"], self.participants))
        if name == "proposals":
            return piece.filter(pc.is_in(piece["decision_id"], self.decisions))
        if name in PERSONAL:
            who = piece["session_id"]
            mask = pc.is_in(who, self.kept)
            if name == "events":
                what = piece["game_id"]
                of_game = pc.or_(pc.is_null(what), self._of_game(what))
                mask = pc.or_(mask, pc.and_(pc.is_null(who), of_game))
            return piece.filter(mask)
        mask = self._of_game(piece["game_id"])
        if name in EPISODIC:
            for seat in self._withheld(piece):
                mask = pc.and_(mask, pc.not_equal(piece["seat"], seat))
        if name == "clocks":
            for game, seat in self.withheld:
                theirs = pc.and_(pc.equal(piece["game_id"], game), pc.equal(piece["seat"], seat))
                mask = pc.and_(mask, pc.invert(theirs))
        return piece.filter(mask)

    def _of_game(self, column: pa.ChunkedArray) -> Any:
        return pc.is_in(column, pa.array(sorted(self.games), pa.string()))

    def _withheld(self, piece: pa.Table) -> Iterable[str]:
        """Seats whose rows are left out; a piece of these tables is of one game."""
        if not self.withheld or not piece.num_rows:
            return ()
        game = piece["game_id"][0].as_py()
        return [seat for of, seat in self.withheld if of == game]


#: Tables with a file for each episode.
EPISODIC = ("ticks", "inputs", "observations")


def _read(root: Path, name: str, columns: Sequence[str]) -> pa.Table:
    schema = TABLES[name].schema
    files = sorted((root / name).glob("*.parquet"))
    empty = schema.empty_table().select(list(columns))
    return pa.concat_tables(
        [empty, *(pq.read_table(f, columns=list(columns), schema=schema) for f in files)]
    )
