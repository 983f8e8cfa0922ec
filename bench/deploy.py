"""In front of the web workers: what nginx adds to a frame, and a thousand who come back at once.

What nginx adds is measured in pairs: half of the people come through nginx and half go straight to
the same web worker, in the same games at the same time. Whatever else the machine does is in both.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figure import Figure
from bench.hundred import EXAMPLE, endless
from igym import wire
from igym.bots import socketio
from igym.bots.line import LATEST_S, SOONEST_S
from igym.bots.site import Site
from igym.bots.socketio import Closed, Connection, Unwelcome
from igym.cli.rehearsal import own_settings, run_crowd
from igym.cli.up import Stack, stack

#: People of the paired measurement, half of them each way, and how long they play.
PEOPLE, SECONDS = 20, 40.0

#: People whose lines all break in one moment.
STORM = 1000


@contextlib.contextmanager
def behind_nginx(package: Path, web: int) -> Iterator[Stack]:
    """A stack behind nginx, looked after by a thread."""
    with tempfile.TemporaryDirectory(prefix="igym-bench-") as data:
        settings = own_settings(Path(data), web=web, games=1, max_load=1)
        with stack(settings, [package], behind_nginx=True) as running:
            over = threading.Event()

            def watch() -> None:
                while not over.wait(0.2):
                    running.supervisor.watch()

            watcher = threading.Thread(target=watch)
            watcher.start()
            try:
                yield running
            finally:
                over.set()
                watcher.join()


def straight(running: Stack) -> list[str]:
    """Where the web workers themselves listen."""
    return [
        f"http://127.0.0.1:{child.env['IGYM_PORT']}"
        for child in running.supervisor.children
        if child.role == "web"
    ]


# --- what nginx adds ---------------------------------------------------------------------------


def paired(people: int = PEOPLE, seconds: float = SECONDS) -> tuple[dict[str, Any], dict[str, Any]]:
    """Summaries of those through nginx and of those who went straight to the web worker."""
    with tempfile.TemporaryDirectory(prefix="igym-bench-") as home:
        package = endless(Path(home) / "package")
        with behind_nginx(package, web=1) as running, ThreadPoolExecutor(2) as pool:
            path = f"/e/{running.plans[0].experiment}"
            ways = (running.url + path, straight(running)[0] + path)
            told = [
                pool.submit(run_crowd, url, people // 2, seconds, lambda: None, seed=seed)
                for seed, url in enumerate(ways, 1)
            ]
            through, direct = (one.result() for one in told)
    return through, direct


# --- a storm -----------------------------------------------------------------------------------


@dataclass
class Storm:
    """What came of it."""

    people: int
    back_s: list[float] = field(default_factory=list)  # of each, from the moment lines broke
    refused: int = 0  # attempts that were answered with anything but a connection
    said: set[str] = field(default_factory=set)  # with what


async def _enter(url: str, token: str) -> Connection:
    connection = await socketio.opened(url, {"token": token, "wire": wire.VERSION, "seen": 0})
    first = asyncio.Event()

    def heard(event: str, said: Any) -> None:
        if event == "state":
            first.set()

    listening = asyncio.ensure_future(connection.listen(heard))
    connection.listening = listening  # type: ignore[attr-defined] # or it would be collected
    async with asyncio.timeout(socketio.PATIENCE_S):
        await first.wait()
    return connection


async def _back(url: str, token: str, began_s: float, storm: Storm) -> Connection:
    pause_s = SOONEST_S
    while True:
        try:
            connection = await _enter(url, token)
        except (Closed, Unwelcome, TimeoutError) as error:
            storm.refused += 1
            storm.said.add(str(error)[:80] or type(error).__name__)
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))
            pause_s = min(LATEST_S, 2 * pause_s)
            continue
        storm.back_s.append(time.monotonic() - began_s)
        return connection


async def _storm(url: str, tokens: list[str]) -> Storm:
    storm, there = Storm(len(tokens)), []
    for at in range(0, len(tokens), 50):  # they came one after the other
        there += await asyncio.gather(*(_enter(url, token) for token in tokens[at : at + 50]))
    await asyncio.sleep(1.0)
    for connection in there:
        connection.abort()
    began_s = time.monotonic()
    back = await asyncio.gather(*(_back(url, token, began_s, storm) for token in tokens))
    for connection in back:
        connection.abort()
    return storm


def storm(people: int = STORM) -> Storm:
    """Cut everybody's line in one moment; they all come back at once, through nginx."""
    with behind_nginx(EXAMPLE, web=2) as running:
        path = f"/e/{running.plans[0].experiment}"
        sites = [Site.at(url + path) for url in straight(running)]
        with ThreadPoolExecutor(8) as pool:
            numbers = range(people)
            tokens = [*pool.map(lambda n: sites[n % 2].join(id=f"{n}", mode="rehearsal"), numbers)]
        return asyncio.run(_storm(socketio.socket_url(running.url), tokens))


def figures() -> list[Figure]:
    """What nginx adds to the age of a frame, and how long a storm takes."""
    through, direct = paired()
    one, other = through["frame_age_ms"], direct["frame_age_ms"]
    blown = storm()
    took = sorted(blown.back_s)
    return [
        Figure(f"{PEOPLE} people: frame age through nginx, p50", one["p50"], "ms"),
        Figure("… straight to the web worker, p50", other["p50"], "ms"),
        Figure("… what nginx adds, p50", one["p50"] - other["p50"], "ms", 1.0),
        Figure("… what nginx adds, p99", one["p99"] - other["p99"], "ms"),
        Figure(f"{STORM} sockets back at once: the last one after", took[-1], "s", 5.0),
        Figure("… half of them after", took[len(took) // 2], "s"),
        Figure("… attempts that were refused", blown.refused, ""),
    ]
