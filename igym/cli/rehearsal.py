"""`igym rehearse`: a crowd of simulated participants, and what came of it.

The crowd is a process of its own. For a package's folder so is everything else, in a
temporary data directory; what the server wrote there is audited before it is deleted.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from igym import log
from igym import settings as settings_module
from igym.archive.audit import Audit, audit
from igym.archive.parquet import folder
from igym.bots.report import capped, percentiles
from igym.bots.site import Site
from igym.cli import nginx
from igym.cli.supervisor import Supervisor
from igym.cli.up import Stack, stack
from igym.errors import Unavailable
from igym.settings import Settings

#: How long the archiver may take once everybody has ended.
ARCHIVE_S = 20.0

#: The supervisor is heard this often, and memory looked at.
WATCH_S, MEMORY_S = 0.2, 1.0

TIERS = ("web", "games", "director", "redis")


def rehearse(
    target: str,
    participants: int,
    seconds: float,
    *,
    web: int,
    games: int,
    as_json: bool,
) -> int:
    """Rehearse a folder or a URL and print how it went.

    Returns:
        The exit code: 1 if anybody was stuck or met a technical problem, or a tick is missing
        or duplicate.
    """
    if target.startswith(("http://", "https://")):
        Site.at(target)  # is it a study's link?
        told = run_crowd(target, participants, seconds, lambda: None) | _unknown()
        told["cpu_s"]["load"] = told.pop("load_cpu_s")
    else:
        told = measured(Path(target), participants, seconds, web=web, games=games)
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        Console().print(_table(target, told))
    return 1 if failed(told) else 0


def failed(told: dict[str, Any]) -> bool:
    """Whether something happened that must not happen to participants or their data."""
    return bool(
        told["stuck"]
        or told["outcomes"].get("technical_problem")
        or told["ticks_missing"]
        or told["ticks_duplicate"]
    )


def measured(
    package: Path,
    participants: int,
    seconds: float,
    *,
    web: int,
    games: int,
    max_load: float = 0.8,
) -> dict[str, Any]:
    """Rehearse a folder with a stack of its own: the summary, with what only the server knows.

    `max_load` is the setting of that name: 1 lets games in until the worker is full.

    Raises:
        BadPackage, Unavailable: as `igym.cli.up.stack`; nothing is left running.
    """
    with tempfile.TemporaryDirectory(prefix="igym-rehearsal-") as data, _interruptible():
        settings = own_settings(Path(data), web=web, games=games, max_load=max_load)
        log.setup(settings.log_level, as_json=settings.log_json, role="igym")
        with stack(settings, [package]) as running:
            usage = Usage(running.supervisor)
            url = f"{running.url}/x/{running.plans[0].experiment}"
            told = run_crowd(url, participants, seconds, usage.look)
            told["cpu_s"] = usage.cpu_s() | {"load": told.pop("load_cpu_s")}
            told["rss_mb"] = usage.rss_mb()
            found = _audited(running, participants)
    return told | facts(told, found)


def own_settings(data: Path, *, web: int, games: int, max_load: float = 0.8) -> Settings:
    """Settings of a stack that shares nothing with another: defaults, a free port, `data`."""
    level = os.environ.get("IGYM_LOG_LEVEL", "warning")
    env = {
        "IGYM_DATA_DIR": str(data),
        "IGYM_PORT": str(nginx.free_port()),
        "IGYM_WEB": str(web),
        "IGYM_GAMES": str(games),
        "IGYM_MAX_LOAD": str(max_load),
        "IGYM_LOG_LEVEL": level,
    }
    return settings_module.load(env, data)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: in order, leaving nothing behind."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_crowd(
    url: str, participants: int, seconds: float, meanwhile: Callable[[], None]
) -> dict[str, Any]:
    """Run a crowd in a process of its own; call `meanwhile` every `WATCH_S` while it runs."""
    args = [sys.executable, "-m", "igym.bots.crowd", url]
    args += ["--participants", str(participants), "--seconds", str(seconds)]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(args, stdout=out)
        try:
            while process.poll() is None:
                meanwhile()
                time.sleep(WATCH_S)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        out.seek(0)
        content = out.read()
    if process.returncode:
        raise Unavailable(f"The simulated participants ended with {process.returncode}.")
    made: dict[str, Any] = json.loads(content)
    return made


# --- what the stack costs ----------------------------------------------------------------------


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
        now = dict.fromkeys(TIERS, 0.0)
        for role, process in self._processes():
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    now[role] += one.memory_info().rss / 1e6
        now["total"] = sum(now.values())
        for tier, rss_mb in now.items():
            self._most[tier] = max(rss_mb, self._most.get(tier, 0.0))

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
        """CPU seconds by tier since this was made."""
        now = self._total_s()
        return {tier: round(max(0.0, now[tier] - self._began_s[tier]), 2) for tier in TIERS}

    def rss_mb(self) -> dict[str, float]:
        """Resident MB by tier, and in total: the most that was seen at once."""
        return {tier: round(mb, 1) for tier, mb in self._most.items()}


# --- what the data says ------------------------------------------------------------------------


def _audited(running: Stack, participants: int) -> Audit:
    """The audit, once the archiver has written everything or `ARCHIVE_S` have passed."""
    plan = running.plans[0]
    root = folder(running.deployment.data, plan.experiment, plan.version)
    until = time.monotonic() + ARCHIVE_S
    while True:
        found = audit(root)
        whole = found.settled and found.sessions >= participants
        if whole or time.monotonic() > until:
            return found
        pause_until = time.monotonic() + 1.0
        while time.monotonic() < pause_until:
            running.supervisor.watch()
            time.sleep(WATCH_S)


def facts(told: dict[str, Any], found: Audit) -> dict[str, Any]:
    """What the data adds to the crowd's summary, and where the two disagree."""
    errors = [*found.problems]
    if found.sessions_ended != told["finished"]:
        errors.append(
            f"{told['finished']} participants saw the ending, "
            f"{found.sessions_ended} of {found.sessions} sessions in the data have ended"
        )
    if found.games != told["games"]:
        errors.append(f"participants saw {told['games']} games, the data has {found.games}")
    if set(found.modes) - {"rehearsal"}:
        errors.append(f"not every session in the data is a rehearsal: {found.modes}")
    return {
        "games": found.games,
        "episodes": found.episodes,
        "episodes_cut_short": found.episodes_cut_short,
        "tick_lateness_ms": percentiles(found.late_ms, (50, 99)),
        "ticks_logged": found.ticks_logged,
        "ticks_missing": found.ticks_missing,
        "ticks_duplicate": found.ticks_duplicate,
        "errors": capped([*told["errors"], *errors]),
    }


