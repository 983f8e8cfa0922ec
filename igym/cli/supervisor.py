"""Processes of one machine: started, watched, started again, and stopped in order.

Also keeps the leases of game workers: a worker that computes cannot renew its own, so its
supervisor does, for as long as the worker's loop turns (`igym.services.games.progress`).
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import mmap
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from igym.services.games import progress
from igym.services.games.progress import PROGRESS
from igym.settings import Settings

_log = logging.getLogger(__name__)

#: A game worker whose loop stands still for longer is stuck and is killed.
STUCK_S = 6.0

#: Patience with a process that was asked to stop.
STOP_S = 8.0


def _with_parent() -> None:
    """In the child: die with the supervisor (Linux), in a session of its own."""
    os.setsid()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Leases(Protocol):
    """Where the leases of game workers are kept (`igym.services.games.leasing`)."""

    def beat(self, worker: str, about: Mapping[str, str]) -> None:
        """The worker is alive."""
        ...

    def stuck(self, worker: str, experiment: str, game: str, stack: str) -> str:
        """The worker stands still there; returns the line of a package's code, "" = none."""
        ...

    def gone(self, worker: str) -> None:
        """The worker has stopped."""
        ...


def command(role: str) -> list[str]:
    """How to start a process of that role: web, games, inference or director."""
    module = ["igym.web"] if role == "web" else ["workers", role]
    return [sys.executable, "-m", *module]


@dataclass
class Child:
    """One process the supervisor keeps alive."""

    name: str
    args: Sequence[str]
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    progress: mmap.mmap | None = None
    file: Path | None = None  # of that memory
    beats: int = -1
    games: int = 0  # it runs, as last looked at
    moved_s: float = 0.0
    born_s: float = 0.0
    failures: int = 0
    again_s: float = 0.0
    log: Path | None = field(default=None)
    #: Told when it has ended, where it comes and goes and is not started again.
    ended: Callable[[Child], None] | None = None

    @property
    def role(self) -> str:
        """What kind of process it is: the name up to the first dash."""
        return self.name.split("-", 1)[0]


