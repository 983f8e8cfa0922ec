"""A backup put back (`igym.services.operations.backing`), onto a deployment that stands still.

Nothing is changed before every byte has been compared with the backup's manifest.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igym.archive import bundle
from igym.archive.bundle import Bundle
from igym.errors import BadExport, Conflict
from igym.services.operations.backing import DATA, LEFT_OUT, REDIS, REPLACED, SECRETS
from igym.store import Redis, keys, layout, processes, rdb, snapshot

Progress = Callable[[str, float], None]

#: Keys that a deployment has before anybody came.
_BLANK = frozenset(key().encode() for key in (keys.secret, keys.layout, keys.inference_workers))


@dataclass(frozen=True)
class Restored:
    """What was put back."""

    of: str  # when the backup was made
    keys: int
    files: int
    secrets: bool
    replaced: str  # the folder with what was on the volume before; "" = nothing was


def restore(
    redis: Redis,
    data: Path,
    place: str,
    *,
    force: bool = False,
    progress: Progress = lambda what, share: None,
) -> Restored:
    """Put a backup back. What is played goes on where its log ends.

    Args:
        force: take the place of what is there. Its keys are deleted, its files moved aside.

    Raises:
        BadExport: it is no backup of this igym's, or damaged. Nothing was changed.
        Conflict: processes run, or something is there and `force` was not said. Likewise.
        Unavailable: Redis does not take it; no keys are there then.
    """
    data.mkdir(parents=True, exist_ok=True)
    with bundle.opened(place) as (found, manifest):
        _refuse_other(place, manifest)
        _refuse_running(redis)
        if not force:
            _refuse_full(redis, data)
        with tempfile.TemporaryDirectory(dir=data, prefix=".restore-") as half:
            root = Path(half)
            total = max(1, sum(int(about["bytes"]) for about in found.files.values()))
            done = 0
            for name, about in found.files.items():
                progress("reading", done / total)
                bundle.laid_out(found, name, root / name)
                done += int(about["bytes"])
            progress("Redis", 1.0)
            count = _keys(redis, root, found)
            replaced = _files(data, root / DATA)
    files = sum(name.startswith(DATA) for name in found.files)
    return Restored(
        str(manifest.get("made_at", "")), count, files, SECRETS in found.files, replaced
    )


def _refuse_other(place: str, manifest: dict[str, Any]) -> None:
    if manifest.get("layout") != layout.LAYOUT or REDIS not in manifest["files"]:
        raise BadExport(
            f"{place} is of igym {manifest.get('igym', '?')} with layout "
            f"{manifest.get('layout', '?')}, and this igym knows layout {layout.LAYOUT}.",
            hint="Restore it with that igym.",
        )


def _refuse_running(redis: Redis) -> None:
    if running := processes.known(redis):
        raise Conflict(
            f"The deployment is running: {running[0].name} on {running[0].node} is at work.",
            hint="Stop web workers, game workers and directors first, and wait ten seconds.",
        )


def _refuse_full(redis: Redis, data: Path) -> None:
    first = next((key for key in snapshot.lasting(redis) if not _blank(key)), None)
    there = sorted(
        path.name
        for path in data.iterdir()
        if not path.name.startswith((".", REPLACED)) and path.name not in LEFT_OUT
    )
    if first or there:
        what = f"Redis holds {first.decode()}" if first else f"{data} holds {there[0]}"
        raise Conflict(
            f"This deployment is not empty: {what}.",
            hint="To put the backup in its place, say --force: its keys are deleted and its files "
            "moved aside.",
        )


def _blank(key: bytes) -> bool:
    return key in _BLANK or key.startswith((b"igym:{lease:", b"igym:account"))


def _keys(redis: Redis, root: Path, found: Bundle) -> int:
    """Put igym's keys back in the place of all others. Returns how many."""
    secret: Any = redis.get(keys.secret())
    if SECRETS in found.files:
        secret = json.loads((root / SECRETS).read_bytes())["secret_key"]
    with (
        (root / REDIS).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole,
        memoryview(whole) as view,
    ):
        for _ in rdb.entries(view):
            pass  # to the end, before anything is deleted
        snapshot.clear(redis)
        try:
            count = snapshot.put(redis, rdb.entries(view))
        except BaseException:
            snapshot.clear(redis)
            raise
    if secret:
        redis.set(keys.secret(), secret)
    return count


def _files(data: Path, restored: Path) -> str:
    """Move the files into place, and what is there aside. Returns where to."""
    restored.mkdir(exist_ok=True)
    aside = data / f"{REPLACED}{time.strftime('%Y%m%d-%H%M%S')}"
    for path in sorted(data.iterdir()):
        if not path.name.startswith((".", REPLACED)) and path.name not in LEFT_OUT:
            aside.mkdir(mode=0o700, exist_ok=True)
            os.replace(path, aside / path.name)
    for path in sorted(restored.iterdir()):
        if path.name == "vault":
            for folder in (path, *(p for p in path.rglob("*") if p.is_dir())):
                folder.chmod(0o700)
        os.replace(path, data / path.name)
    shutil.rmtree(data / "run" / "games", ignore_errors=True)  # saved states of other games
    return str(aside) if aside.is_dir() else ""
