"""Exports over the API: asked for here, made in a process of their own, fetched as a ZIP.

`python -m igym.services.data.exporting` is that process, since tables are heavy: it prints
how far it is as lines of JSON, and at the end what was written or why not.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from igym.domain.access import Access
from igym.domain.deeds import Did
from igym.errors import IgymError, NotFound, TooMuch
from igym.services import auditing
from igym.services.connect import Deployment, now_ms
from igym.store import exports, jobs, keys
from igym.store.exports import Export

_log = logging.getLogger(__name__)

#: Exports that may wait: of one experiment, and of all.
MOST_OF_ONE, MOST = 3, 30

#: The longest that one may take; a worker that died with it is noticed after as long.
LONGEST_S = 3600.0

MOST_TRIES = 2

#: How often it is written down how far one is.
TOLD_EVERY_S = 2.0


def order(
    deployment: Deployment,
    experiment: str,
    by: Access | str,
    *,
    version: str,
    modes: tuple[str, ...],
    formats: tuple[str, ...],
) -> Export:
    """Ask for an export. `path` has it once it is done, for a week.

    Raises:
        TooMuch: too many wait.
    """
    waiting = exports.waiting(deployment.redis)
    mine = sum(one.experiment == experiment for one in waiting)
    if mine >= MOST_OF_ONE or len(waiting) >= MOST:
        raise TooMuch("Other exports wait already.", hint="Fetch those first.")
    made = Export(secrets.token_hex(8), experiment, version, modes, formats,
                  auditing.name(by), now_ms())  # fmt: skip
    exports.put(deployment.redis, made)
    after = {"version": version, "modes": list(modes), "formats": list(formats)}
    auditing.note(deployment, by, Did.EXPORTED, experiment=experiment, what=made.id, after=after)
    return made


def find(deployment: Deployment, experiment: str, id: str) -> Export:
    """One export. Raises `NotFound`."""
    return exports.read(deployment.redis, experiment, id)


def path(deployment: Deployment, export: Export) -> Path:
    """Where its ZIP is, or will be."""
    return deployment.data / "exports" / f"{export.id}.zip"


def look(deployment: Deployment) -> int:
    """Ask the checks worker about every export whose turn it is. Run by one director."""
    asked = 0
    for one in exports.waiting(deployment.redis):
        if now_ms() < one.due_ms:
            continue
        if one.tries >= MOST_TRIES:
            lost = "The export was begun twice and never came to an end."
            exports.put(deployment.redis, replace(one, state="failed", text=lost))
            continue
        due_ms = now_ms() + LONGEST_S * 1000
        exports.put(deployment.redis, replace(one, due_ms=due_ms))
        jobs.export(deployment.redis, one.experiment, one.id)
        asked += 1
    return asked


def sweep(deployment: Deployment, life_s: float = keys.export.ttl_s) -> int:
    """Delete what nobody can fetch any more, or is older than `life_s`. Returns how many."""
    gone, oldest_s = 0, time.time() - min(life_s, keys.export.ttl_s)
    with contextlib.suppress(FileNotFoundError):
        for file in (deployment.data / "exports").iterdir():
            if file.stat().st_mtime < oldest_s:
                file.unlink(missing_ok=True)
                gone += 1
    return gone


def make(deployment: Deployment, experiment: str, id: str) -> None:
    """Make an export, in a process of its own. Safe to run twice: the ZIP is whole or not there."""
    redis = deployment.redis
    try:
        export = exports.read(redis, experiment, id)
    except NotFound:
        return
    if export.state != "waiting":
        return
    export = replace(export, tries=export.tries + 1, due_ms=now_ms() + LONGEST_S * 1000)
    exports.put(redis, export)
    to = path(deployment, export)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        said = _made(deployment, export, to)
    except OSError as error:
        said = {"error": "The data volume cannot be written.", "hint": str(error.strerror)}
    if "error" in said:
        _log.warning("export %s of %s: %s", id, experiment, said["error"])
        failed = replace(export, state="failed", text=said["error"], hint=said["hint"])
        exports.put(redis, failed)
        return
    done = replace(
        export, state="done", share=1.0, version=said["version"], sha256=said["sha256"],
        size=to.stat().st_size,
    )  # fmt: skip
    exports.put(redis, done)


def _made(deployment: Deployment, export: Export, to: Path) -> dict[str, Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", "igym.services.data.exporting", str(deployment.data.resolve()),
         export.experiment, export.version, ",".join(export.modes), ",".join(export.formats),
         str(to.resolve())],
        stdout=subprocess.PIPE, text=True, preexec_fn=_behind_games,
    )  # fmt: skip
    assert process.stdout is not None
    until_s = time.monotonic() + LONGEST_S
    told_s, said = time.monotonic(), dict[str, Any]()
    with process.stdout as lines:
        for line in lines:
            said = json.loads(line)
            if time.monotonic() > until_s:
                process.kill()
            if "share" in said and time.monotonic() - told_s > TOLD_EVERY_S:
                told_s = time.monotonic()
                exports.put(deployment.redis, replace(export, share=said["share"]))
    process.wait()
    if process.returncode or "share" in said or not said:
        return {"error": f"The export ended with {process.returncode}.", "hint": "See the log."}
    return said


def _behind_games() -> None:
    os.nice(10)


def main() -> int:
    """Make one export and say how it goes."""
    from igym.archive.export import Format, export  # pyarrow, and only here

    data, experiment, version, modes, formats, to = sys.argv[1:]

    def tell(said: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()

    chosen: list[Format] = list(formats.split(","))  # type: ignore[arg-type]
    try:
        done = export(
            Path(data), experiment, to=to, version=version, modes=modes.split(","),
            formats=chosen, progress=lambda _, share: tell({"share": round(share, 3)}),
        )  # fmt: skip
    except IgymError as error:
        tell({"error": error.message.replace(data, "the data volume"), "hint": error.hint})
        return 0
    tell(asdict(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
