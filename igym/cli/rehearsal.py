"""`igym rehearse`: a crowd of simulated participants, and what came of it.

The crowd is a process of its own. For a package's folder so is everything else, in a
temporary data directory; what the server wrote there is audited before it is deleted.
What is done to it meanwhile is in `igym.cli.trouble`, what it means in `igym.cli.verdict`.
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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from igym import log
from igym import settings as settings_module
from igym.archive.audit import Audit, audit
from igym.archive.parquet import folder
from igym.bots.crowd import ENDED, HALF
from igym.bots.site import Site
from igym.bots.weather import Weather
from igym.cli import nginx, verdict
from igym.cli.trouble import Blow, Trouble
from igym.cli.up import Stack, stack
from igym.cli.usage import TIERS, Usage
from igym.errors import BadMessage, Unavailable
from igym.services.sessions.identity import MODES
from igym.settings import Settings
from igym.store import counts

#: How long the archiver may take once everybody has ended, a game's grace included.
ARCHIVE_S = 40.0

#: The supervisor is heard this often.
WATCH_S = 0.2

CALM = Weather()

#: Of what a crowd prints before its summary: two short lines a person at the most.
_NEWS_BYTES = 200_000


def rehearse(
    target: str,
    participants: int,
    seconds: float,
    *,
    web: int,
    games: int,
    as_json: bool,
    directors: int = 1,
    inference: int = 0,
    weather: Weather = CALM,
    blows: Sequence[Blow] = (),
    rolling_s: float | None = None,
) -> int:
    """Rehearse a folder or a URL and print how it went.

    Returns:
        The exit code: 1 if anybody met a technical problem, or one of `verdict.INVARIANTS` is
        not zero.

    Raises:
        BadMessage: processes are to be killed that are not ours.
    """
    if target.startswith(("http://", "https://")):
        Site.at(target)  # is it a study's link?
        if blows or rolling_s is not None:
            raise BadMessage(
                "Only what this command starts can be killed.",
                hint="Name a package's folder instead of a URL.",
            )
        with _progress(participants, as_json) as ended:
            told = run_crowd(
                target, participants, seconds, lambda: None, weather=weather, ended=ended
            )
        told |= _unknown()
        told["cpu_s"]["load"] = told.pop("load_cpu_s")
        _spare(told)
    else:
        with _progress(participants, as_json) as ended:
            told = measured(
                Path(target),
                participants,
                seconds,
                web=web,
                games=games,
                directors=directors,
                inference=inference,
                weather=weather,
                blows=blows,
                rolling_s=rolling_s,
                ended=ended,
            )
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        Console().print(verdict.table(target, told))
    return 1 if verdict.failed(told) else 0


def measured(
    package: Path,
    participants: int,
    seconds: float,
    *,
    web: int,
    games: int,
    max_load: float = 0.8,
    directors: int = 1,
    inference: int = 0,
    weather: Weather = CALM,
    blows: Sequence[Blow] = (),
    rolling_s: float | None = None,
    ended: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Rehearse a folder with a stack of its own: the summary, with what only the server knows.

    `max_load` is the setting of that name: 1 lets games in until the worker is full. `ended` as in
    `run_crowd`.

    Raises:
        BadPackage, Unavailable: as `igym.cli.up.stack`; nothing is left running.
    """
    with tempfile.TemporaryDirectory(prefix="igym-rehearsal-") as data, _interruptible():
        settings = own_settings(
            Path(data), web=web, games=games, inference=inference, max_load=max_load
        )
        log.set_up(settings, "igym")
        with stack(settings, [package], directors=directors) as running:
            usage, trouble = Usage(running.supervisor), Trouble(running, blows, rolling_s)
            url = f"{running.url}/e/{running.plans[0].experiment}"

            def meanwhile() -> None:
                usage.look()
                trouble.look()

            told = run_crowd(
                url,
                participants,
                seconds,
                meanwhile,
                weather=weather,
                half=trouble.begin,
                ended=ended,
            )
            told["cpu_s"] = usage.cpu_s() | {"load": told.pop("load_cpu_s")}
            told["rss_mb"] = usage.rss_mb()
            found = _audited(running, participants, told["finished"], trouble)
            deployment, experiment = running.deployment, running.plans[0].experiment
            counted = counts.read(deployment.redis, experiment, MODES)
    told |= verdict.resumed(told["trails"], trouble.blows)
    told["not_struck"] = sum(1 for one in trouble.blows if not one.struck_ms)
    if rolling_s is not None:
        told |= verdict.rolled(told["trails"], trouble.rolling)
    told |= verdict.facts(told, found, counted)
    return _spare(told)


