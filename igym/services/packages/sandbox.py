"""A process in which a package is tried out, and what it may cost the machine.

The code inside may hang, fork, allocate or break: wall time, CPU time, memory, processes and file
sizes are bounded, it sees no network and none of our secrets, and it is gone afterwards with all
it has started. How, and where it is weaker, is docs/decisions/021.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import mmap
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from igym.services.functions import apart

#: How often the tree of processes is looked at, in seconds.
LOOK_S = 0.1

#: The most that is read of what it printed.
MOST_OUTPUT = 64 << 20

#: It says where it is so long before its time is up.
LAST_WORDS_S = 0.5

_NEWUSER, _NEWNET = 0x10000000, 0x40000000


@dataclass(frozen=True)
class Bounds:
    """What a package may use while it is tried out."""

    wall_s: float = 60.0
    cpu_s: int = 60
    resident_bytes: int = 3 << 30  # of all its processes together
    file_bytes: int = 256 << 20
    processes: int = 32  # started over the whole time, and at one moment


BOUNDS = Bounds()

Broke = Literal["", "time", "memory", "processes"]


@dataclass(frozen=True)
class Tried:
    """How it went."""

    code: int  # exit code; negative = the signal that ended it
    out: bytes
    err: str
    broke: Broke = ""  # which bound it was ended for


class NoNetwork(OSError):
    """The package wanted to talk to another machine while it was tried out."""


# --- outside --------------------------------------------------------------------------------------


class Child:
    """One process in the sandbox. `finish` waits for it and leaves nothing behind."""

    def __init__(self, module: str, libraries: Path | None = None, bounds: Bounds = BOUNDS) -> None:
        """Start `python -m module`. What it is to do is told later, with `finish`.

        `libraries` as in `apart.environment`.
        """
        self._bounds = bounds
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=self._out,
            stderr=self._err,
            env=apart.environment(libraries),
            start_new_session=True,
            preexec_fn=_Inside(bounds),
        )

    def finish(self, **said: Any) -> Tried:
        """Say `said` on its stdin, wait until it has ended or broken a bound, and end it all.

        It is also told when its time is up: `until_s`, on the clock of `time.monotonic`, which
        all processes of a machine share.
        """
        process, until_s = self._process, time.monotonic() + self._bounds.wall_s
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended already: its output says why
            process.stdin.write(json.dumps({**said, "until_s": until_s}).encode() + b"\n")
            process.stdin.flush()
        broke: Broke = ""
        while not broke:
            try:
                process.wait(LOOK_S)
                break
            except subprocess.TimeoutExpired:
                broke = "time" if time.monotonic() > until_s else _broken(process.pid, self._bounds)
        self._end()
        told = Tried(process.returncode, _read(self._out), _text(self._err), broke)
        self.kill()
        return told

    def kill(self) -> None:
        """End it and all that it started, and forget what it said."""
        self._end()
        self._out.close()
        self._err.close()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _end(self) -> None:
        for _ in range(20):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            left = [pid for pid, _ in _session(self._process.pid)]
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None


def _read(file: Any) -> bytes:
    file.seek(0)
    content: bytes = file.read(MOST_OUTPUT)
    return content


def _text(file: Any) -> str:
    return _read(file).decode(errors="replace")


def _session(leader: int) -> list[tuple[int, int]]:
    """(process, resident bytes) of every live process in the session. Empty without /proc."""
    found = []
    page = resource.getpagesize()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = entry.read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] not in "ZX":
                found.append((int(entry.parent.name), int(fields[21]) * page))
    return found


def _broken(leader: int, bounds: Bounds) -> Broke:
    """Which bound the session breaks at this moment."""
    there = _session(leader)
    if len(there) > bounds.processes:
        return "processes"
    return "memory" if sum(rss for _, rss in there) > bounds.resident_bytes else ""


class _Inside:
    """Between fork and exec: limits that the process cannot take off again."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._libc = ctypes.CDLL(None, use_errno=True)  # not after the fork
        self._mine = _tasks_of_user() if os.geteuid() else 0

    def __call__(self) -> None:
        bounds = self._bounds
        apart.with_parent()
        apart.bound_memory()
        self._no_network()
        for what, most in (
            (resource.RLIMIT_CPU, bounds.cpu_s),
            (resource.RLIMIT_FSIZE, bounds.file_bytes),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(what, (most, most))
        if self._mine:  # the kernel counts all of a user's, and root's not at all
            most = self._mine + 8 * bounds.processes
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NPROC, (most, most))

    def _no_network(self) -> None:
        """A network namespace with nothing in it, where the kernel lets us make one."""
        uid, gid = os.geteuid(), os.getegid()
        with contextlib.suppress(OSError, AttributeError):
            if self._libc.unshare(_NEWNET if uid == 0 else _NEWNET | _NEWUSER) or uid == 0:
                return
            # Without a map of ourselves no file could be made.
            for name, text in (
                ("setgroups", "deny"),
                ("uid_map", f"{uid} {uid} 1"),
                ("gid_map", f"{gid} {gid} 1"),
            ):
                fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
                os.write(fd, text.encode())
                os.close(fd)


def _tasks_of_user() -> int:
    """Threads that run as this user now."""
    uid, count = os.geteuid(), 0
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if entry.stat().st_uid == uid:
                count += len(list((entry / "task").iterdir()))
    return max(1, count)


# --- inside ---------------------------------------------------------------------------------------

#: Where the code inside wanted what it may not have: (what, stack at that moment).
attempts: list[tuple[str, str]] = []

_TALKS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_NAMES = ("socket.getaddrinfo", "socket.gethostbyname")
_STARTS = ("os.fork", "os.forkpty", "os.posix_spawn", "subprocess.Popen", "os.system", "os.spawn")


def guard(bounds: Bounds = BOUNDS) -> None:
    """In the child, before any of the package's code: watch what it asks of the system."""
    started = mmap.mmap(-1, 1)  # shared with every process that is forked from here

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if event in _TALKS and _leaves(args[0], args[1]):
            _refuse(f"a connection to {_shown(args[1])}")
        elif event in _NAMES and not _local(args[0]):
            _refuse(f"the address of {_shown(args[0])}")
        elif event in _STARTS:
            if started[0] >= bounds.processes:
                _note(f"more than {bounds.processes} processes")
                raise BlockingIOError(
                    f"The package may start {bounds.processes} processes while it is tried out."
                )
            started[0] += 1

    sys.addaudithook(watch)


def arm(until_s: float) -> None:
    """In the child: shortly before its time is up it says where it is."""
    left_s = until_s - time.monotonic() - LAST_WORDS_S
    faulthandler.dump_traceback_later(max(0.1, left_s), file=sys.stderr)


def _refuse(what: str) -> None:
    _note(what)
    raise NoNetwork(f"There is no network while a package is tried out; it wanted {what}.")


def _note(what: str) -> None:
    if len(attempts) < 5:
        attempts.append((what, "".join(reversed(traceback.format_stack(limit=40)[:-2]))))


def _leaves(opened: Any, address: Any) -> bool:
    """Whether a socket would leave this machine."""
    if isinstance(address, str | bytes):  # a path: a Unix socket
        return False
    host = address[0] if isinstance(address, tuple) and address else address
    return not _local(host)


def _local(host: Any) -> bool:
    text = host.decode(errors="replace") if isinstance(host, bytes) else str(host or "localhost")
    return text in ("localhost", "::1", "0.0.0.0", "::") or text.startswith("127.")


def _shown(address: Any) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        return f"{address[0]}:{address[1]}"
    return address.decode(errors="replace") if isinstance(address, bytes) else str(address)
