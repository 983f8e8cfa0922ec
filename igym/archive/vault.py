"""The vault: recruiters' ids, apart from the data, for the eyes of whoever pays people.

Under `data/vault/<experiment>/<version>`, readable by the account igym runs as and nobody else. No
export has it. What ties an id to the data is the session.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from igym.archive import parquet
from igym.archive.parquet import Row
from igym.archive.tables import TABLES

_MODE = 0o600


def folder(data: Path, experiment: str, version: str) -> Path:
    """Where the private tables of one version of an experiment are."""
    return data / "vault" / experiment / version


def merge(data: Path, experiment: str, version: str, rows: Iterable[Row]) -> list[str]:
    """Fill the private ones among `rows` into the vault. Twice is the same as once.

    Returns:
        The files written, relative to its folder.
    """
    private = [(name, row) for name, row in rows if TABLES[name].private]
    if not private:
        return []
    root = folder(data, experiment, version)
    for path in (data / "vault", root.parent, root):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return parquet.fill(root, private, _MODE)


def recruiter_ids(data: Path, experiment: str, version: str) -> dict[str, dict[str, str]]:
    """Session -> what its link said, by query parameter."""
    found: dict[str, dict[str, str]] = {}
    for row in parquet.rows(folder(data, experiment, version), "recruiter_ids"):
        found.setdefault(row["session_id"], {})[row["name"]] = row["value"]
    return found