def _unknown() -> dict[str, Any]:
    """What nobody can tell from outside."""
    names = ("episodes", "episodes_cut_short", "ticks_logged", "ticks_missing", "ticks_duplicate")
    return {
        **dict.fromkeys(names),
        "tick_lateness_ms": {"p50": None, "p99": None},
        "cpu_s": dict.fromkeys((*TIERS, "load")),
        "rss_mb": dict.fromkeys((*TIERS, "total")),
    }


# --- the table ---------------------------------------------------------------------------------


def _table(target: str, told: dict[str, Any]) -> Table:
    """The summary for a terminal."""
    table = Table(title=f"Rehearsal of {target}", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    for name, value in told.items():
        if name != "errors":
            table.add_row(name.replace("_", " "), _cell(value))
    for error in told["errors"]:
        table.add_row("[red]error[/]", escape(error))
    verdict = "[bold red]failed[/]" if failed(told) else "[bold green]everybody got through[/]"
    table.add_section()
    table.add_row("verdict", verdict)
    return table


def _cell(value: Any) -> str:
    if value is None:
        return "[dim]not known from here[/]"
    if isinstance(value, dict):
        known = {key: one for key, one in value.items() if one is not None}
        return "   ".join(f"[dim]{key}[/] {one:g}" for key, one in known.items()) or _cell(None)
    return f"{value:g}" if isinstance(value, float) else str(value)
