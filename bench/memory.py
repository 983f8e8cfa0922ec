"""Memory of everything `igym up` starts, itself included: idle, and what a game adds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil

from bench.figure import Figure
from bench.hundred import endless
from igym.cli.rehearsal import own_settings, run_crowd
from igym.cli.up import environment
from igym.services.packages.manifest import manifest

GAMES = 20
SECONDS = 12.0

#: What starting leaves behind has been given back by then; so has the archiver ended.
SETTLE_S = 15.0

_UP = "from igym.cli.main import main; main()"


def role(process: psutil.Process) -> str:
    """What a process of the stack is, by its command line."""
    said = " ".join(process.cmdline())
    for name in ("web", "games", "director", "archive"):
        if f"igym.{name} " in said or f"workers {name} " in said:
            return name
    return "igym up" if _UP in said else "redis"


def memory_mb(top: psutil.Process) -> list[tuple[str, float, float]]:
    """(role, resident MB, MB of it that are its own share) of each process of the stack."""
    found = []
    for process in (top, *top.children(recursive=True)):
        try:
            info = process.memory_full_info()
            found.append((role(process), info.rss / 1e6, getattr(info, "pss", info.uss) / 1e6))
        except psutil.Error:
            continue
    return found


def grows_mb(top: psutil.Process) -> float:
    """Resident MB of what grows with games. The archiver comes and goes instead."""
    return sum(rss for name, rss, _ in memory_mb(top) if name in ("web", "games", "redis"))


def _reachable(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1).close()
        return True
    except (urllib.error.URLError, OSError):
        return False


def figures() -> list[Figure]:
    """Idle MB per process and in total; MB per game once a worker has run its first."""
    with tempfile.TemporaryDirectory(prefix="igym-bench-") as home:
        package = endless(Path(home) / "package")
        settings = own_settings(Path(home) / "data", web=2, games=1)
        env = {**os.environ, **environment(settings)}
        process = subprocess.Popen(
            [sys.executable, "-c", _UP, "up", str(package)], env=env, stdout=subprocess.DEVNULL
        )
        try:
            base = f"http://127.0.0.1:{settings.port}"
            until = time.monotonic() + 60
            while not _reachable(f"{base}/healthz") and time.monotonic() < until:
                time.sleep(0.2)
            return _measured(psutil.Process(process.pid), f"{base}/e/{manifest(package)['id']}")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _measured(top: psutil.Process, url: str) -> list[Figure]:
    time.sleep(SETTLE_S)
    idle = memory_mb(top)
    made = []
    for name, rss, pss in idle:
        made.append(Figure(f"idle: {name}, resident", rss, "MB"))
        made.append(Figure(f"idle: {name}, its own share (PSS)", pss, "MB"))
    made.append(Figure("idle stack, resident", sum(rss for _, rss, _ in idle), "MB", 350))
    made.append(Figure("idle stack, PSS", sum(pss for _, _, pss in idle), "MB"))

    run_crowd(url, 2, 2.0, lambda: None)  # code and environment are loaded from here on
    time.sleep(SETTLE_S)
    before = grows_mb(top)
    most, look = _highest(lambda: grows_mb(top))
    run_crowd(url, 2 * GAMES, SECONDS, look)
    made.append(
        Figure(f"added by each of {GAMES} games at once", (most() - before) / GAMES, "MB", 2)
    )
    return made


def _highest(value: Callable[[], float]) -> tuple[Callable[[], float], Callable[[], None]]:
    """(the highest value so far, look again)."""
    seen = [0.0]
    return lambda: max(seen), lambda: seen.append(value())
