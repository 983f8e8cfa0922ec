"""Processes that run researchers' code: little environment, bounded memory, no secrets."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from pathlib import Path

#: Of address space: onnxruntime and OpenBLAS reserve far more than they use.
MOST_BYTES = 8 << 30

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV", "TMPDIR", "OPENBLAS_CORETYPE")


def environment(libraries: Path | None = None) -> dict[str, str]:
    """What such a process may know of ours: where things are, and nothing worth stealing.

    Args:
        libraries: the package's own (`igym.services.packages.depending`), found before igym's.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    if libraries is not None:
        kept["PYTHONPATH"] = str(libraries)
    return kept | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "SDL_VIDEODRIVER": "dummy",
    }


def bound_memory() -> None:
    """In the child: refuse more than `MOST_BYTES`."""
    with contextlib.suppress(ValueError, OSError):  # macOS refuses this one
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def with_parent() -> None:
    """In the child: die when the process that started it dies (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
