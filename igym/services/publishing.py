"""Packages: hash, store once, compile in a process of their own, open to participants."""

from __future__ import annotations

import contextlib
import hashlib
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from igym import __version__
from igym.domain.plan import Plan
from igym.errors import BadPackage, NotFound
from igym.services import apart
from igym.services.connect import Deployment
from igym.store import packages

_SKIP = {"__pycache__", ".git", ".venv", ".ruff_cache", ".mypy_cache", ".pytest_cache"}
COMPILE_S = 60


def _files(root: Path) -> list[Path]:
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and not _SKIP & set(path.relative_to(root).parts)
    )


def fingerprint(root: Path) -> str:
    """The content hash of a package: SHA-256 over names and contents of its files, in hex."""
    digest = hashlib.sha256()
    for path in _files(root):
        name = path.relative_to(root).as_posix().encode()
        content = path.read_bytes()
        digest.update(f"{len(name)}:{len(content)}:".encode() + name + content)
    return digest.hexdigest()


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (COMPILE_S, COMPILE_S))
    apart.bound_memory()


def compile_apart(root: Path, package: str) -> Plan:
    """Compile in a subprocess with limits on time and memory and without our secrets.

    Raises:
        BadPackage: what the researcher should read, with their traceback where there is one.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "igym.services.compiling", str(root), package],
            capture_output=True,
            timeout=COMPILE_S,
            env=apart.environment(),
            preexec_fn=_limits,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BadPackage(
            f"{root} was not compiled within {COMPILE_S} s.",
            hint="Do not load or train anything while experiment.py is imported.",
        ) from error
    if done.returncode == 0:
        return packages.decode(done.stdout)
    try:
        told = json.loads(done.stdout)
    except json.JSONDecodeError:
        last = done.stderr.decode(errors="replace")[-2000:]
        raise BadPackage(f"Compiling {root} ended with {done.returncode}.\n{last}") from None
    text = f"{told['trace']}\n{told['error']}" if told["trace"] else told["error"]
    raise BadPackage(text, hint=told["hint"])


def publish(deployment: Deployment, root: Path) -> Plan:
    """Store the package, compile it, and give it to newcomers. Twice is the same as once.

    Raises:
        BadPackage: it is not a package, or does not compile. Nothing is changed.
    """
    if not root.is_dir():
        raise BadPackage(
            f"{root} is not a folder.", hint="Name the folder that holds experiment.py."
        )
    package = fingerprint(root)
    stored = deployment.package_root(package)
    if not stored.is_dir():
        stored.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=stored.parent) as half:
            copy = Path(half) / "package"
            for path in _files(root):
                to = copy / path.relative_to(root)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to)
            copy.mkdir(exist_ok=True)
            with contextlib.suppress(OSError):  # somebody else stored the same
                copy.rename(stored)
    plan = _known(deployment, package)
    if plan is None:
        plan = compile_apart(stored.resolve(), package)
    packages.publish(deployment.redis, plan)
    return plan


def _known(deployment: Deployment, package: str) -> Plan | None:
    """The plan of these very files, if this version of igym has made it before."""
    for experiment, active in packages.active(deployment.redis).items():
        if active == package:
            with contextlib.suppress(NotFound):
                plan = deployment.plans.get(experiment, package)
                return plan if plan.igym == __version__ else None
    return None
