"""What a game worker shows its supervisor in shared memory. Imports nothing heavy."""

from __future__ import annotations

import contextlib
import faulthandler
import mmap
import os
import re
import signal
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

#: Turns of the worker's loop, its load (0 to 1), and how many games it runs.
PROGRESS = struct.Struct("<Qdd")

#: Behind it: "<experiment> <game>" of whoever was at work last; a loop stands still there.
AT_WORK = 128

#: So long a worker that stands still has to say where. It does even while Python computes.
SAYS_S = 1.0

_FRAME = re.compile(r'File "(.+)", line (\d+) in (.+)')


def size() -> int:
    """Of the shared memory, in bytes."""
    return PROGRESS.size + AT_WORK


def mark(memory: mmap.mmap, whose: bytes) -> None:
    """`whose` game is at work from now on; made by `marked`."""
    memory[PROGRESS.size :] = whose


def marked(experiment: str, game: str) -> bytes:
    """What `mark` writes for a game."""
    return f"{experiment} {game}".encode()[:AT_WORK].ljust(AT_WORK, b"\0")


def at_work(memory: mmap.mmap) -> tuple[str, str]:
    """(experiment, game) of whoever was at work last; ("", "") = nobody was."""
    said = bytes(memory[PROGRESS.size :]).rstrip(b"\0").decode(errors="replace")
    experiment, _, game = said.partition(" ")
    return experiment, game


def stack_file(progress: Path) -> Path:
    """Where the worker with that shared memory says where it stands."""
    return progress.with_suffix(".stack")


def answer(progress: Path) -> None:
    """In the worker: from now on say where it stands, when asked."""
    faulthandler.register(
        signal.SIGUSR1, stack_file(progress).open("wb", buffering=0), all_threads=False
    )


def ask(pid: int, progress: Path) -> str:
    """Where the worker stands, innermost call first; "" = it does not say, as when stopped."""
    file = stack_file(progress)
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGUSR1)
    until_s = time.monotonic() + SAYS_S
    while time.monotonic() < until_s:
        with contextlib.suppress(OSError):
            said = file.read_text(errors="replace")
            if said.endswith("\n"):
                return said
        time.sleep(0.02)
    return ""


def in_package(stack: str, packages: Path) -> str:
    """The innermost call in a package's own code: "experiment.py:12 in hook"; "" = there is none.

    Args:
        packages: where packages are kept, each in a folder of its own.
    """
    for file, line, name in _FRAME.findall(stack):
        with contextlib.suppress(ValueError):
            parts = Path(file).resolve().relative_to(packages.resolve()).parts
            return f"{Path(*parts[1:]).as_posix()}:{line} in {name}"
    return ""


class Clock(Protocol):
    """As `igym.engine.runner.Clock`."""

    def now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class AtWork:
    """The loop's clock, as one game has it: whoever looks at it is at work from then on."""

    def __init__(self, clock: Clock, mark: Callable[[bytes], None], whose: bytes) -> None:
        self._clock, self._mark, self._whose = clock, mark, whose

    def now(self) -> float:
        """Monotonic seconds."""
        self._mark(self._whose)
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Let the other games run."""
        self._clock.sleep(seconds)
