"""Who drew an order as which: balanced orders go by the number of an arrival."""

from __future__ import annotations

import secrets

from redis import Redis

from igym.store import keys
from igym.store.script import Script

_next = Script("order_next.lua")


def number(
    redis: Redis, experiment: str, release: str, mode: str, session: str, within: str = ""
) -> tuple[int, int]:
    """(seed of all orders of that release and mode, number of the session among them, from 0).

    Args:
        within: cells of treatments; those who are in them have a seed and numbers of their own.

    The same again when a session asks again, so that a move that was not made costs no number.
    """
    key = keys.orders(experiment, release, f"{mode}:{within}" if within else mode)
    seed, place = _next(redis, [key], [session, secrets.randbits(31), keys.orders.ttl_s])
    return int(seed), int(place)
