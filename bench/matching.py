"""Ten thousand people at once, and two hundred a second: four web processes and two directors.

The directors are the real ones, and so is every script; the web processes make people arrive
as `igym.web` does and answer at once when somebody is asked whether they are there. One director is
killed in the middle. No game is ever run.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from bench.figure import Figure
from igym import settings, wire
from igym.cli import embedded
from igym.domain.participant import Phase
from igym.domain.plan import EndPlan, PagePlan, Plan, PlayPlan, ScenePlan
from igym.errors import NotYours
from igym.services.connect import Deployment, connect, now_ms
from igym.services.lobby import waiting
from igym.services.sessions import advancing
from igym.store import games, heard, keys, packages, post, sessions, sockets
from igym.store.sessions import Session
from igym.wire import inner

E = "burst"
WEBS, PEOPLE = 4, 10_000
RATE, SECONDS = 200.0, 20.0

#: How long everybody may take to be seated before the bench gives up.
PATIENCE_S = 240.0


def a_plan() -> Plan:
    """A page, a game of two, the end."""
    play = PlayPlan(
        seats=("a", "b"), humans=("a", "b"), policies={}, keys=("a",), touch=(), title="", help="",
        labels={}, marks={}, aspect=2.0, background="#000", fps=30, episodes=1, max_steps=10,
        assign="fixed", waits_s=3600, countdown_s=0, pause_s=0,
    )  # fmt: skip
    scenes = (
        ScenePlan("hello", page=PagePlan("", "Go")),
        ScenePlan("play", play=play),
        ScenePlan("thanks", end=EndPlan("", {}, {})),
    )
    return Plan(E, "1", "Burst", "b" * 64, scenes)


# --- a web process ----------------------------------------------------------------------


@dataclass
class Seen:
    """What one web process saw. Times are ms since the epoch, by session."""

    arrived: dict[str, float] = field(default_factory=dict)  # was in the lobby
    asked: dict[str, float] = field(default_factory=dict)
    seated: dict[str, float] = field(default_factory=dict)


def web(number: int, people: int, rate: float, told: Queue[Any], go: Any, stop: Any) -> None:
    """Make `people` sessions; at the signal let them all enter the lobby, at `rate` a second."""
    deployment = connect(settings.load())
    redis, name, plan = deployment.redis, f"web-{number}", deployment.plans.get(E, "b" * 64)
    seen = Seen()
    made = [_newcomer(deployment, plan, f"w{number}-{n}", name) for n in range(people)]

    def handle(batch: list[inner.ToWeb]) -> None:
        for said in batch:
            if isinstance(said, inner.Ask):
                seen.asked.setdefault(said.session, now_ms())
                with suppress(NotYours):  # asked twice, and seated in between
                    waiting.here(deployment, E, LOBBY, said.session, said.proposal)
            elif isinstance(said, inner.Nudge):
                seen.seated.setdefault(said.session, now_ms())

    ended = threading.Event()
    ears = threading.Thread(
        target=post.listen,
        args=(redis, name, inner.decode_to_web, handle, lambda: None, ended),
        daemon=True,
    )
    ears.start()

    def lives() -> None:
        while not ended.wait(heard.NOTE_S):
            heard.note(redis, E, {s.id: 0 for s in made if s.id not in seen.seated})

    threading.Thread(target=lives, daemon=True).start()
    told.put("ready")
    go.wait()
    began_s = time.monotonic()
    for n, session in enumerate(made):
        if rate:
            time.sleep(max(0.0, began_s + n / rate - time.monotonic()))
        advancing.submit(deployment, session, wire.Advance("hello", 1))
        seen.arrived[session.id] = now_ms()
    stop.wait()
    ended.set()
    told.put(seen)


LOBBY = sessions.lobby_name("b" * 64, "play", "live")


def _newcomer(deployment: Deployment, plan: Plan, id: str, name: str) -> Session:
    at_ms = now_ms()
    session = Session(
        id=id, experiment=E, package=plan.package, release="1", participant=id, mode="live",
        version=1, phase=Phase.READING, scene="hello", visit=0, entered_ms=at_ms, started_ms=at_ms,
    )  # fmt: skip
    sessions.create(deployment.redis, session, "", [])
    sockets.connect(deployment.redis, E, id, name, 1)
    return session


# --- the whole ----------------------------------------------------------------------


@dataclass
class Told:
    """What came of it."""

    people: int
    seated: int = 0
    games: int = 0
    double: int = 0  # people in two games
    lost: int = 0  # people neither in the lobby nor in a game
    phantom: int = 0  # seats of people who are not in that game
    took_s: float = 0  # from the first arrival to the last seat
    resumed_s: float = 0  # from the kill to the next game
    ask_ms: list[float] = field(default_factory=list)  # from the completing arrival
    seal_ms: list[float] = field(default_factory=list)


@contextmanager
def deployed(home: Path) -> Iterator[Deployment]:
    """A Redis of our own, and the experiment."""
    (home / "redis").mkdir(parents=True)
    path = embedded.socket_path(home)
    process = subprocess.Popen(embedded.command(home, path), stdout=subprocess.DEVNULL)
    try:
        embedded.wait(path, process)
        # Nobody runs the games here, and nobody is to look for who should.
        ours = {"REDIS_URL": f"unix://{path}", "IGYM_WORKER_LEASE_S": "60"}
        os.environ |= ours | {"IGYM_DATA_DIR": str(home / "data")}
        deployment = connect(settings.load())
        packages.publish(deployment.redis, a_plan())
        yield deployment
    finally:
        process.kill()
        process.wait()


def _director(home: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "workers", "director"]
    with (home / "directors.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def measure(people: int, rate: float = 0, *, webs: int = WEBS, kill: bool = False) -> Told:
    """Let `people` arrive, at `rate` a second in all (0 = as fast as they can)."""
    # Not the usual place: a socket's path may have 107 characters at most.
    with tempfile.TemporaryDirectory(prefix="igym-") as name, deployed(Path(name)) as deployment:
        home, redis = Path(name), deployment.redis
        context = multiprocessing.get_context("spawn")
        told, go, stop = context.Queue(), context.Event(), context.Event()
        share = (people // webs, rate / webs, told, go, stop)
        crowd = [context.Process(target=web, args=(n, *share)) for n in range(webs)]
        directors = [_director(home)]
        try:
            for process in crowd:
                process.start()
            for _ in crowd:
                told.get(timeout=PATIENCE_S)
            _until(lambda: redis.exists(keys.lease("matching")), 30)
            directors.append(_director(home))
            time.sleep(2)  # it is up, and waits for the other to fail
            began_s = time.monotonic()
            go.set()
            result = Told(people)
            made: list[str] = []

            def count() -> int:
                """Games so far. Each is over at once: none waits for a worker."""
                fresh = games.open_games(redis, E)
                for game in fresh:
                    games.settled(redis, E, game)
                made.extend(fresh)
                return len(made)

            if kill:
                _until(lambda: count() >= people // 8, PATIENCE_S)
                directors[0].kill()
                directors[0].wait()
                killed_s, before = time.monotonic(), count()
                _until(lambda: count() > before, PATIENCE_S)
                result.resumed_s = time.monotonic() - killed_s
            _until(lambda: count() >= people // 2, PATIENCE_S)
            result.took_s = time.monotonic() - began_s
            time.sleep(1)  # the last words reach the web processes
            stop.set()
            count()
            _account(deployment, [told.get(timeout=60) for _ in crowd], result, made)
            return result
        finally:
            for process in crowd:
                process.kill()
            for director in directors:  # not asked to: it would archive all of this first
                director.kill()
                director.wait()


def _until(true: Any, within_s: float) -> None:
    until = time.monotonic() + within_s
    while not true() and time.monotonic() < until:
        time.sleep(0.05)


def _account(deployment: Deployment, seen: list[Seen], result: Told, made: list[str]) -> None:
    """Compare every session with every game, and take the times."""
    redis = deployment.redis
    arrived, asked, seated = (
        {k: v for one in seen for k, v in getattr(one, name).items()}
        for name in ("arrived", "asked", "seated")
    )
    place: dict[str, list[str]] = {}
    for game_id in sorted(set(made)):
        game = games.read(redis, E, game_id)
        result.games += 1
        for session in game.seats.values():
            place.setdefault(session, []).append(game_id)
        people = list(game.seats.values())
        last_ms = max(arrived[session] for session in people)
        if all(session in asked for session in people):
            result.ask_ms.append(max(asked[session] for session in people) - last_ms)
        if all(session in seated for session in people):
            result.seal_ms.append(max(seated[session] for session in people) - last_ms)
    queue = {member.decode() for member in redis.zrange(keys.lobby(E, LOBBY), 0, -1)}  # type: ignore[union-attr]
    for id in arrived:
        session = sessions.read(redis, E, id)
        mine = place.get(id, [])
        result.seated += bool(mine)
        result.double += len(mine) > 1
        result.lost += not mine and id not in queue
        result.phantom += any(game != session.game for game in mine)
        result.phantom += session.phase is Phase.PLAYING and not mine
    result.lost += result.people - len(arrived)


def _p(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else -1.0


def figures() -> list[Figure]:
    """A burst with a kill in it, and a steady stream."""
    burst = measure(PEOPLE, kill=True)
    steady = measure(int(RATE * SECONDS), RATE)
    return [
        Figure(f"{PEOPLE:,} at once, a director killed: in two games", burst.double, "people"),
        Figure("… lost", burst.lost, "people"),
        Figure("… in a game they do not know of", burst.phantom, "people"),
        Figure("… seated", burst.seated, "people", PEOPLE, at_least=True),
        Figure("… from the first arrival to the last seat", burst.took_s, "s"),
        Figure("… from the kill to the next game", burst.resumed_s, "s", 5),
        Figure(f"{RATE:g} arrivals/s: asked after, p50", _p(steady.ask_ms, 0.5), "ms"),
        Figure("… asked after, p99", _p(steady.ask_ms, 0.99), "ms", 250),
        Figure("… seated after, p50", _p(steady.seal_ms, 0.5), "ms"),
        Figure("… seated after, p99", _p(steady.seal_ms, 0.99), "ms", 250),
        Figure("… lost, twice or phantom", steady.lost + steady.double + steady.phantom, "people"),
    ]
