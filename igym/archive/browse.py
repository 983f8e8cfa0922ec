"""How much was recorded, and the rows of a table: one look at the tables of a version.

`python -m igym.archive.browse FOLDER amounts|page …` prints it as one JSON object and ends; it is
asked by `igym.services.data.browsing`.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

#: Files of one table that are counted; there is one for each episode of some.
MOST_FILES = 5_000

#: The longest text of a cell.
MOST_TEXT = 300


def looked(root: Path, what: str, *how: str) -> dict[str, Any]:
    """What was asked for, as plain values."""
    return _page(root, how[0], int(how[1]), int(how[2])) if what == "page" else _amounts(root)


def _amounts(root: Path) -> dict[str, Any]:
    tables: dict[str, dict[str, Any]] = {}
    other = 0
    for folder in sorted(root.iterdir()):
        if not folder.is_dir():
            other += folder.stat().st_size
            continue
        files = [one for one in folder.rglob("*") if one.is_file()]
        size = sum(one.stat().st_size for one in files)
        parquet = [one for one in files if one.suffix == ".parquet"]
        if not parquet:
            other += size
            continue
        rows = sum(int(pq.read_metadata(one).num_rows) for one in parquet[:MOST_FILES])
        whole = len(parquet) <= MOST_FILES
        tables[folder.name] = {"rows": rows, "bytes": size, "whole": whole}
    return {"tables": tables, "other_bytes": other}


def _page(root: Path, table: str, at: int, most: int) -> dict[str, Any]:
    files = sorted((root / table).glob("*.parquet"), reverse=True)[:MOST_FILES]
    columns: list[str] = []
    rows: list[list[str | None]] = []
    total = 0
    for file in files:
        count = int(pq.read_metadata(file).num_rows)
        first, total = max(0, at - total), total + count
        if first >= count or len(rows) >= most:
            continue
        found = pq.read_table(file).slice(first, most - len(rows))
        columns += [name for name in found.column_names if name not in columns]
        rows += [[_cell(row.get(name)) for name in columns] for row in found.to_pylist()]
    width = len(columns)
    padded = [row + [None] * (width - len(row)) for row in rows]
    return {"columns": columns, "rows": padded, "total": total, "at": at}


def _cell(value: object) -> str | None:
    """A value as people read it; None = null."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"


def main() -> int:
    """Print the answer as JSON."""
    json.dump(looked(Path(sys.argv[1]), *sys.argv[2:]), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