def _spare(told: dict[str, Any]) -> dict[str, Any]:
    """Without what only the verdict needs."""
    for name in ("trails", "answers"):
        told.pop(name, None)
    return told


def own_settings(
    data: Path, *, web: int, games: int, inference: int = 0, max_load: float = 0.8
) -> Settings:
    """Settings of a stack that shares nothing with another: defaults, a free port, `data`."""
    level = os.environ.get("IGYM_LOG_LEVEL", "warning")
    env = {
        "IGYM_DATA_DIR": str(data),
        "IGYM_PORT": str(nginx.free_port()),
        "IGYM_WEB": str(web),
        "IGYM_GAMES": str(games),
        "IGYM_INFERENCE": str(inference),
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


@contextlib.contextmanager
def _progress(participants: int, as_json: bool) -> Iterator[Callable[[int], None]]:
    """A bar of who is through, on a terminal; it is gone when the table comes."""
    console = Console(stderr=True)
    shown = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} participants are through"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        refresh_per_second=2,  # the crowd has the cores
        transient=True,
        disable=as_json or not console.is_terminal,
    )
    with shown:
        task = shown.add_task("", total=participants)
        yield lambda count: shown.update(task, completed=count)


def run_crowd(
    url: str,
    participants: int,
    seconds: float,
    meanwhile: Callable[[], None],
    *,
    weather: Weather = CALM,
    half: Callable[[], None] = lambda: None,
    seed: int = 1,
    ended: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Run a crowd in a process of its own; call `meanwhile` every `WATCH_S` while it runs.

    `half` is called once half of the crowd have seen a game, `ended` with how many are through.
    """
    args = [sys.executable, "-m", "igym.bots.crowd", url, "--seed", str(seed)]
    args += ["--participants", str(participants), "--seconds", str(seconds)]
    args += ["--reload", str(weather.reload), "--drop", str(weather.drop)]
    args += ["--leave", str(weather.leave), "--rtt", ",".join(f"{ms:g}" for ms in weather.rtt_ms)]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(args, stdout=out)
        waits = True
        try:
            while process.poll() is None:
                news = os.pread(out.fileno(), _NEWS_BYTES, 0)
                if waits and HALF.encode() in news:
                    waits = False
                    half()
                ended(news.count(ENDED.encode()))
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
    made: dict[str, Any] = json.loads(content.splitlines()[-1])
    return made


def _audited(running: Stack, participants: int, finished: int, trouble: Trouble) -> Audit:
    """The audit, once the archiver has written everything or `ARCHIVE_S` have passed.

    What is being restarted gets the time it takes.
    Of who left, nobody can say when their session ends, if it does.
    """
    plan = running.plans[0]
    root = folder(running.deployment.data, plan.experiment, plan.version)
    while trouble.rolls:
        trouble.look()
        running.supervisor.watch()
        time.sleep(WATCH_S)
    until = time.monotonic() + ARCHIVE_S
    while True:
        found = audit(root)
        whole = found.sessions >= participants and found.sessions_ended >= finished
        # Tables are written one by one: until all are, they may contradict each other.
        whole = whole and found.written and not found.problems
        if whole or time.monotonic() > until:
            return found
        pause_until = time.monotonic() + 1.0
        while time.monotonic() < pause_until:
            running.supervisor.watch()
            time.sleep(WATCH_S)


def _unknown() -> dict[str, Any]:
    """What nobody can tell from outside."""
    return {
        **dict.fromkeys(verdict.UNKNOWN),
        "tick_lateness_ms": {"p50": None, "p99": None},
        "cpu_s": dict.fromkeys((*TIERS, "load")),
        "rss_mb": dict.fromkeys((*TIERS, "total")),
    }
