"""The archiver, an export and replay: 1,000 episodes of two people, from Redis to a ZIP file.

A synthetic log of 1,000 episodes of 1,800 ticks waits in a Redis of its own and is archived by
the real archiver in a process of its own, whose memory is looked at; so is the export. Then 1,000
short episodes of Slime Volleyball are recorded with the tick loop's own means and run again from
an export.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.figure import Figure
from igym import settings
from igym.archive import reading
from igym.archive.export import export
from igym.cli import embedded
from igym.domain.experiment import Play
from igym.services.connect import Deployment, connect
from igym.services.data.replaying import Replayer
from igym.services.packages import publishing
from igym.services.packages.loading import load
from igym.sim.host import Sim
from igym.store import keys, packages, records
from igym.store.games import Game, episode_id
from igym.wire.record import Chunk, Edge, Tick, encode_chunk

PACKAGE = Path(__file__).parents[1] / "examples" / "slime_volleyball"
EPISODES, TICKS = 1_000, 1_800
SHORT_TICKS = 60
SEATS = ("agent_left", "agent_right")

#: Ticks of a flush at 30 per second and 250 ms.
FLUSH = 7

_ARCHIVE = """
import gc, json, sys, time
from igym import settings
from igym.services import footprint
from igym.services.data import archiving
from igym.services.connect import connect
footprint.settle()
gc.set_threshold(500_000)  # as workers.archive does
deployment = connect(settings.load())
began = time.monotonic()
while archiving.archive_all(deployment): pass
print(json.dumps(time.monotonic() - began))
"""

_EXPORT = """
import json, sys, time
from pathlib import Path
from igym.archive.export import export
began = time.monotonic()
export(Path(sys.argv[1]), "slime_volleyball", to=sys.argv[2], modes=["rehearsal"],
       formats=sys.argv[3].split(","))
print(json.dumps(time.monotonic() - began))
"""


@contextmanager
def deployment(home: Path) -> Iterator[Deployment]:
    """A Redis and a data volume under `home`, with the example in it."""
    socket = embedded.socket_path(home)
    server = subprocess.Popen(embedded.command(home, socket), stdout=subprocess.DEVNULL)
    try:
        embedded.wait(socket, server)
        made = settings.replace(settings.Settings(), data_dir=home, redis_url=f"unix://{socket}")
        yield connect(made)
    finally:
        server.terminate()
        server.wait()


def begun(to: Deployment, number: int) -> Game:
    """A game that is in Redis and in the tables, as if it had been matched."""
    package = packages.active(to.redis)["slime_volleyball"]
    plan = to.plans.get("slime_volleyball", package)
    seats = {seat: f"s{number}-{seat}" for seat in SEATS}
    game = Game(
        f"b{number:07d}", plan.experiment, plan.package, plan.version, "together", "rehearsal",
        number, seats, 1.8e12, owner="bench", phase="live",
    )  # fmt: skip
    about = {"game_id": game.id, "day_ms": game.created_ms}
    episode = {"episode_id": episode_id(game.id, 0), "episode": 0, "seed": number, "steps": 0}
    rows: list[records.Row] = [
        ("games", about | {"scene": game.scene, "mode": game.mode, "package": game.package,
                           "fps": 30.0, "seed": number}),
        ("episodes", about | episode | {"started_ms": float(number), "cells": "{}"}),
        *(("seats", about | {"seat": s, "seat_index": i, "session_id": seats[s]})
          for i, s in enumerate(SEATS)),
        *(("sessions", {"session_id": s, "day_ms": game.created_ms, "mode": game.mode,
                        "package": game.package}) for s in seats.values()),
    ]  # fmt: skip
    to.redis.hset(keys.game(plan.experiment, game.id), mapping=dict(game.fields()))
    records.add(to.redis, plan.experiment, plan.version, rows)
    return game


def logged(to: Deployment, game: Game, chunks: list[Chunk]) -> None:
    """The game's only episode, closed, in its log."""
    log = keys.log(game.experiment, episode_id(game.id, 0))
    with to.redis.pipeline(transaction=False) as pipe:
        for chunk in chunks:
            pipe.xadd(log, {"c": encode_chunk(chunk)})
        pipe.zadd(keys.closed(game.experiment), {episode_id(game.id, 0): game.seed})
        pipe.execute()


def tick(n: int, actions: list[Any], rewards: list[float]) -> Tick:
    """As a worker would record it."""
    wall_ms = 1.8e12 + n * 33.333
    return Tick(n, wall_ms, int(n * 33_333), n % 900, actions, ["human", "human"], rewards, False,
                False, [n - 1, n - 2], [21.5 + n % 7, 80.25])  # fmt: skip


