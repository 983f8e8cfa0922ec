"""The figures of one process: counted where things happen, written down every few seconds.

Counting costs no Redis. What is written is one key with a short life, so that a process that is
gone is gone from the figures, and reading them costs by the number of processes alone.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from igym.domain.metrics import METRICS, Buckets
from igym.store import Redis, RedisError, meters
from igym.store.meters import Reading

_log = logging.getLogger(__name__)

#: How often a process writes its figures.
WRITE_S = 5.0

#: What counts as lately in a reading.
RECENT_S = 60.0

_LEVELS = ("warning", "error", "critical")


class Meter:
    """What one process counts. Names and labels are those of `igym.domain.metrics`."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], float] = {}
        self._read: dict[tuple[str, str], Callable[[], float]] = {}
        self._histograms: dict[str, Buckets] = {}
        #: When each of the last readings was made: the counts of all histograms, and CPU time.
        self._past: deque[tuple[float, dict[str, list[int]], float]] = deque(
            [(time.monotonic(), {}, time.process_time())]
        )

    def count(self, name: str, label: str = "") -> None:
        """One more of these. `label` is the last label, where there are several of a process."""
        self._counts[name, label] = self._counts.get((name, label), 0) + 1

    def watch(self, name: str, read: Callable[[], float]) -> None:
        """A figure that is looked up when it is written."""
        self._read[name, ""] = read

    def histogram(self, name: str) -> Buckets:
        """The histogram of that name; keep it, and call `observe`."""
        return self._histograms.setdefault(name, Buckets(METRICS[name].bounds))

    def reading(self, role: str, skew_s: float) -> Reading:
        """Everything as it is now."""
        values = [(name, label, value) for (name, label), value in self._counts.items()]
        values += [(name, label, float(read())) for (name, label), read in self._read.items()]
        cpu_s = time.process_time()
        values.append(("igym_cpu_seconds_total", "", cpu_s))
        values.append(("igym_memory_bytes", "", _resident()))
        values.append(("igym_clock_skew_seconds", "", skew_s))
        histograms = {n: (one.counts, one.total) for n, one in self._histograms.items()}
        return Reading(role, values, histograms, *self._lately(cpu_s))

    def _lately(self, cpu_s: float) -> tuple[dict[str, list[int]], float]:
        """What histograms have counted within `RECENT_S`, and the share of a core used since the
        last reading."""
        now_s = time.monotonic()
        counted = {name: list(one.counts) for name, one in self._histograms.items()}
        while len(self._past) > 1 and now_s - self._past[1][0] >= RECENT_S:
            self._past.popleft()
        then = self._past[0][1]
        recent = {
            name: [n - m for n, m in zip(counts, then.get(name, [0] * len(counts)), strict=True)]
            for name, counts in counted.items()
        }
        last_s, _, before_s = self._past[-1]
        busy = (cpu_s - before_s) / max(1e-6, now_s - last_s)
        self._past.append((now_s, counted, cpu_s))
        return recent, busy


class LogCount(logging.Handler):
    """Counts lines by level, and writes none."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(logging.WARNING)
        self._meter = meter

    def emit(self, record: logging.LogRecord) -> None:
        """One more."""
        level = record.levelname.lower()
        if level in _LEVELS:
            self._meter.count("igym_log_lines_total", level)


def report(redis: Redis, meter: Meter, name: str, role: str) -> None:
    """Write the figures of process `name` from now on, in a thread (or greenlet) of its own."""
    logging.getLogger().addHandler(LogCount(meter))
    threading.Thread(
        target=_keep_writing, args=(redis, meter, name, role), name="meter", daemon=True
    ).start()


def _keep_writing(redis: Redis, meter: Meter, name: str, role: str) -> None:
    while True:
        try:
            meters.write(redis, name, meter.reading(role, skew(redis)))
        except RedisError as error:
            _log.debug("figures of %s not written: %s", name, error)
        except Exception:  # noqa: BLE001 - a figure that cannot be read must not end the others
            _log.exception("figures of %s not written", name)
        time.sleep(WRITE_S)


def skew(redis: Redis) -> float:
    """How far our clock is ahead of Redis's, in s; within half a round trip it is 0."""
    before = time.time()
    seconds, micros = _time(redis)
    after = time.time()
    off = (before + after) / 2 - seconds - micros / 1e6
    return 0.0 if abs(off) <= (after - before) / 2 else off


def _time(redis: Redis) -> tuple[int, int]:
    found: Any = redis.time()
    return found[0], found[1]


def _resident() -> float:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * float(os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError):  # no Linux
        return 0.0
