"""Packages that nobody can meet any more: no version, session or data need them.

What data were recorded with stays, since an export has the package and a replay runs it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from igym.domain.package import Standing
from igym.services.connect import Deployment
from igym.services.packages import depending
from igym.store import keys, packages, presence, sessions

#: What is younger may be on its way in: unpacked, and not stored yet.
YOUNG_S = 86_400

_PIECE = 500


@dataclass(frozen=True)
class Pruned:
    """What was, or would be, deleted."""

    packages: tuple[str, ...]  # content hashes
    libraries: tuple[str, ...]  # folders below libraries/
    bytes: int


def prune(deployment: Deployment, *, dry: bool) -> Pruned:
    """Delete the files, libraries and plans of packages that nothing needs; `dry`: only say which.

    Reads every session that has not ended. Safe beside running studies.
    """
    data = deployment.data
    needed = _needed(deployment)
    old = [
        path
        for path in _folders(data / "packages")
        if path.name not in needed and not path.name.startswith(".")
    ]
    there = {path.name for path in _folders(data / "packages", young=True)} - {p.name for p in old}
    used = {found for one in there | needed if (found := depending.libraries(data, one))}
    libraries = [
        path
        for path in _folders(data / "libraries")
        if path not in used and path.name not in ("locks", "cache")
    ]
    locks = [
        path
        for path in (data / "libraries" / "locks").glob("*.txt")
        if path.name.partition(".")[0] in {one.name for one in old}
    ]
    size = sum(f.stat().st_size for p in (*old, *libraries) for f in p.rglob("*") if f.is_file())
    if not dry:
        for path in (*old, *libraries):
            shutil.rmtree(path, ignore_errors=True)
        for path in locks:
            path.unlink(missing_ok=True)
        for experiment in packages.known(deployment.redis):
            for one in old:
                deployment.redis.delete(keys.plan(experiment, one.name))
        packages.forget(deployment.redis, [one.name for one in old])
    return Pruned(
        tuple(sorted(p.name for p in old)), tuple(sorted(p.name for p in libraries)), size
    )


def _folders(place: Path, *, young: bool = False) -> Iterator[Path]:
    oldest_s = time.time() - YOUNG_S
    if place.is_dir():
        for path in sorted(place.iterdir()):
            if path.is_dir() and (young or path.stat().st_mtime < oldest_s):
                yield path


def _needed(deployment: Deployment) -> set[str]:
    """Content hashes that somebody may still ask for."""
    redis = deployment.redis
    found = {path.stem for path in deployment.data.glob("*/*/plans/*.json")}
    for experiment in packages.known(redis):
        found |= {
            version.package
            for version in packages.versions(redis, experiment)
            if version.standing is not Standing.REFUSED
        }
        opening = packages.openings(redis)[experiment]
        found |= {opening.active, opening.latest}
        first = 0
        while some := presence.some(redis, experiment, first, _PIECE):
            found |= sessions.packages_of(redis, experiment, some)
            first += _PIECE
    return found - {""}
