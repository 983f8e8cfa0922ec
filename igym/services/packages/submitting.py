"""Somebody sends a package: unpack it apart, store it once, and have it checked.

Unpacking runs in a process of its own, with limits and without secrets. The check is somebody
else's (`igym.services.packages.examining`): here it is only asked for.
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
from pathlib import Path
from typing import Any, Literal

from igym.domain.access import Access, Right
from igym.domain.deeds import Did
from igym.domain.package import Standing, Step, Version
from igym.errors import BadPackage, NotYours, Unavailable
from igym.services import auditing
from igym.services.connect import Deployment, now_ms
from igym.services.functions import apart
from igym.services.packages import releasing
from igym.store import packages, submissions
from igym.store.submissions import Unchecked
from igym.wire import api

_log = logging.getLogger(__name__)

#: How long unpacking may take, and how much memory it may have.
UNPACK_S, UNPACK_BYTES = 60, 1 << 30

#: The most bytes of all files of a package.
MOST_BYTES = 1 << 30

#: What stays free on the data volume, whatever comes in: running studies write there.
SPARE_BYTES = 512 << 20


@contextlib.contextmanager
def workplace(deployment: Deployment) -> Iterator[Path]:
    """A folder on the data volume for one upload; gone afterwards.

    Raises:
        Unavailable: the volume is nearly full, or cannot be written.
    """
    root = deployment.data / "packages"
    try:
        root.mkdir(parents=True, exist_ok=True)
        if _room(root) <= 0:
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


def _room(root: Path) -> int:
    """How many bytes may come in."""
    return min(MOST_BYTES, shutil.disk_usage(root).free - SPARE_BYTES)


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
            f"The experiment {name!r} is none of yours.",
            hint="Correct the id in experiment.toml, or ask an admin to open it to you.",
        )
    if activate and not sender.may(Right.RELEASE, name):
        raise NotYours(
            f"You may submit {name}, and not activate it.", hint="An admin activates it."
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
        version = releasing.moved(deployment, version, Step.ACTIVATE, sender)
    new = version == sent
    if new:
        auditing.note(
            deployment, sender, Did.SUBMITTED, experiment=name, what=version.version,
            after={"package": version.package, "activate": activate},
        )  # fmt: skip
    _log.info("%s submitted %s %s (%s)", by, name, version.version, version.package[:12])
    return version, new


def _unpacked(archive: Path, to: Path) -> dict[str, Any]:
    said = unpack_apart(archive, to)
    if "error" in said:
        raise BadPackage(said["error"], hint=said["hint"])
    return said


def unpack_apart(archive: Path, to: Path) -> dict[str, Any]:
    """`igym.services.packages.unpacking` in a process of its own. Raises `BadPackage`."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "igym.services.packages.unpacking", str(archive), str(to),
             str(_room(to.parent))],
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


def report(deployment: Deployment, version: Version) -> api.Report:
    """What the check of that version found; waiting while it has not come to an end."""
    raw = submissions.report(deployment.redis, version.experiment, version.package)
    if raw and version.standing is not Standing.STORED:
        return api.report(raw)
    state: Literal["waiting", "passed"] = (
        "waiting" if version.standing is Standing.STORED else "passed"  # by `igym up`
    )
    return api.Report(version.package, version.experiment, version.version, state)