class Supervisor:
    """Starts children in the order they were added and stops them in the same order."""

    def __init__(self, settings: Settings, run_dir: Path) -> None:
        self._settings = settings
        self._run_dir = run_dir
        self._run_dir.mkdir(parents=True, exist_ok=True)
        self.children: list[Child] = []
        self._leases: Leases | None = None
        self._beaten_s = 0.0
        self._looks: list[Callable[[], None]] = []
        self.stopping = False

    def use(self, leases: Leases) -> None:
        """Renew leases there, from now on."""
        self._leases = leases

    def look(self, at: Callable[[], None]) -> None:
        """Call that in each round of `watch`."""
        self._looks.append(at)

    # --- starting --------------------------------------------------------------------------------

    def add(self, name: str, args: Sequence[str], env: Mapping[str, str] | None = None) -> Child:
        """Start a process and keep it alive from now on."""
        child = Child(name, list(args), {**os.environ, **(env or {})})
        self.children.append(child)
        self._start(child)
        return child

    def add_igym(
        self,
        role: str,
        env: Mapping[str, str],
        *options: str,
        ended: Callable[[Child], None] | None = None,
    ) -> Child:
        """Start one of igym's own processes.

        Args:
            ended: it comes and goes: when it ends it is not started again, and this is told.
        """
        name = f"{role}-{secrets.token_hex(3)}"
        args = [*command(role), "--name", name, "--parent", str(os.getpid()), *options]
        child = Child(name, args, {**os.environ, **env}, ended=ended)
        if role == "games":
            file = self._run_dir / f"{name}.progress"
            file.write_bytes(b"\0" * progress.size())
            with file.open("r+b") as opened:
                child.progress = mmap.mmap(opened.fileno(), progress.size())
            child.file = file
            child.args = [*args, "--progress", str(file)]
        self.children.append(child)
        self._start(child)
        return child

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(
            child.args, env=dict(child.env), preexec_fn=_with_parent, stdin=subprocess.DEVNULL
        )
        child.beats, child.moved_s = -1, time.monotonic()
        child.born_s = child.moved_s

    # --- watching --------------------------------------------------------------------------------

    def watch(self) -> None:
        """One round: start what has ended, renew leases. Call it a few times a second."""
        now = time.monotonic()
        for child in list(self.children):
            assert child.process is not None
            if child.process.poll() is None:
                if now - child.moved_s > 30:
                    child.failures = 0
                continue
            if child.ended is not None:
                self._let_go(child)
                continue
            if not child.again_s and child.process.returncode == 0 and now - child.born_s > 3:
                _log.info("%s has left, starting the next one", child.name)
                if child.progress is not None:
                    self._gone(child)
                child.again_s = now
            elif not child.again_s:
                child.failures += 1
                wait_s = min(5.0, 0.2 * 2 ** (child.failures - 1))
                child.again_s = now + wait_s
                _log.error(
                    "%s ended with %s, starting it again in %.1f s",
                    child.name,
                    child.process.returncode,
                    wait_s,
                )
                if child.progress is not None:
                    self._gone(child)
            elif now >= child.again_s:
                child.again_s = 0.0
                self._rename(child)
                self._start(child)
        if now - self._beaten_s >= self._settings.worker_beat_s:
            self._beaten_s = now
            self._beat(now)
        for look in self._looks:
            look()

    def _let_go(self, child: Child) -> None:
        """Forget a process that came and went."""
        self.children.remove(child)
        self._gone(child)
        for ending in ("progress", "stack"):
            (self._run_dir / f"{child.name}.{ending}").unlink(missing_ok=True)
        assert child.ended is not None
        child.ended(child)

    def _rename(self, child: Child) -> None:
        """A process that starts again is another one: games and leases are the old one's."""
        if child.name not in child.args:
            return  # not one of igym's own
        old, new = child.name, f"{child.role}-{secrets.token_hex(3)}"
        child.name = new
        child.args = [new if arg == old else arg for arg in child.args]
        child.games = 0
        if child.progress is not None:
            child.progress[:] = b"\0" * progress.size()

    def _beat(self, now: float) -> None:
        for child in self.children:
            if child.progress is None or child.process is None or child.process.poll() is not None:
                continue
            beats, load, games = PROGRESS.unpack_from(child.progress)
            child.games = int(games)
            if beats != child.beats:
                child.beats, child.moved_s = beats, now
            elif beats and now - child.moved_s > STUCK_S:
                where = self._where(child)
                _log.error("%s stands still for %.0f s%s, killing it", child.name, STUCK_S, where)
                child.process.kill()
                continue
            if not beats or self._leases is None:
                continue
            about = {
                "pid": str(child.process.pid),
                "load": f"{load:.3f}",
                "games": str(child.games),
                "still_s": f"{now - child.moved_s:.1f}",
            }
            self._leases.beat(child.name, about)

    def _where(self, child: Child) -> str:
        """Where a worker stands that stands still, for the log; whose code it is, is told."""
        if child.progress is None or child.file is None or child.process is None:
            return ""
        stack = progress.ask(child.process.pid, child.file)
        if not stack or self._leases is None:
            return ""
        where = self._leases.stuck(child.name, *progress.at_work(child.progress), stack)
        return f" in {where}" if where else ""

    def _gone(self, child: Child) -> None:
        if self._leases is not None:
            self._leases.gone(child.name)

    # --- stopping --------------------------------------------------------------------------------

    def stop(self, order: Sequence[str]) -> None:
        """Stop the children role by role; kill those that do not stop in `STOP_S`."""
        self.stopping = True
        for role in order:
            group = [c for c in self.children if c.role == role and c.process is not None]
            for child in group:
                if child.process is not None and child.process.poll() is None:
                    child.process.terminate()
            until = time.monotonic() + STOP_S + (self._settings.notice_s if role == "web" else 0)
            for child in group:
                assert child.process is not None
                try:
                    child.process.wait(max(0.1, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    _log.error("%s did not stop, killing it", child.name)
                    child.process.kill()
                    child.process.wait()
                if child.progress is not None:
                    self._gone(child)
        for file in [*self._run_dir.glob("*.progress"), *self._run_dir.glob("*.stack")]:
            file.unlink(missing_ok=True)
