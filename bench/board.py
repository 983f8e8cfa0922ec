"""Admins who look on while 1,000 people have a page open and 100 games are live.

Two real web workers, real sockets that answer pings, real sessions and matches; no worker plays the
games, since what is measured is what looking costs. An admin asks as the page does: the overview
and the list of participants a second after the last answer, the load two.
"""

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench.archive import deployment
from bench.figure import Figure
from bench.hundred import EXAMPLE
from igym import wire
from igym.bots import socketio
from igym.bots.report import percentiles
from igym.cli.nginx import free_port
from igym.domain.participant import Phase
from igym.services import accounts, nudging
from igym.services.connect import Deployment
from igym.services.lobby.matching import Matcher
from igym.services.packages import publishing
from igym.services.sessions import advancing, arriving
from igym.store import games, sessions
from igym.store.post import Outbox

STUDY = "slime_volleyball"
PEOPLE, GAMES, ADMINS, EVENTS, LOOKS = 1_000, 100, 5, 40, 20

#: What is sent again each second, whatever goes on.
MOST_KB = {"overview": 20.0, "games": 20.0}

#: For how long CPU time is counted, and how long after everybody has come.
WATCHED_S, SETTLED_S = 20.0, 15.0


class Crowd:
    """The sockets, in a thread with a loop of its own."""

    def __init__(self, urls: list[str], tokens: list[str]) -> None:
        self._urls, self._tokens = urls, tokens
        self.open = 0
        self._lines: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._come(), self._loop)

    async def _come(self) -> None:
        for n, token in enumerate(self._tokens):
            url = socketio.socket_url(self._urls[n % len(self._urls)])
            self._lines.add(asyncio.create_task(self._stay(url, token)))
            await asyncio.sleep(0.01)

    async def _stay(self, url: str, token: str) -> None:
        auth = {"token": token, "wire": wire.VERSION, "seen": 0}
        while True:  # as a browser does it
            try:
                connection = await socketio.opened(url, auth)
                break
            except socketio.Closed:
                await asyncio.sleep(0.5)
        self.open += 1

        def hear(event: str, said: Any) -> None:
            if event == "check":
                connection.soon(connection.tell(wire.Here(said["proposal"])))

        await connection.listen(hear)


