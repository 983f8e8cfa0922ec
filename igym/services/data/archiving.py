"""From Redis to the data volume. Run by whoever holds the director's lease.

Every step may run twice: files are merged by key or written whole, and Redis forgets
only what is on the disk.
"""

from __future__ import annotations

import errno
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from igym.archive import assigned, episodes, matches, parquet, vault
from igym.errors import NotFound
from igym.services import problems
from igym.services.connect import Deployment, now_ms
from igym.services.functions import happening
from igym.store import games, packages, records, trails
from igym.store.games import Game
from igym.store.records import Row
from igym.wire.record import decode_lists

_log = logging.getLogger(__name__)

#: Rows and episodes taken in one round, so that a round stays short.
ROWS, EPISODES = 5_000, 40

#: Rows of ticks that are written together at the most: what the archiver needs of memory.
TICK_ROWS = 200_000

#: A disk that cannot be written is told of again after so long.
AGAIN_MS = 10 * 60_000.0

#: Where a problem with the data volume is said to be.
VOLUME = "the data volume"


def archive_all(deployment: Deployment) -> int:
    """Write what waits, of every experiment. Returns the number of files written."""
    with alone(deployment):
        return sum(archive_experiment(deployment, one) for one in packages.known(deployment.redis))


def alone(deployment: Deployment) -> AbstractContextManager[None]:
    """Hold the data volume against every other archiver, and whoever erases."""
    return parquet.locked(deployment.data / "run")


def archive_experiment(deployment: Deployment, experiment: str) -> int:
    """`archive_all` for one; for whoever holds the data volume."""
    written = 0
    for release in records.releases(deployment.redis, experiment):
        written += _rows(deployment, experiment, release)
    return written + _episodes(deployment, experiment)


def _rows(deployment: Deployment, experiment: str, release: str) -> int:
    root = parquet.folder(deployment.data, experiment, release)
    with parquet.locked(root):
        up_to, rows = records.waiting(deployment.redis, experiment, release, ROWS)
        if not rows:
            return 0
        written = parquet.merge(root, rows) + matches.merge(root, rows)
        written += assigned.merge(root, rows)
        written += vault.merge(deployment.data, experiment, release, rows)
        written += _plans(deployment, experiment, root, rows)
        happening.note(deployment.redis, experiment, release, rows)
        trails.note(deployment.redis, experiment, rows)
        records.archived(deployment.redis, experiment, release, up_to)
    return len(written)


def _plans(deployment: Deployment, experiment: str, root: Path, rows: Iterable[Row]) -> list[str]:
    """Beside the rows of new sessions, what their package declares: data explain themselves."""
    made = {}
    begun = [row for name, row in rows if name == "sessions"]
    for package in {row["package"] for row in begun if "package" in row}:
        file = f"plans/{package}.json"
        if not (root / file).exists():
            try:
                made[file] = packages.encode(deployment.plans.get(experiment, package))
            except NotFound:
                _log.error("package %s has no plan: the codebook will lack it", package)
    if made:
        parquet.keep(root, made)
    return list(made)


def _episodes(deployment: Deployment, experiment: str) -> int:
    """Write the episodes that have closed, as many together as memory allows."""
    written = 0
    batches: dict[Path, dict[tuple[str, str], Future[memoryview]]] = defaultdict(dict)
    clocks: dict[Path, list[Row]] = defaultdict(list)
    done: list[str] = []
    rows = 0

    def write() -> None:
        nonlocal written, rows
        for root, tables in batches.items():
            files = {which: packed.result() for which, packed in tables.items()}
            with parquet.locked(root):
                written += len(parquet.write_episodes(root, files))
                written += len(parquet.merge(root, clocks[root]))
        games.archived(deployment.redis, experiment, done)
        batches.clear()
        clocks.clear()
        done.clear()
        rows = 0

    # Compressing holds no lock of Python's: it goes on while the next episode is decoded.
    with ThreadPoolExecutor(2) as packers:
        for episode, game in _closed(deployment, experiment):
            play = deployment.plans.get(experiment, game.package).scene(game.scene).play
            assert play is not None
            chunks = [decode_lists(raw) for raw in games.log(deployment.redis, experiment, episode)]
            done.append(episode)
            if not chunks:
                continue
            root = parquet.folder(deployment.data, experiment, game.release)
            ticks = episodes.tick_table(chunks, game.id, episode, play.seats)
            tables = {
                "ticks": ticks,
                "inputs": episodes.input_table(chunks, game.id, episode),
            }
            clocks[root] += [
                ("clocks", {"day_ms": game.created_ms, **row})
                for row in episodes.clock_rows(chunks, ticks, game.id, episode)
            ]
            rows += ticks.num_rows
            if play.observations or play.infos:
                moments = episodes.moment_table(chunks, game.id, episode, play.seats)
                tables["observations"] = moments
                rows += 4 * moments.num_rows  # they are the larger ones
            for name, table in tables.items():
                batches[root][name, episode] = packers.submit(parquet.packed, table)
            if rows >= TICK_ROWS:
                write()
        if done:
            write()
    return written


def _closed(deployment: Deployment, experiment: str) -> Iterator[tuple[str, Game]]:
    for episode in games.closed(deployment.redis, experiment, EPISODES):
        game_id = episode.rsplit("-", 1)[0]
        try:
            yield episode, games.read(deployment.redis, experiment, game_id)
        except NotFound:
            # Its record has run out, as when a disk was full for days: its row has what we need.
            if (game := _from_rows(deployment, experiment, game_id)) is not None:
                yield episode, game
            else:
                _log.error("the game of episode %s is gone, its log stays", episode)


def _from_rows(deployment: Deployment, experiment: str, game_id: str) -> Game | None:
    for release in records.releases(deployment.redis, experiment):
        root = parquet.folder(deployment.data, experiment, release)
        for row in parquet.rows(root, "games", game_id=game_id):
            about = {k: row[k] for k in ("package", "scene", "mode", "seed", "created_ms")}
            return Game(id=game_id, experiment=experiment, release=release, seats={}, **about)
    return None


def tell_unwritable(deployment: Deployment, error: OSError) -> None:
    """Say on the admin page that the data volume cannot be written; now and then, not always."""
    told = [p for p in records.problems(deployment.redis) if p.get("where") == VOLUME]
    if told and now_ms() - told[0]["at_ms"] < AGAIN_MS:
        return
    what = "is full" if error.errno == errno.ENOSPC else f"cannot be written ({error.strerror})"
    problems.report(
        deployment,
        "",
        "",
        "volume_unwritable",
        f"The data volume {what}. Studies go on and their data wait in Redis. Make room under "
        f"{deployment.data}; what waits is then written by itself.",
        where=VOLUME,
    )
