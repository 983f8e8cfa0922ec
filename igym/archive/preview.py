"""A first look at the tables of one version: rows of each, and three plots that every game has.

Knows only what is on the data volume, and reads the newest episodes only: it is a look, not an
analysis. The plots are plain numbers here; `igym.archive.plots` draws them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from igym.archive import plots
from igym.archive.tables import TABLES

#: The newest episodes that are read.
MOST_EPISODES = 200

#: Of the histogram.
BINS = 24


@dataclass
class Seen:
    """What there is."""

    rows: dict[str, int] = field(default_factory=dict)  # table -> rows; tables without are left out
    modes: dict[str, int] = field(default_factory=dict)  # sessions of each mode
    returns: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Seat -> (episode's start, ms; sum of its rewards), in order of time."""
    actions: dict[str, dict[str, int]] = field(default_factory=dict)
    """Seat of a person -> action as JSON -> ticks."""
    rtt_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)


def read(root: Path) -> Seen:
    """Look at the tables under `root`, as `igym.archive.parquet.folder` names it."""
    made = Seen()
    for name in TABLES:
        files = sorted((root / name).glob("*.parquet"))
        count = sum(pq.read_metadata(file).num_rows for file in files)
        if count:
            made.rows[name] = count
    made.modes = dict(Counter(row["mode"] for row in _rows(root, "sessions", ["mode"])))
    starts = {
        row["episode_id"]: row["started_ms"]
        for row in _rows(root, "episodes", ["episode_id", "started_ms"])
    }
    newest = sorted(
        (root / "ticks").glob("*.parquet"), key=lambda file: file.stat().st_mtime, reverse=True
    )[:MOST_EPISODES]
    late: list[pa.ChunkedArray] = []
    rtt: list[pa.ChunkedArray] = []
    wanted = ["episode_id", "tick", "seat", "reward", "actor", "action_json", "rtt_ms", "late_ms"]
    for file in newest:
        table = pq.read_table(file, columns=wanted)
        rtt.append(table["rtt_ms"])
        late.append(table.filter(pc.equal(table["seat"], table["seat"][0]))["late_ms"])
        finite = table.filter(pc.is_finite(table["reward"]))  # as scores are summed
        by_seat = finite.group_by(["episode_id", "seat"]).aggregate([("reward", "sum")]).to_pylist()
        for row in by_seat:
            at_ms = starts.get(row["episode_id"]) or 0.0
            made.returns.setdefault(row["seat"], []).append((at_ms, row["reward_sum"] or 0.0))
        people = table.filter(pc.not_equal(table["actor"], "bot"))
        for row in (
            people.group_by(["seat", "action_json"]).aggregate([([], "count_all")]).to_pylist()
        ):
            counts = made.actions.setdefault(row["seat"], {})
            action = str(row["action_json"])
            counts[action] = counts.get(action, 0) + row["count_all"]
    for points in made.returns.values():
        points.sort()
    made.rtt_ms, made.late_ms = _numbers(rtt), _numbers(late)
    return made


def _numbers(columns: list[pa.ChunkedArray]) -> list[float]:
    return [value for column in columns for value in column.drop_null().to_pylist()]


def _rows(root: Path, name: str, columns: list[str]) -> list[dict[str, Any]]:
    files = sorted((root / name).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file, columns=columns).to_pylist()]


def look(root: Path) -> dict[str, Any]:
    """Rows of each table, sessions of each mode, and the plots as SVG: plain data for a page."""
    seen = read(root)
    return {
        "folder": str(root),
        "rows": seen.rows,
        "modes": seen.modes,
        "plots": [{"title": title, "svg": svg} for title, svg in drawn(seen)],
    }


def drawn(seen: Seen) -> list[tuple[str, str]]:
    """The three plots: (title, SVG). Those without data say so."""
    first = min((at for points in seen.returns.values() for at, _ in points), default=0.0)
    returns = {
        seat: [((at - first) / 60_000, value) for at, value in points]
        for seat, points in sorted(seen.returns.items())
    }
    lags = {"round trip": seen.rtt_ms, "lateness of ticks": seen.late_ms}
    return [
        ("Return of each episode", plots.lines(returns, "minutes since the first", "return")),
        ("What people did", plots.bars(seen.actions, "action", "share of ticks")),
        ("Round trip and lateness", plots.histogram(lags, "ms", "share", BINS)),
    ]


def page(root: Path, title: str) -> str:
    """The same as one HTML file that needs nothing else."""
    return plots.page(title, look(root))
