"""What people in a game say between its episodes. Written by web workers, read by the game's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from redis import Redis

from igym.store import keys
from igym.store.records import Row, packed_json
from igym.store.script import Script

_keep = Script("reply_keep.lua")


def keep(
    redis: Redis,
    experiment: str,
    release: str,
    game: str,
    *,
    ask: str,
    episode: int,
    seat: str,
    answers: Mapping[str, Any],
    rows: Sequence[Row],
) -> bool:
    """Keep the answers, with their rows in the same step. False: there were some already."""
    return bool(
        _keep(
            redis,
            [keys.replies(experiment, game), keys.records(experiment, release)],
            [
                f"{ask}:{episode}:{seat}",
                msgspec.json.encode(answers),
                packed_json(rows),
                keys.replies.ttl_s,
            ],
        )
    )


def of(
    redis: Redis, experiment: str, game: str, ask: str, episode: int, seats: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Seat -> its answers about that episode; without those that have not answered."""
    if not seats:
        return {}
    fields = [f"{ask}:{episode}:{seat}" for seat in seats]
    found: Any = redis.hmget(keys.replies(experiment, game), fields)
    return {seat: msgspec.json.decode(raw) for seat, raw in zip(seats, found, strict=True) if raw}


def answered(redis: Redis, experiment: str, game: str, seat: str) -> dict[str, list[int]]:
    """Ask -> the episodes about which that seat has answered."""
    made: dict[str, list[int]] = defaultdict(list)
    found: Any = redis.hkeys(keys.replies(experiment, game))
    for field in found:
        ask, episode, whose = field.decode().split(":", 2)
        if whose == seat:
            made[ask].append(int(episode))
    return made
