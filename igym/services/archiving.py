"""From Redis to the data volume. Run by whoever holds the director's lease.

Every step may run twice: files are merged by key or written whole, and Redis forgets
only what is on the disk.
"""

from __future__ import annotations

import logging

from igym.archive import episodes, matches, parquet
from igym.errors import NotFound
from igym.services.connect import Deployment
from igym.store import games, packages, records
from igym.wire.record import decode_chunk

_log = logging.getLogger(__name__)

#: Rows and episodes taken in one round, so that a round stays short.
ROWS, EPISODES = 5_000, 20


def archive_all(deployment: Deployment) -> int:
    """Write what waits, of every experiment. Returns the number of files written."""
    written = 0
    for experiment in packages.known(deployment.redis):
        for release in records.releases(deployment.redis, experiment):
            written += _rows(deployment, experiment, release)
        written += _episodes(deployment, experiment)
    return written


def _rows(deployment: Deployment, experiment: str, release: str) -> int:
    root = parquet.folder(deployment.data, experiment, release)
    with parquet.locked(root):
        up_to, rows = records.waiting(deployment.redis, experiment, release, ROWS)
        if not rows:
            return 0
        written = parquet.merge(root, rows) + matches.merge(root, rows)
        records.archived(deployment.redis, experiment, release, up_to)
    return len(written)


def _episodes(deployment: Deployment, experiment: str) -> int:
    written = 0
    for episode in games.closed(deployment.redis, experiment, EPISODES):
        game_id = episode.rsplit("-", 1)[0]
        try:
            game = games.read(deployment.redis, experiment, game_id)
        except NotFound:
            _log.error("the game of episode %s is gone, its log stays", episode)
            continue
        play = deployment.plans.get(experiment, game.package).scene(game.scene).play
        assert play is not None
        chunks = [decode_chunk(raw) for raw in games.log(deployment.redis, experiment, episode)]
        if chunks:
            root = parquet.folder(deployment.data, experiment, game.release)
            ticks = episodes.tick_rows(chunks, game_id, episode, play.seats)
            inputs = episodes.input_rows(chunks, game_id, episode)
            with parquet.locked(root):
                parquet.write_episode(root, episode, "ticks", ticks)
                parquet.write_episode(root, episode, "inputs", inputs)
            written += 2
        games.archived(deployment.redis, experiment, episode)
    return written
