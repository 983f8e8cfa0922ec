"""Packages: hash, store once, compile in a process of their own, open to participants."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from igym import __version__
from igym.domain.deeds import Did
from igym.domain.plan import Plan
from igym.errors import BadPackage, NotFound
from igym.services import auditing
from igym.services.connect import Deployment
from igym.services.packages import depending, releasing
from igym.services.packages.packing import files
from igym.services.packages.packing import fingerprint as fingerprint
from igym.services.packages.tryout import tried
from igym.store import packages


def compile_apart(root: Path, package: str, libraries: Path | None = None) -> Plan:
    """Compile in the sandbox: with limits, without a network and without our secrets.

    Args:
        libraries: the package's own, as `depending.install` returned them.

    Raises:
        BadPackage: what the researcher should read, with their traceback where there is one.
    """
    found, plan = tried(root, package, libraries=libraries)
    errors = [each for each in found if each.level == "error"]
    if plan is None or errors:
        first = errors[0]
        place = f"{first.file}:{first.line}: " if first.line else ""
        text = f"{first.trace}\n{place}{first.message}" if first.trace else place + first.message
        raise BadPackage(text, hint=first.hint)
    return plan


def keep(deployment: Deployment, root: Path) -> str:
    """Copy the package in `root` to the data volume, once. Returns its content hash.

    The hash is the copy's: whoever saves a file in that moment has it in or not, never by halves.
    """
    home = deployment.package_root("any").parent
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as half:
        copy = Path(half) / "package"
        copy.mkdir()
        for path in files(root):
            to = copy / path.relative_to(root)
            to.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # an editor has just replaced it
                shutil.copyfile(path, to)
        package = fingerprint(copy)
        stored = deployment.package_root(package)
        if not stored.is_dir():
            with contextlib.suppress(OSError):  # somebody else stored the same
                copy.rename(stored)
    return package


def compiled(deployment: Deployment, package: str) -> Plan:
    """The plan of a package on the data volume, with its libraries installed.

    Raises:
        BadPackage: its dependencies cannot be had, or it does not compile.
    """
    root = deployment.package_root(package).resolve()
    libraries = depending.install(deployment.data, root, package)
    plan = _known(deployment, package)
    if plan is None or plan.bound != (libraries is not None):
        plan = compile_apart(root, package, libraries)
    return plan


def publish(deployment: Deployment, root: Path) -> Plan:
    """`publish_all` for one package. Returns its plan."""
    return publish_all(deployment, [root])[0]


def publish_all(deployment: Deployment, roots: Sequence[Path]) -> list[Plan]:
    """Store the packages, compile them, and give them to newcomers. Twice is the same as once.

    On a development machine, edited files take the place of the same version's; sessions that
    run keep what they began with. In production a version means one thing. Packages are compiled
    side by side, one a core: nearly all of it is a process of their own.

    Returns:
        The plan of each, in the order of `roots`.

    Raises:
        BadPackage: one is not a package, or does not compile. Nothing is changed.
        Conflict: in production, this version has other files already.
    """
    for root in roots:
        if not root.is_dir():
            raise BadPackage(
                f"{root} is not a folder.", hint="Name the folder that holds experiment.py."
            )
    stored = [keep(deployment, root) for root in roots]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        plans = list(pool.map(lambda package: compiled(deployment, package), stored))
    for plan in plans:
        _give(deployment, plan)
    return plans


def _give(deployment: Deployment, plan: Plan) -> None:
    """To whoever comes from now on."""
    replace = deployment.settings.environment == "development"
    before = releasing.active(deployment, plan.experiment)
    packages.publish(deployment.redis, plan, replace=replace)
    auditing.note(
        deployment, auditing.LOCAL, Did.ACTIVATED, experiment=plan.experiment, what=plan.version,
        before=before, after={"active": plan.version, "package": plan.package},
    )  # fmt: skip


def _known(deployment: Deployment, package: str) -> Plan | None:
    """The plan of these very files, if this version of igym has made it before."""
    with contextlib.suppress(NotFound):
        version = packages.find(deployment.redis, package)
        plan = deployment.plans.get(version.experiment, package)
        return plan if plan.igym == __version__ else None
    return None