class Admin:
    """Somebody who is signed in at one web worker and asks as the page does."""

    def __init__(self, to: Deployment, url: str) -> None:
        self._url = url
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.get(f"/admin/enter?key={accounts.link(to)}")
        self.since = 0.0
        self.heard = 0  # bytes
        self._stop = threading.Event()
        self._asks: list[threading.Thread] = []

    def get(self, path: str) -> bytes:
        with self._opener.open(self._url + path, timeout=30) as answer:
            content: bytes = answer.read()
        return content

    def timed(self, path: str) -> tuple[float, bytes]:
        """How many ms that took, and the answer."""
        began = time.monotonic()
        content = self.get(path)
        return (time.monotonic() - began) * 1000, content

    def people(self) -> dict[str, Any]:
        raw = self.get(f"/admin/participants.json?experiment={STUDY}&since={self.since}")
        said: dict[str, Any] = json.loads(raw)
        self.since = said["now_ms"]
        self.heard += len(raw)
        return said

    def look(self, tell: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
        """Ask from now on, in threads."""

        def again(every_s: float, ask: Callable[[], None]) -> None:
            time.sleep(random.random() * every_s)
            while not self._stop.wait(every_s):
                ask()

        def part(path: str) -> Callable[[], None]:
            def ask() -> None:
                self.heard += len(self.get(path))

            return ask

        for every_s, ask in (
            (1.0, lambda: tell(self.people())),
            (1.0, part("/admin/overview.json")),
            (2.0, part("/admin/load.json")),
        ):
            self._asks.append(threading.Thread(target=again, args=(every_s, ask), daemon=True))
            self._asks[-1].start()

    def leave(self) -> None:
        self._stop.set()
        for one in self._asks:
            one.join()


@contextmanager
def workers(to: Deployment, count: int) -> Iterator[tuple[list[str], list[psutil.Process]]]:
    """So many web workers, each with a port of its own."""
    urls, found = [], []
    with ExitStack() as stack:
        for n in range(count):
            port = free_port()
            env = {
                **os.environ, "REDIS_URL": to.settings.redis_url, "IGYM_DATA_DIR": str(to.data),
                "IGYM_PORT": str(port), "IGYM_HOST": "127.0.0.1", "IGYM_LOG_LEVEL": "warning",
            }  # fmt: skip
            made = subprocess.Popen(
                [sys.executable, "-m", "igym.web", "--name", f"web-{n}"], env=env
            )
            stack.callback(made.wait)
            stack.callback(made.terminate)
            urls.append(f"http://127.0.0.1:{port}")
            found.append(psutil.Process(made.pid))
        for url in urls:
            until(lambda url=url: _up(url), "a web worker")
        yield urls, found


def _up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def until(ask: Callable[[], object], what: str, within_s: float = 120) -> None:
    """Return once that is so."""
    end = time.monotonic() + within_s
    while not ask():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {within_s:g} s")
        time.sleep(0.05)


def play(to: Deployment, ids: list[str]) -> None:
    """These people go to the lobby and are matched, as a director does it."""
    outbox = Outbox(to.redis)
    for id in ids:
        step(to, id)
        nudging.nudge(outbox, to, STUDY, id)  # its web worker knows that it waits
    matcher, token = Matcher(to, outbox, "bench"), 1

    def matched() -> bool:
        matcher.round(token)
        return len(games.open_games(to.redis, STUDY)) >= GAMES

    until(matched, f"{GAMES} games")


def step(to: Deployment, id: str) -> None:
    """Somebody reads on."""
    session = sessions.read(to.redis, STUDY, id)
    advancing.submit(to, session, wire.Advance(session.scene, session.version))


def cpu(processes: list[psutil.Process]) -> float:
    """CPU time so far, s."""
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def share(processes: list[psutil.Process]) -> float:
    """Of a core, in percent, over `WATCHED_S`."""
    before, began = cpu(processes), time.monotonic()
    time.sleep(WATCHED_S)
    return (cpu(processes) - before) / (time.monotonic() - began) * 100


def delays(to: Deployment, admins: list[Admin], idle: list[str]) -> list[float]:
    """ms from a move of a session to its row in the hands of each admin."""
    moved: dict[str, float] = {}
    told: dict[str, dict[int, float]] = {id: {} for id in idle}

    def hear(n: int, said: dict[str, Any]) -> None:
        now = time.monotonic()
        for row in said["rows"]:
            if row["id"] in moved and row["phase"] != "reading":
                told[row["id"]].setdefault(n, (now - moved[row["id"]]) * 1000)

    for n, admin in enumerate(admins):
        admin.look(lambda said, n=n: hear(n, said))  # type: ignore[misc]
    time.sleep(3)
    for id in idle:
        moved[id] = time.monotonic()
        step(to, id)
        time.sleep(random.uniform(0.1, 0.9))
    until(lambda: all(len(one) == len(admins) for one in told.values()), "the last row", 20)
    return [ms for one in told.values() for ms in one.values()]


def true_share(to: Deployment, admins: list[Admin], ids: list[str]) -> float:
    """Of what these admins' overviews count, which part is as if counted one by one, in percent."""
    time.sleep(2)  # whatever was looked at before is forgotten
    phases = Counter(str(sessions.read(to.redis, STUDY, id).phase) for id in ids)
    told: list[bool] = []
    for admin in admins:
        seen = json.loads(admin.get("/admin/overview.json"))
        (mode,) = seen["experiments"][0]["modes"]
        told += [mode[phase] == phases[phase] for phase in Phase]
        told += [mode["ever"]["arrived"] == len(ids), seen["games"]["total"] == GAMES]
    return 100 * sum(told) / len(told)


def first_sight(to: Deployment, url: str) -> float | None:
    """ms from opening the address in Chromium to the first row of a participant; None without."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(f"{url}/admin/enter?key={accounts.link(to)}")
        page.goto("about:blank")
        began = time.monotonic()
        page.goto(f"{url}/admin/participants", wait_until="commit")
        page.locator("[data-session]").first.wait_for()
        took = (time.monotonic() - began) * 1000
        browser.close()
    return took


def figures() -> list[Figure]:
    """What looking costs, and how late one sees."""
    with tempfile.TemporaryDirectory(prefix="igym-") as name, deployment(Path(name)) as to:
        publishing.publish(to, EXAMPLE)
        joined = [arriving.join(to, STUDY, {}, None) for _ in range(PEOPLE)]
        ids = [session for _, session in joined]
        with workers(to, 2) as (urls, processes):
            crowd = Crowd(urls, [token for token, _ in joined])
            until(lambda: crowd.open >= PEOPLE, f"{PEOPLE} sockets")
            play(to, ids[: 2 * GAMES])
            time.sleep(SETTLED_S)
            idle = share(processes)

            # Each look is a fresh one: whoever asks within a moment shares it.
            one = Admin(to, urls[0])
            one.people()
            took: dict[str, list[float]] = {}
            sizes: dict[str, float] = {}
            before, began = cpu(processes), time.monotonic()
            for _ in range(LOOKS):
                time.sleep(2.1)
                for path in (
                    "/admin/overview.json",
                    f"/admin/participants.json?experiment={STUDY}&since={time.time() * 1000}",
                    "/admin/games.json",
                    "/admin/lobbies.json",
                    "/admin/load.json",
                ):
                    part = re.sub(r".*/|\.json.*", "", path)
                    ms, content = one.timed(path)
                    took.setdefault(part, []).append(ms)
                    sizes[part] = len(content) / 1000
            used = cpu(processes) - before - idle / 100 * (time.monotonic() - began)
            sight = first_sight(to, urls[0])

            one = Admin(to, urls[0])
            one.look()
            time.sleep(3)
            one.heard, began = 0, time.monotonic()
            looked = share(processes)
            kb_s = one.heard / (time.monotonic() - began) / 1000
            one.leave()
            time.sleep(2)

            admins = [Admin(to, urls[n % 2]) for n in range(ADMINS)]
            late = percentiles(delays(to, admins, ids[-EVENTS:]), (50, 99))
            many = share(processes)
            for admin in admins:
                admin.leave()
            true = true_share(to, admins[:2], ids)
    made = [
        Figure(f"a fresh look at the {name}, asked to answered, median", median(ms), "ms", 50)
        for name, ms in took.items()
    ]
    made += [
        Figure(f"one answer of the {name}", kb, "kB", MOST_KB.get(name))
        for name, kb in sizes.items()
    ]
    made.append(Figure("CPU of all five together", used / LOOKS * 1000, "ms"))
    if sight is not None:
        made.append(Figure("address opened to first row in Chromium", sight / 1000, "s", 2))
    return [
        *made,
        Figure("what two workers count as if counted one by one", true, "%", 100, at_least=True),
        Figure("what one admin is sent", kb_s, "kB/s", 100),
        Figure("a move to its row before an admin, p50", late["p50"] or 0, "ms"),
        Figure("a move to its row before an admin, p99", late["p99"] or 0, "ms", 1500),
        Figure(f"CPU of both web workers, {PEOPLE} sockets, nobody looks", idle, "% of a core"),
        Figure("… more while one admin looks", looked - idle, "% of a core", 5),
        Figure(f"… more while {ADMINS} admins look", many - idle, "% of a core"),
    ]
