"""What a supervisor's children cost: CPU seconds and resident memory, by tier."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import psutil

from igym.cli.supervisor import Supervisor

TIERS = ("web", "games", "inference", "director", "redis")

#: Memory is looked at this often.
MEMORY_S = 1.0


class Usage:
    """CPU seconds since now, and the most memory seen, of a supervisor's children by tier."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._began_s = self._total_s()
        self._most: dict[str, float] = {}
        self._looked_s = 0.0

    def look(self) -> None:
        """Watch over the children, and look at their memory now and then."""
        self._supervisor.watch()
        if time.monotonic() - self._looked_s < MEMORY_S:
            return
        self._looked_s = time.monotonic()
        now = self.now_mb()
        for tier, rss_mb in now.items():
            self._most[tier] = max(rss_mb, self._most.get(tier, 0.0))

    def now_mb(self) -> dict[str, float]:
        """Resident MB by tier, and in total, at this moment."""
        now = dict.fromkeys(TIERS, 0.0)
        for role, process in self._processes():
            for one in (process, *_children(process)):
                with contextlib.suppress(psutil.Error):
                    now[role] += one.memory_info().rss / 1e6
        now["total"] = sum(now.values())
        return now

    def _processes(self) -> Iterator[tuple[str, psutil.Process]]:
        for child in self._supervisor.children:
            if child.role in TIERS and child.process is not None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    yield child.role, psutil.Process(child.process.pid)

    def _total_s(self) -> dict[str, float]:
        """CPU seconds so far, those of children that have ended included."""
        total = dict.fromkeys(TIERS, 0.0)
        for role, process in self._processes():
            with contextlib.suppress(psutil.Error):
                t = process.cpu_times()
                total[role] += t.user + t.system + t.children_user + t.children_system
                for one in process.children(recursive=True):
                    now = one.cpu_times()
                    total[role] += now.user + now.system
        return total

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds by tier since this was made, without those of processes that were killed."""
        now = self._total_s()
        return {tier: round(max(0.0, now[tier] - self._began_s[tier]), 2) for tier in TIERS}

    def rss_mb(self) -> dict[str, float]:
        """Resident MB by tier, and in total: the most that was seen at once."""
        return {tier: round(mb, 1) for tier, mb in self._most.items()}


def _children(process: psutil.Process) -> list[psutil.Process]:
    """Those of a process that may have ended meanwhile."""
    with contextlib.suppress(psutil.Error):
        return list(process.children(recursive=True))
    return []
