"""What waits for the archiver, over all experiments."""

from __future__ import annotations

from redis import Redis

from igym.store import games, packages, records


def waits(redis: Redis) -> bool:
    """Whether any row or closed episode is not on the data volume yet."""
    return any(
        games.closed(redis, experiment, 1)
        or any(
            records.waiting(redis, experiment, release, 1)[0]
            for release in records.releases(redis, experiment)
        )
        for experiment in packages.known(redis)
    )
