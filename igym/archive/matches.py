"""The match log as lines of JSON: match_log/<day>.jsonl beside the tables.

Each line is a row of `decisions` with what is text there as the values it stands for;
`igym.domain.matchlog.replay` takes one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from igym.archive import parquet
from igym.archive.parquet import Row
from igym.domain import matchlog


def merge(root: Path, rows: Iterable[Row]) -> list[str]:
    """Add the decisions among `rows` to the log. Those that are in it stay as they are."""
    days: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, row in rows:
        if name == "decisions":
            days[parquet.day(row["day_ms"])].append(row)
    written = []
    for date, decisions in sorted(days.items()):
        file = f"match_log/{date}.jsonl"
        path = root / file
        before = path.read_bytes() if path.exists() else b""
        known = {json.loads(line)["decision_id"] for line in before.splitlines()}
        lines = [_line(row) for row in decisions if row["decision_id"] not in known]
        if lines:
            parquet.keep(root, {file: before + b"".join(lines)})
            written.append(file)
    return written


def _line(row: dict[str, Any]) -> bytes:
    entry = {
        k: json.loads(v) if k in matchlog.TEXTS and v is not None else v
        for k, v in row.items()
        if k not in ("day_ms", "event_id")
    }
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read(root: Path) -> Iterator[dict[str, Any]]:
    """Every decision of one version of an experiment, oldest first."""
    for path in sorted((root / "match_log").glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            yield json.loads(line)