def synthetic(dice: random.Random) -> list[Chunk]:
    """A log of one minute, as large as a real one."""
    chunks, held = [], [0, 0]
    for first in range(0, TICKS, FLUSH):
        ticks, edges = [], []
        for n in range(first, min(first + FLUSH, TICKS)):
            if dice.random() < 0.1:
                held[n % 2] = dice.randrange(6)
                edges.append(Edge(SEATS[n % 2], n, "ArrowUp", True, 1.8e12 + n, 1.8e12 + n, n, n))
            ticks.append(tick(n, list(held), [0.0, 0.0]))
        digest = f"{dice.getrandbits(128):032x}"
        chunks.append(Chunk(1, ticks, edges, digest, [0, 0]))
    return chunks


def apart(code: str, to: Deployment, *words: str) -> tuple[float, float]:
    """Run that in a process of its own. Returns (seconds it said, its most memory in MB)."""
    env = os.environ | {"REDIS_URL": to.settings.redis_url, "IGYM_DATA_DIR": str(to.data)}
    peak = f"{code}\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    done = subprocess.run(
        [sys.executable, "-c", peak, *words], env=env, capture_output=True, text=True, check=True
    )
    seconds, peak_kb = done.stdout.split()
    return json.loads(seconds), int(peak_kb) / 1000


def long_ones() -> list[Figure]:
    """Archiving and exporting the synthetic log."""
    with tempfile.TemporaryDirectory(prefix="igym-") as name, deployment(Path(name)) as to:
        publishing.publish(to, PACKAGE)
        log = synthetic(random.Random(1))
        for number in range(EPISODES):
            logged(to, begun(to, number), log)
        rows = EPISODES * TICKS * len(SEATS)
        took_s, memory = apart(_ARCHIVE, to)
        found = [
            Figure("archived: rows of ticks", rows / took_s, "rows/s", 300_000, at_least=True),
            Figure("… the archiver's memory", memory, "MB", 500),
        ]
        for formats in ("parquet", "parquet,csv,jsonl"):
            target = Path(name) / "out.zip"
            took_s, memory = apart(_EXPORT, to, name, str(target), formats)
            found += [
                Figure(f"exported as {formats}", rows / took_s, "rows/s"),
                Figure("… memory", memory, "MB", 500),
                Figure("… size of the ZIP file", target.stat().st_size / 1e6, "MB"),
            ]
        return found


def recorded(sim: Sim, seed: int) -> list[Chunk]:
    """A short episode of the real environment with random hands, as a worker logs it."""
    dice = random.Random(seed)
    sim.reset(seed)
    chunks: list[Chunk] = []
    ticks: list[Tick] = []
    held = [0, 0]
    for n in range(SHORT_TICKS):
        if dice.random() < 0.2:
            held = [dice.randrange(6), dice.randrange(6)]
        step = sim.step(held)
        ticks.append(tick(n, list(held), list(step.rewards)))
        if len(ticks) == FLUSH or n + 1 == SHORT_TICKS:
            chunks.append(Chunk(1, ticks, [], sim.digest(), [0, 0]))
            ticks = []
        if step.over:
            break
    return chunks


def short_ones() -> list[Figure]:
    """Episodes of Slime Volleyball, archived, exported and run again from the export."""
    with tempfile.TemporaryDirectory(prefix="igym-") as name, deployment(Path(name)) as to:
        publishing.publish(to, PACKAGE)
        play = load(PACKAGE, "bench_archive").scene("together")
        assert isinstance(play, Play)
        sim = Sim(play.env(), list(play.seats), play.draw, play.hud)
        for number in range(EPISODES):
            logged(to, begun(to, number), recorded(sim, number))
        apart(_ARCHIVE, to)
        target = Path(name) / "out.zip"
        export(to.data, "slime_volleyball", to=target, modes=["rehearsal"], formats=["parquet"])
        began_s = time.monotonic()
        with reading.opened(target) as archive:
            replayer = Replayer(archive)
            results = [replayer.verify(id) for id in replayer.episodes()]
        took_s = time.monotonic() - began_s
        same = sum(1 for one in results if one.same)
        return [
            Figure("replayed: episodes that are as they were", same, "episodes", EPISODES,
                   at_least=True),
            Figure("… digests met", sum(one.digests for one in results), ""),
            Figure("… ticks", sum(one.ticks for one in results) / took_s, "ticks/s"),
        ]  # fmt: skip


def figures() -> list[Figure]:
    """Both, and what the bench itself needed."""
    found = [*long_ones(), *short_ones()]
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return [*found, Figure("the bench itself, memory", mb, "MB")]
