"""Bonuses, written once. Who waits for one is in `igym.store.asked.paying`."""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis

from igym.store import keys
from igym.store.records import Row, packed_json
from igym.store.script import Script

_paid = Script("paid.lua")


def paid(
    redis: Redis, experiment: str, release: str, session: str, told: str, rows: Sequence[Row]
) -> bool:
    """It is worked out. False: it was before, and nothing was written."""
    names = [
        keys.paying(experiment),
        keys.session(experiment, session),
        keys.records(experiment, release),
    ]
    return bool(_paid(redis, names, [session, told, packed_json(rows)]))
