"""Giving back what starting a process left behind."""

from __future__ import annotations

import contextlib
import ctypes
import gc


def settle() -> None:
    """Call once, after everything is imported: 8 to 13 MB less a process on glibc.

    What is alive now will stay so, and need not be looked at by the collector again.
    """
    gc.collect()
    gc.freeze()
    with contextlib.suppress(OSError, AttributeError):  # no glibc
        ctypes.CDLL(None).malloc_trim(0)
