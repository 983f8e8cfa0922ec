"""Places of treatments: which cell is next, and whether a log of places adds up. Pure.

A place is taken when a unit (a participant or a group) is assigned to a cell. It is reserved
until the unit completes validly, which makes it valid for good, or until it cannot any more,
which gives it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from igym.domain import seeds


@dataclass(frozen=True, slots=True)
class Taken:
    """How many places of one cell are taken, and by whom: those under way, those completed."""

    reserved: int = 0
    valid: int = 0

    @property
    def all(self) -> int:
        """Places that nobody else can have."""
        return self.reserved + self.valid


NONE = Taken()


def drawn(cells: Sequence[str], seed: int) -> list[str]:
    """In which order `cells` come where they are equally full."""
    return seeds.shuffled(list(cells), seeds.derive(seed, "cell"))


def free(taken: Taken, wanted: int, over: int) -> bool:
    """Whether a cell has a place for one more. `wanted` = 0 has always one."""
    return wanted == 0 or (taken.valid < wanted and taken.all < wanted + over)


def choose(order: Sequence[str], taken: Mapping[str, Taken], wanted: int, over: int) -> str:
    """The cell of the next unit: of those with a free place the least taken, the first in `order`.

    "" where no cell has one. This is what `quota.lua` does, for whoever reads the log.
    """
    open_cells = [cell for cell in order if free(taken.get(cell, NONE), wanted, over)]
    return min(open_cells, key=lambda cell: taken.get(cell, NONE).all, default="")


def left(cells: Iterable[str], taken: Mapping[str, Taken], wanted: int, over: int) -> int:
    """How many places are free now, in all cells; without a quota, more than anybody needs."""
    if wanted == 0:
        return 1_000_000
    counts = [taken.get(cell, NONE) for cell in cells]
    return sum(wanted + over - one.all for one in counts if free(one, wanted, over))


def spent(cells: Iterable[str], taken: Mapping[str, Taken], wanted: int) -> bool:
    """Whether no place can come free any more: every cell has all the completions it wants."""
    return wanted > 0 and all(taken.get(cell, NONE).valid >= wanted for cell in cells)


@dataclass(slots=True)
class Account:
    """What a log of places comes to."""

    taken: dict[tuple[str, str, str], Taken] = field(default_factory=dict)  # mode, treatment, cell
    released: int = 0
    problems: list[str] = field(default_factory=list)

    def cells(self, mode: str, treatment: str) -> dict[str, Taken]:
        """Cell -> places, of one treatment in one mode."""
        return {
            cell: taken
            for (in_mode, name, cell), taken in self.taken.items()
            if (in_mode, name) == (mode, treatment)
        }


def account(rows: Iterable[Mapping[str, Any]]) -> Account:
    """Go through the `assignments` of one version, change by change, and check each.

    Every place must have been chosen by `choose` from the counts at that moment, as recorded
    beside it, and given back or completed at most once; the changes of a mode are numbered
    from 1 without a gap. A cell that a preview's link named took no place and is passed over.
    """
    made = Account()
    changes: dict[str, list[tuple[int, bool, Mapping[str, Any]]]] = {}
    for row in rows:
        if row["change"] is None:
            continue
        those = changes.setdefault(row["mode"], [])
        those.append((row["change"], True, row))
        if row["settled_change"] is not None:
            those.append((row["settled_change"], False, row))
        ends = [name for name in ("valid_ms", "released_ms") if row[name] is not None]
        if len(ends) != (row["settled_change"] is not None):
            made.problems.append(f"{_name(row)} was settled {len(ends)} times: {ends}")
    for mode, those in changes.items():
        those.sort(key=lambda one: one[:2])
        numbers = [number for number, _, _ in those]
        if numbers != list(range(1, len(those) + 1)):
            made.problems.append(f"the changes of mode {mode} are not 1 to {len(those)}")
        for _, takes, row in those:
            (_take if takes else _settle)(made, row)
    return made


def _take(made: Account, row: Mapping[str, Any]) -> None:
    cells, wanted, over = row["cells"], row["wanted"], row["over"]
    now = made.cells(row["mode"], row["treatment"])
    told = {
        cell: Taken(reserved, valid)
        for cell, reserved, valid in zip(
            cells, row["reserved_seen"], row["valid_seen"], strict=True
        )
    }
    if told != {cell: now.get(cell, NONE) for cell in cells}:
        made.problems.append(f"{_name(row)} was chosen by counts that were not true: {told}")
    if row["cell"] != choose(drawn(cells, row["seed"]), told, wanted, over):
        made.problems.append(f"{_name(row)} is not the cell that its seed and counts give")
    _count(made, row, reserved=1)


def _settle(made: Account, row: Mapping[str, Any]) -> None:
    valid = row["valid_ms"] is not None
    made.released += not valid
    _count(made, row, reserved=-1, valid=int(valid))


def _count(made: Account, row: Mapping[str, Any], reserved: int = 0, valid: int = 0) -> None:
    key = (row["mode"], row["treatment"], row["cell"])
    before = made.taken.get(key, NONE)
    after = Taken(before.reserved + reserved, before.valid + valid)
    made.taken[key] = after
    if after.reserved < 0:
        made.problems.append(f"{_name(row)} was given back before it was taken")
    if row["wanted"] and after.all > row["wanted"] + row["over"]:
        made.problems.append(f"{_name(row)} is one more than the quota has")


def _name(row: Mapping[str, Any]) -> str:
    return f"the place of {row['unit_id']} in {row['treatment']}={row['cell']}"
