"""A backup: Redis and the data volume, so that a deployment can go on elsewhere.

    manifest.json    what it is of, and the SHA-256 and size of every other file
    redis.rdb        igym's keys at one moment, as a file that Redis itself could load
    secrets.json     the key that signs participants' tokens; only where it was asked for
    data/…           the data volume: tables, vault, packages, libraries

Redis comes first. What the archiver moves from there to the volume meanwhile is then in both, and
rows that are written twice are there once (`igym.archive.parquet`); the other way round they would
be in neither.
Settings are not in it: a deployment's `.env` and certificates are kept where they are made.
"""

from __future__ import annotations

import json
import mmap
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from igym import __version__
from igym.archive import parcel, parquet, vault
from igym.archive.parcel import Manifest
from igym.store import Redis, keys, layout, rdb, snapshot
from igym.store.client import info

REDIS, SECRETS, DATA = "redis.rdb", "secrets.json", "data/"

#: What is not the deployment's: Redis's own files, this run's, and what can be asked for again.
LEFT_OUT = frozenset({"redis", "run", "nginx", "exports"})

#: Where what a restore took away is kept.
REPLACED = "replaced-"

_PIECE = 1 << 20

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Backup:
    """What was written."""

    to: str
    keys: int
    files: int  # of the data volume
    bytes: int
    secrets: bool
    sha256: str  # of manifest.json, which has those of all others


def backup(
    redis: Redis,
    data: Path,
    to: str,
    *,
    secrets: bool = False,
    progress: Progress = lambda what, share: None,
) -> Backup:
    """Write all of a deployment to a folder, a ZIP file or a URL, while people play.

    Args:
        secrets: whether the key that signs tokens is in it. Without it participants have to open
            their links again after a restore, unless `secret_key` is set to the same.

    Raises:
        BadTarget: it cannot be written there; nothing is left.
        Unavailable: Redis gives no snapshot.
    """
    with parcel.opened(to, what="backup", mark="", private=True) as target:
        into = Manifest(target)
        progress("Redis", 0.0)
        count, secret = _redis(redis, data, into)
        if secrets and secret:
            into.put(SECRETS, json.dumps({"secret_key": secret}).encode())
        files = _data(data, into, progress)
        listed = dict(into.files)
        manifest = {
            "igym": __version__,
            "layout": layout.found(redis),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "redis": {"version": info(redis, "server").get("redis_version", ""), "keys": count},
            "secrets": SECRETS in listed,
            "files": listed,
        }
        into.put("manifest.json", json.dumps(manifest, indent=1).encode() + b"\n")
    return Backup(
        to, count, files, sum(f["bytes"] for f in listed.values()), SECRETS in listed,
        into.files["manifest.json"]["sha256"],
    )  # fmt: skip


def _redis(redis: Redis, data: Path, into: Manifest) -> tuple[int, str]:
    """Put igym's keys in. Returns how many, and the secret, which is not among them."""
    (data / "run").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=data / "run") as half:
        snapshot.take(redis, half)
        half.flush()
        with mmap.mmap(half.fileno(), 0, access=mmap.ACCESS_READ) as file, memoryview(file) as view:
            ours = [
                one
                for one in rdb.entries(view)
                if one.db == snapshot.database(redis) and snapshot.lasts(one.key)
            ]
    secret = keys.secret().encode()
    kept = [one for one in ours if one.key != secret]
    with into.open(REDIS) as saved:
        rdb.write(saved, kept)  # type: ignore[arg-type]
    found: Any = redis.get(secret) if len(kept) < len(ours) else None
    return len(kept), found.decode() if found else ""


def _data(data: Path, into: Manifest, progress: Progress) -> int:
    """Put the volume in. Returns how many files.

    The tables of a version are taken while nobody writes to them, with their part of the vault, so
    that their manifest is of them.
    """
    total = max(1, sum(path.stat().st_size for path in _below(data, data, frozenset())))
    count = done = 0
    versions = [
        file.parent
        for file in sorted(data.glob("*/*/manifest.json"))
        if file.parts[-3] not in ("packages", "vault")
    ]
    for root in versions:
        with parquet.locked(root):
            for place in (root, vault.folder(data, root.parent.name, root.name)):
                for path in _below(data, place, frozenset()):
                    progress("data", done / total)
                    count += _file(data, path, into)
                    done += into.files[_name(data, path)]["bytes"]
    apart = {p for root in versions for p in (root, vault.folder(data, *root.parts[-2:]))}
    for path in _below(data, data, frozenset(apart)):
        progress("data", min(1.0, done / total))
        if _file(data, path, into):
            count += 1
            done += into.files[_name(data, path)]["bytes"]
    return count


def _name(data: Path, path: Path) -> str:
    return DATA + path.relative_to(data).as_posix()


def _below(data: Path, place: Path, but: frozenset[Path]) -> Iterator[Path]:
    """Files to take, below `place` and not below one of `but`; half-written ones have a dot."""
    for folder, below, names in os.walk(place):
        root = Path(folder)
        below[:] = sorted(
            one
            for one in below
            if not one.startswith(".") and root / one not in but and not _left_out(data, root / one)
        )
        for name in sorted(names):
            if not name.startswith(".") and not (root / name).is_symlink():
                yield root / name


def _left_out(data: Path, folder: Path) -> bool:
    top = folder.parent == data
    return (top and (folder.name in LEFT_OUT or folder.name.startswith(REPLACED))) or (
        folder == data / "libraries" / "cache"
    )


def _file(data: Path, path: Path, into: Manifest) -> bool:
    """Put one file in. False: it is gone, as what was erased or merged since it was listed.

    Each file of the volume is replaced whole, so that an open one is as it was at some moment.
    """
    name = _name(data, path)
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return False
    with source:
        with into.open(name) as file:
            while piece := source.read(_PIECE):
                file.write(piece)
        into.files[name]["mode"] = os.fstat(source.fileno()).st_mode & 0o777
    return True
