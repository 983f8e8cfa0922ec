"""Somebody sends a package: unpack it apart, store it once, and have it checked.

Unpacking and the check run in processes of their own, with limits and without secrets; a web
worker only starts the first, the checks worker only the second.
"""

from __future__ import annotations

import contextlib
import json
import logging
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from igym.domain.access import Access, Right
from igym.domain.package import Standing, Step, Version
from igym.errors import BadPackage, IgymError, NotFound, NotYours, Unavailable
from igym.services import apart, examining
from igym.services.connect import Deployment, now_ms
from igym.store import jobs, packages, submissions
from igym.store.submissions import Unchecked

_log = logging.getLogger(__name__)

#: How long unpacking may take, and how much memory it may have.
UNPACK_S, UNPACK_BYTES = 60, 1 << 30

#: The most bytes of all files of a package.
MOST_BYTES = 1 << 30

#: What must be free on the data volume beside the package: running studies write there.
SPARE_BYTES = 1 << 30

#: A check that a worker has begun and not ended is begun again after so long, and so often.
AGAIN_MS, MOST_TRIES = 600_000, 3


@contextlib.contextmanager
def workplace(deployment: Deployment) -> Iterator[Path]:
    """A folder on the data volume for one upload; gone afterwards.

    Raises:
        Unavailable: the volume is nearly full, or cannot be written.
    """
    root = deployment.data / "packages"
    try:
        root.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(root).free < SPARE_BYTES + MOST_BYTES:
            raise Unavailable(
                "The server's data volume is nearly full.", hint="Tell whoever runs the server."
            )
        folder = tempfile.TemporaryDirectory(dir=root, prefix="upload-", ignore_cleanup_errors=True)
    except OSError as error:
        raise Unavailable(
            "The server's data volume cannot be written.", hint="Tell whoever runs the server."
        ) from error
    with folder as made:
        yield Path(made)


def receive(
    deployment: Deployment, archive: Path, sender: Access, *, activate: bool = False
) -> tuple[Version, bool]:
    """Take in the ZIP `archive`, in a `workplace`. Twice is the same as once.

    Args:
        activate: give it to newcomers once its check has passed.

    Returns:
        The version, and whether these files are new here (or were refused before).

    Raises:
        BadPackage: it cannot be unpacked, or says nothing usable of itself.
        NotYours: the sender may not submit, or activate, this experiment.
        Conflict: this version has other files already.
    """
    redis, unpacked = deployment.redis, archive.parent / "package"
    found = _unpacked(archive, unpacked)
    name = found["experiment"]
    if not sender.may(Right.SUBMIT, name):
        raise NotYours(
            f"This token does not open the experiment {name!r}.",
            hint="Correct the id in experiment.toml, or ask an admin for a token of that one.",
        )
    if activate and not sender.may(Right.RELEASE, name):
        raise NotYours(
            f"This token may submit {name}, and not activate it.", hint="An admin activates it."
        )
    at_ms, by = now_ms(), sender.name
    sent = Version(
        experiment=name,
        version=found["version"],
        package=found["package"],
        title=found["title"],
        standing=Standing.STORED,
        sent_by=by,
        sent_ms=at_ms,
        size=found["size"],
    )
    version = packages.store(redis, sent)
    stored = deployment.package_root(version.package)
    if not stored.is_dir():
        with contextlib.suppress(OSError):  # somebody else stored the same
            unpacked.rename(stored)
    if version.standing is Standing.STORED:
        # Also where it was sent before: that check may have been lost with its worker.
        submissions.put(redis, Unchecked(name, version.package, by if activate else ""))
    elif activate and version.standing is not Standing.ACTIVE:
        version = packages.move(redis, version, Step.ACTIVATE, by, at_ms)
    _log.info("%s submitted %s %s (%s)", by, name, version.version, version.package[:12])
    return version, version == sent


def _unpacked(archive: Path, to: Path) -> dict[str, Any]:
    said = unpack_apart(archive, to)
    if "error" in said:
        raise BadPackage(said["error"], hint=said["hint"])
    return said


def unpack_apart(archive: Path, to: Path) -> dict[str, Any]:
    """`igym.services.unpacking` in a process of its own. Raises `BadPackage`."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "igym.services.unpacking", str(archive), str(to),
             str(MOST_BYTES)],
            capture_output=True, timeout=UNPACK_S, env=apart.environment(), check=False,
            preexec_fn=_limits,
        )  # fmt: skip
        said: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as error:
        raise BadPackage("The ZIP takes too much time or memory to unpack.") from error
    return said


def _limits() -> None:
    apart.with_parent()
    resource.setrlimit(resource.RLIMIT_CPU, (UNPACK_S, UNPACK_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
    with contextlib.suppress(ValueError, OSError):  # macOS refuses this one
        resource.setrlimit(resource.RLIMIT_AS, (UNPACK_BYTES, UNPACK_BYTES))


# --- the check --------------------------------------------------------------------------------


def look(deployment: Deployment) -> int:
    """Ask the checks worker about every package whose turn it is. Run by one director.

    Returns:
        How many were asked about.
    """
    asked = 0
    for waiting in submissions.waiting(deployment.redis):
        if now_ms() < waiting.due_ms:
            continue
        if waiting.tries >= MOST_TRIES:
            _give_up(deployment, waiting)
            continue
        # Before the job, so that it is the worker who has the last word on when it is due.
        submissions.put(deployment.redis, replace(waiting, due_ms=now_ms() + AGAIN_MS))
        jobs.check(deployment.redis, waiting.package)
        asked += 1
    return asked


def _give_up(deployment: Deployment, waiting: Unchecked) -> None:
    refused = BadPackage(
        f"The check was begun {waiting.tries} times and never came to an end.",
        hint="It may take too much memory. Try `igym check` on your own machine.",
    )
    with contextlib.suppress(NotFound):
        version = packages.find(deployment.redis, waiting.package)
        if version.standing is Standing.STORED:
            examining.refuse(deployment, version, refused)
    submissions.done(deployment.redis, waiting.package)


def check(deployment: Deployment, package: str) -> None:
    """Check a package, say what was found, and move its version on. Takes up to a minute.

    Safe to run twice: what has been checked is left alone, and two at a time find the same.
    """
    redis = deployment.redis
    waiting = submissions.read(redis, package)
    if waiting is None:
        return
    submissions.put(redis, replace(waiting, tries=waiting.tries + 1, due_ms=now_ms() + AGAIN_MS))
    try:
        version = packages.find(redis, package)
        if version.standing is Standing.STORED:
            version = examining.examine(deployment, version)
        if waiting.activate_by and version.standing is Standing.CHECKED:
            packages.move(redis, version, Step.ACTIVATE, waiting.activate_by, now_ms())
    except IgymError as error:
        # Somebody sent other files meanwhile, or it was retired: theirs is the last word.
        _log.warning("the check of %s came to nothing: %s", package[:12], error)
    submissions.done(redis, package)
