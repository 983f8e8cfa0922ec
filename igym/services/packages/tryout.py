"""Having a package tried in the sandbox, from outside: findings, and its plan if it compiled.

Knows the sandbox and what `trying` prints, and runs none of the package itself.
"""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

from igym.domain.plan import Plan
from igym.domain.report import Finding
from igym.services.packages import blame
from igym.services.packages.sandbox import BOUNDS, Bounds, Child, Tried
from igym.store import packages


def prepared(bounds: Bounds = BOUNDS, libraries: Path | None = None) -> Child:
    """A process that has loaded all it needs and waits for a package to try."""
    return Child("igym.services.packages.trying", libraries, bounds)


def tried(
    root: Path,
    package: str,
    ready: Child | None = None,
    bounds: Bounds = BOUNDS,
    libraries: Path | None = None,
) -> tuple[list[Finding], Plan | None]:
    """What was found about the package, and its plan: None exactly where it did not compile.

    Args:
        ready: from `prepared`; used up. Of no use to a package with libraries of its own.
        libraries: the package's own, as `depending.install` returned them.
    """
    if ready is not None and (libraries is not None or not ready.alive):
        ready.kill()
        ready = None
    child = ready or prepared(bounds, libraries)
    done = child.finish(root=str(root), package=package)
    listed, _, plan = done.out.partition(b"\n")
    try:
        found = [Finding(**each) for each in json.loads(listed)]
    except ValueError:
        return [_ended(done, root, bounds)], None
    if not plan or done.code:
        return found, None
    return found, replace(packages.decode(plan), bound=libraries is not None)


def _ended(done: Tried, root: Path, bounds: Bounds) -> Finding:
    """Why it ended without a word."""
    file, line = blame.of_text(done.err, root)
    where = f" It was at {file}:{line}." if line else ""
    if done.broke == "time" or done.code == -signal.SIGXCPU:
        said = f"The package was not compiled within {bounds.wall_s:g} s.{where}"
        hint = "Do not load, train or wait for anything while experiment.py is imported."
        return Finding("error", "time", said, hint, file, line)
    if done.broke == "memory":
        most = bounds.resident_bytes / (1 << 30)
        said = f"The package used more than {most:.3g} GB of memory while it was tried.{where}"
        hint = "Make large things when a game needs them, and smaller."
        return Finding("error", "memory", said, hint, file, line)
    if done.broke == "processes":
        said = f"The package started more than {bounds.processes} processes.{where}"
        return Finding("error", "processes", said, "Start none while it is imported.", file, line)
    last = done.err.strip()[-2000:]
    said = f"Trying the package ended with {done.code}.{where}\n{last}".rstrip()
    return Finding("error", "ended", said, "", file, line)
