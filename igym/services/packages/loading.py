"""Bringing a package's code into this process. Only workers and checks call this."""

from __future__ import annotations

import importlib
import sys
import types
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from igym.domain.experiment import Experiment
from igym.errors import BadPackage

if TYPE_CHECKING:  # whoever only runs a package's code needs no Redis
    from igym.services.connect import Deployment


@dataclass(frozen=True)
class Loaded:
    """A package whose code is in this process."""

    experiment: Experiment
    root: Path


def load(root: Path, name: str) -> Experiment:
    """Import `root`/experiment.py and return its `experiment`.

    The folder becomes the package `igym_packages.<name>`, so `from .court import …` works
    and two versions can be loaded side by side.

    Raises:
        BadPackage: there is no experiment.py, or no `Experiment` named experiment in it.
        Whatever the researcher's code raises when imported.
    """
    if not (root / "experiment.py").is_file():
        raise BadPackage(f"{root} has no experiment.py.", hint="See docs/packages.md.")
    module_name = f"igym_packages.{name}"
    if module_name not in sys.modules:
        sys.modules.setdefault("igym_packages", types.ModuleType("igym_packages"))
        package = types.ModuleType(module_name)
        package.__path__ = [str(root)]
        sys.modules[module_name] = package
    try:
        module = importlib.import_module(f"{module_name}.experiment")
    except BaseException:
        for loaded in [m for m in sys.modules if m.startswith(module_name)]:
            del sys.modules[loaded]
        raise
    experiment = getattr(module, "experiment", None)
    if not isinstance(experiment, Experiment):
        raise BadPackage(
            f"{root / 'experiment.py'} has no experiment.",
            hint="End it with: experiment = Experiment(…)",
        )
    return experiment


@lru_cache(maxsize=64)
def _stored(root: Path, package: str) -> Loaded:
    return Loaded(load(root, f"p{package[:24]}"), root)


def load_stored(deployment: Deployment, package: str) -> Loaded:
    """The code of a published package, imported once per process."""
    root = deployment.package_root(package).resolve()
    if not root.is_dir():
        raise BadPackage(
            f"The files of package {package[:12]} are not on the data volume ({root}).",
            hint="Publish it again, and check that every worker mounts the same volume.",
        )
    return _stored(root, package)
