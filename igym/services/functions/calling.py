"""Calling an author's function in a process of its own that can be killed.

A hung function stops neither us nor other packages: its process is killed and the next call
starts another. Works on plain threads and on gevent alike.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from igym.errors import BadPackage, IgymError
from igym.services.functions import apart

#: The longest that importing a package may take.
LOAD_S = 30.0

#: The most bytes an answer may have.
MOST_BYTES = 256 * 1024

#: Processes of one package at a time, and idle ones kept over all packages.
AT_ONCE, KEPT = 2, 4


class CallFailed(IgymError):
    """An author's function raised, hung, or answered what cannot be used.

    `trace` is the author's traceback, for the researcher; "" where there is none.
    """

    code = "call_failed"

    def __init__(self, message: str, *, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace


def _in_child() -> None:
    apart.with_parent()
    apart.bound_memory()


class Callee:
    """One running `igym.services.functions.callee`."""

    def __init__(self, root: Path, package: str, libraries: Path | None = None) -> None:
        """Start it and wait until the package is loaded. Raises `CallFailed`."""
        self.package = package
        self._left = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "igym.services.functions.callee", str(root), package],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=apart.environment(libraries),
            preexec_fn=_in_child,
            bufsize=0,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        try:
            self._exchange(b"", LOAD_S, f"loading the package took longer than {LOAD_S:g} s")
        except CallFailed:
            self.kill()
            raise

    def call(self, what: str, arguments: list[Any], limit_s: float) -> Any:
        """What the function answers.

        Raises:
            CallFailed: it raised (then this process goes on), or took longer than `limit_s`,
                answered too much or ended the process (then it is dead: see `alive`).
        """
        request = json.dumps([what, arguments]).encode() + b"\n"
        return self._exchange(request, limit_s, f"took longer than {limit_s:g} s")

    @property
    def alive(self) -> bool:
        """Whether it can be called again."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()

    def _exchange(self, request: bytes, limit_s: float, late: str) -> Any:
        try:
            line = self._line(request, time.monotonic() + limit_s, late)
        except CallFailed:
            self.kill()
            raise
        said = json.loads(line)
        if "error" in said:
            raise CallFailed(said["error"], trace=said["trace"])
        return said["value"]

    def _line(self, request: bytes, until_s: float, late: str) -> bytes:
        """Write `request`, read one line."""
        got, self._left = self._left, b""
        while b"\n" not in got:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                raise CallFailed(late)
            to = [self._to] if request else []
            readable, writable, _ = select.select([self._from], to, [], left_s)
            try:
                if writable:
                    request = request[os.write(self._to, request) :]
                if readable:
                    more = os.read(self._from, 65_536)
                    if not more:
                        raise CallFailed("it ended its process")
                    got += more
            except OSError as error:
                raise CallFailed("it ended its process") from error
            if len(got) > MOST_BYTES:
                raise CallFailed(f"its answer is larger than {MOST_BYTES // 1024} KiB")
        line, _, self._left = got.partition(b"\n")
        return line


class Callees:
    """The processes of all packages: started when needed, kept for the next call."""

    def __init__(self) -> None:
        self._idle: list[Callee] = []
        self._slots: dict[str, threading.Semaphore] = defaultdict(
            lambda: threading.Semaphore(AT_ONCE)
        )

    def call(
        self,
        root: Path,
        package: str,
        what: str,
        arguments: list[Any],
        limit_s: float,
        libraries: Path | None = None,
    ) -> Any:
        """As `Callee.call`. Waits while `AT_ONCE` calls of that package run.

        Args:
            libraries: the package's own (`igym.services.packages.depending`).

        Raises:
            CallFailed: see `Callee.call`, or the package cannot be loaded (any more).
        """
        with self._slots[package]:
            callee = self._take(root, package, libraries)
            try:
                return callee.call(what, arguments, limit_s)
            finally:
                if callee.alive:
                    self._keep(callee)

    def close(self) -> None:
        """End them all."""
        while self._idle:
            self._idle.pop().kill()

    def _take(self, root: Path, package: str, libraries: Path | None) -> Callee:
        for callee in [c for c in self._idle if c.package == package]:
            self._idle.remove(callee)
            if callee.alive:
                return callee
            callee.kill()
        if not root.is_dir():
            raise CallFailed(
                str(BadPackage(f"The files of package {package[:12]} are not in {root}."))
            )
        return Callee(root, package, libraries)

    def _keep(self, callee: Callee) -> None:
        self._idle.append(callee)
        if len(self._idle) > KEPT:
            self._idle.pop(0).kill()
