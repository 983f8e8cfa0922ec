"""The assignment log: who was assigned to what, as a chain that cannot be changed afterwards.

`assignment_log.jsonl` beside the tables has a line for each place that was given out, written
while nobody knows how the session will end. Each line's hash covers the line and the hash of the
line before: a chain whose last hash was noted somewhere cannot be told another way later. Units
are in it by the hash of their id, so that erasing a person leaves the chain whole and says
nothing of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from igym.archive import parquet
from igym.archive.parquet import Row

FILE = "assignment_log.jsonl"

#: What is known when a place is given out.
_SAID = (
    "treatment", "per", "mode", "scene", "cell", "cells", "wanted", "over", "seed",
    "reserved_seen", "valid_seen", "reserved_ms", "change",
)  # fmt: skip

#: Before the first line.
START = "0" * 64


def unit(id: str) -> str:
    """How a session or game is named in the chain."""
    return hashlib.sha256(id.encode()).hexdigest()[:32]


def merge(root: Path, rows: Iterable[Row]) -> list[str]:
    """Add the assignments among `rows` to the chain. Those that are in it stay as they are."""
    given = [row for name, row in rows if name == "assignments" and "reserved_ms" in row]
    if not given:
        return []
    path = root / FILE
    before = path.read_bytes() if path.exists() else b""
    entries = [json.loads(line) for line in before.splitlines()]
    known = {(entry["unit"], entry["treatment"]) for entry in entries}
    last = entries[-1]["hash"] if entries else START
    lines = []
    for row in given:
        name = (unit(row["unit_id"]), row["treatment"])
        if name not in known:
            known.add(name)
            entry = {"unit": name[0], **{k: row.get(k) for k in _SAID}, "previous": last}
            last = entry["hash"] = hashed(entry)
            lines.append(text(entry) + b"\n")
    if not lines:
        return []
    parquet.keep(root, {FILE: before + b"".join(lines)})
    return [FILE]


def hashed(entry: dict[str, Any]) -> str:
    """The hash of a line: SHA-256 of all else that is in it, as JSON with sorted keys."""
    return hashlib.sha256(text({k: v for k, v in entry.items() if k != "hash"})).hexdigest()


def text(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read(root: Path) -> list[dict[str, Any]]:
    """Every line, oldest first."""
    path = root / FILE
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def broken(entries: Sequence[dict[str, Any]]) -> int | None:
    """The first line at which the chain does not hold; None = it holds."""
    last = START
    for number, entry in enumerate(entries):
        if entry.get("previous") != last or entry.get("hash") != hashed(entry):
            return number
        last = entry["hash"]
    return None
