"""Trouble on purpose: processes of a running stack are killed at set times, and watched come back.

Times count from when half of the crowd have seen a game, so that there is something to disturb.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from igym.cli.rolling import Rolling
from igym.cli.supervisor import Child
from igym.cli.up import Stack
from igym.errors import BadMessage
from igym.store import RedisError, lease, processes

_log = logging.getLogger(__name__)

#: What a role of the command line is called by the supervisor.
ROLES = {
    "web": "web",
    "game": "games",
    "inference": "inference",
    "director": "director",
    "redis": "redis",
}

#: Where half of the crowd never play, trouble begins so long after the last arrival.
ANYWAY_S = 20.0


@dataclass
class Blow:
    """One process is to be struck. Times of what happened are ms since the epoch; 0 = not yet."""

    role: str  # as on the command line
    after_s: float
    signal: signal.Signals = signal.SIGKILL
    name: str = ""  # of the process that was struck
    pid: int = 0
    struck_ms: float = 0.0
    back_ms: float = 0.0  # Redis answers again, another director leads or infers


def blow(text: str, how: signal.Signals = signal.SIGKILL) -> Blow:
    """ "web@5" as a blow. Raises `BadMessage` for anything else."""
    role, _, seconds = text.partition("@")
    try:
        after_s = float(seconds.removesuffix("s"))
    except ValueError:
        after_s = -1.0
    if role not in ROLES or not 0 <= after_s <= 86_400:
        raise BadMessage(
            f"{text!r} does not say what to kill and when.",
            hint=f"Write ROLE@SECONDS, as in web@5; roles are {', '.join(ROLES)}.",
        )
    return Blow(role, after_s, how)


class Trouble:
    """Strikes a stack. Call `look` a few times a second while it runs."""

    def __init__(
        self, running: Stack, blows: Sequence[Blow], rolling_s: float | None = None
    ) -> None:
        """`rolling_s`: when a rolling restart of everything begins; None = none does."""
        self._running = running
        self._rolling_s = rolling_s
        self.rolling: Rolling | None = None
        self.blows = sorted(blows, key=lambda one: one.after_s)
        self._began_s = 0.0
        self._made_s = time.monotonic()

    def begin(self) -> None:
        """Half of the crowd play: the clock runs."""
        self._began_s = self._began_s or time.monotonic()

    @property
    def rolls(self) -> bool:
        """Whether a rolling restart has begun and is not through."""
        return self.rolling is not None and not self.rolling.done

    def look(self) -> None:
        """Strike what is due; see what is back."""
        now_s = time.monotonic()
        if not self._began_s:
            if now_s - self._made_s < ANYWAY_S:
                return
            self.begin()
        if self._rolling_s is not None and now_s - self._began_s >= self._rolling_s:
            self.rolling = self.rolling or Rolling(self._running.deployment.redis)
            self.rolling.look()
        for one in self.blows:
            if not one.struck_ms:
                if now_s - self._began_s >= one.after_s:
                    self._strike(one)
            elif not one.back_ms and self._is_back(one):
                one.back_ms = time.time() * 1000

    def _strike(self, one: Blow) -> None:
        child = self._victim(one.role)
        if child is None or child.process is None:
            return  # it is down already: next time
        one.name, one.pid, one.struck_ms = child.name, child.process.pid, time.time() * 1000
        _log.warning("%s is sent %s", child.name, one.signal.name)
        # Its end is not waited for: who waits here keeps the supervisor from renewing leases.
        child.process.send_signal(one.signal)

    def _ended(self, one: Blow) -> bool:
        """Whether the process that was struck is there no longer."""
        return not any(
            child.process is not None
            and child.process.pid == one.pid
            and child.process.poll() is None
            for child in self._running.supervisor.children
        )

    def _victim(self, role: str) -> Child | None:
        """The process of that role whose end is felt the most."""
        alive = [
            child
            for child in self._running.supervisor.children
            if child.role == ROLES[role] and child.process is not None
            if child.process.poll() is None
        ]
        if not alive:
            return None
        if role == "director":
            leader = self._leader()
            return next((child for child in alive if child.name == leader), alive[0])
        if role == "game":
            return max(alive, key=lambda child: child.games)
        return max(alive, key=_connections)

    def _leader(self) -> str:
        with contextlib.suppress(RedisError):
            return lease.holder(self._running.deployment.redis, "matching")
        return ""

    def _is_back(self, one: Blow) -> bool:
        if one.role == "director":
            return self._leader() not in ("", one.name)
        if one.role == "redis":
            if not self._ended(one):
                return False  # it is the old one that answers
            with contextlib.suppress(RedisError):
                return bool(self._running.deployment.redis.ping())
            return False
        if one.role == "inference":
            return self._infers(one.pid)
        return True

    def _infers(self, struck: int) -> bool:
        """Whether an inference worker other than that process takes what is asked."""
        with contextlib.suppress(RedisError):
            return any(
                process.role == "inference"
                and process.state is processes.State.READY
                and process.pid != struck
                for process in processes.known(self._running.deployment.redis)
            )
        return False


def _connections(child: Child) -> int:
    """Open TCP connections of a process: the people on a web worker, about."""
    if child.process is None:
        return 0
    with contextlib.suppress(psutil.Error):
        found = psutil.Process(child.process.pid).net_connections("tcp")
        return sum(one.status == psutil.CONN_ESTABLISHED for one in found)
    return 0
