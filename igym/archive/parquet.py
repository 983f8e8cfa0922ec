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
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from igym.archive.tables import TABLES, Table

Row = tuple[str, dict[str, Any]]

#: (table, episode) -> its rows as a Parquet file.
Packed = dict[tuple[str, str], memoryview]


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


def replace_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new, never half of one."""
    replace_files(path.parent, {path.name: content}, mode)


def replace_files(folder: Path, contents: Mapping[str, Any], mode: int = 0o644) -> None:
    """Put each content at its name in `folder`, as `replace_file` does.

    All are on the disk before the first is in its place, so that the disk may take them together.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o755 if mode & 0o004 else 0o700)
    halves: dict[str, str] = {}
    try:
        for name, content in contents.items():
            handle, half = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
            halves[name] = half
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(half, mode)
        _sync_all(list(halves.values()))
        for name in list(halves):
            os.replace(halves[name], folder / name)
            del halves[name]
    except BaseException:
        for half in halves.values():
            Path(half).unlink(missing_ok=True)
        raise
    _sync(folder)


def _sync_all(paths: list[str]) -> None:
    """Sync side by side: what a disk is asked for together, it writes together."""
    if len(paths) < 3:
        for path in paths:
            _sync(path)
        return
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(_sync, paths))


def _sync(path: str | Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


#: Columns whose values hardly ever repeat: a dictionary of them costs time and space.
_VARYING = (
    "tick", "late_ms", "wall_ms", "mono_us", "seen_tick", "digest", "order", "browser_ms",
    "received_ms", "observation", "ticks",
)  # fmt: skip


def repeating(schema: pa.Schema) -> Any:
    """What to give Parquet as `use_dictionary`: 38 % smaller files of ticks than with all."""
    if any(pa.types.is_list(field.type) for field in schema):
        return True
    return [name for name in schema.names if name not in _VARYING]


def packed(table: pa.Table) -> memoryview:
    """`table` as a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=repeating(table.schema))
    return memoryview(sink.getvalue())


def keep(root: Path, contents: Mapping[str, Any], mode: int = 0o644) -> None:
    """Write files, named relative to `root`, and then their SHA-256 in the manifest."""
    folders: dict[Path, dict[str, Any]] = defaultdict(dict)
    for name, content in contents.items():
        path = root / name
        folders[path.parent][path.name] = content
    for folder, those in folders.items():
        replace_files(folder, those, mode)
    note(root, contents, mode)


def note(root: Path, contents: Mapping[str, Any], mode: int = 0o644) -> None:
    """Put size and SHA-256 of those files into the manifest; None takes one out."""
    file = root / "manifest.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    for name, content in contents.items():
        if content is None:
            known.pop(name, None)
        else:
            known[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    # A line for each file: legible, and written by C, which `indent` is not.
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(known[name])}" for name in sorted(known))
    replace_file(file, f"{{\n{lines}\n}}\n".encode(), mode)


def day(day_ms: float) -> str:
    """The file that rows of that moment go to."""
    return datetime.fromtimestamp(day_ms / 1000, UTC).strftime("%Y-%m-%d") if day_ms else "all"


def merge(root: Path, rows: Iterable[Row]) -> list[str]:
    """Fill `rows` into the tables under `root`, by primary key, in order.

    Rows of private tables are passed over: `igym.archive.vault` has those.

    Returns:
        The files written, relative to `root`.
    """
    return fill(root, ((name, row) for name, row in rows if not TABLES[name].private))


def fill(root: Path, rows: Iterable[Row], mode: int = 0o644) -> list[str]:
    """`merge` for tables of any kind, into files with the permissions `mode`."""
    batches: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for name, row in rows:
        batches[name, day(row["day_ms"])].append(row)
    made: dict[str, Any] = {}
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
        made[file] = packed(pa.Table.from_pylist(list(kept.values()), schema=table.schema))
    if made:
        keep(root, made, mode)
    return list(made)


def _key(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(column) for column in table.key)  # part of a key may be null


def write_episodes(root: Path, files: Packed) -> list[str]:
    """Rows of episodes, as `packed` gives them, as files <table>/<episode>.parquet.

    Returns:
        The files written, relative to `root`.
    """
    made = {f"{name}/{episode}.parquet": content for (name, episode), content in files.items()}
    keep(root, made)
    return list(made)


def write_episode(root: Path, episode: str, name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """`write_episodes` for one of few rows, given as dicts. Returns the file."""
    table = pa.Table.from_pylist(list(rows), schema=TABLES[name].schema)
    return write_episodes(root, {(name, episode): packed(table)})[0]


def rows(root: Path, name: str, **wanted: Any) -> list[dict[str, Any]]:
    """The rows of a table that has few; with `wanted`, those that have these values."""
    schema = TABLES[name].schema
    made: list[dict[str, Any]] = []
    for file in sorted((root / name).glob("*.parquet")):
        table = pq.read_table(file, schema=schema)
        for column, value in wanted.items():
            table = table.filter(pc.equal(table[column], value))
        made += table.to_pylist()
    return made
