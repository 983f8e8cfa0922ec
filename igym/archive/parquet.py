"""Writing tables: to a temporary name, to the disk, then into place.

Rows of a table live in one file per day of their `day_ms` (ticks and inputs: one file per
episode). Writing merges by primary key, so doing it twice changes nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from igym.archive.tables import TABLES, Table

Row = tuple[str, dict[str, Any]]


def folder(data: Path, experiment: str, version: str) -> Path:
    """Where the tables of one version of an experiment are."""
    return data / experiment / version


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Be the only writer under `root`, among all processes that share the volume.

    Merging reads a file and replaces it: a second writer in between would be forgotten.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(half, 0o644)
        os.replace(half, path)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def write(root: Path, name: str, table: pa.Table) -> None:
    """Write one Parquet file and its SHA-256 in the manifest."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    keep(root, name, sink.getvalue().to_pybytes())


def keep(root: Path, name: str, content: bytes) -> None:
    """Write one file and its SHA-256 in the manifest."""
    replace_file(root / name, content)
    note = root / "manifest.json"
    known = json.loads(note.read_text()) if note.exists() else {}
    known[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    replace_file(note, json.dumps(known, indent=1, sort_keys=True).encode())


def day(day_ms: float) -> str:
    """The file that rows of that moment go to."""
    return datetime.fromtimestamp(day_ms / 1000, UTC).strftime("%Y-%m-%d") if day_ms else "all"


def merge(root: Path, rows: Iterable[Row]) -> list[str]:
    """Fill `rows` into the tables under `root`, by primary key, in order.

    Returns:
        The files written, relative to `root`.
    """
    batches: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for name, row in rows:
        batches[name, day(row["day_ms"])].append(row)
    written = []
    for (name, date), changes in sorted(batches.items()):
        table = TABLES[name]
        file = f"{name}/{date}.parquet"
        kept: dict[tuple[Any, ...], dict[str, Any]] = {}
        if (root / file).exists():
            for old in pq.read_table(root / file, schema=table.schema).to_pylist():
                kept[_key(table, old)] = old
        for change in changes:
            row = kept.setdefault(_key(table, change), dict.fromkeys(table.columns))
            row.update({k: v for k, v in change.items() if k in table.columns})
        write(root, file, pa.Table.from_pylist(list(kept.values()), schema=table.schema))
        written.append(file)
    return written


def _key(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column] for column in table.key)


def write_episode(root: Path, episode: str, name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows of one episode in `ticks` or `inputs`, as the file <name>/<episode>.parquet."""
    file = f"{name}/{episode}.parquet"
    write(root, file, pa.Table.from_pylist(list(rows), schema=TABLES[name].schema))
    return file
