"""What happened to a session, for admins who look at it: the part of its rows that people read.

Rows leave Redis once they are on the data volume, and web workers read no tables: the archiver
leaves this behind. Capped, and gone after some days; the data have all of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from redis import Redis

from igym.store import keys
from igym.store.records import Row

#: Table -> what is kept of its rows.
_KEPT: Mapping[str, tuple[str, ...]] = {
    "visits": ("scene", "entered_ms"),
    "answers": ("scene", "item", "value", "answered_ms", "attempt", "correct"),
    "events": ("at_ms", "kind", "detail", "game_id"),
    "tickets": ("scene", "ended_ms", "end"),
    "screens": ("opened_ms", "width_px", "height_px", "refresh_hz", "paints", "dropped_paints"),
    "sessions": ("device", "browser"),
}

#: Entries of a session, the latest ones, and characters of a value.
MOST, LONGEST = 200, 600

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, dict[str, Any]]).decode


def note(redis: Redis, experiment: str, rows: Iterable[Row]) -> None:
    """Leave behind what these rows say of sessions. Twice is as once for whoever reads it."""
    by_session: dict[str, list[bytes]] = defaultdict(list)
    for table, row in rows:
        session, fields = row.get("session_id"), _KEPT.get(table)
        if not session or fields is None:
            continue
        kept = {name: _short(row[name]) for name in fields if row.get(name) is not None}
        if kept:
            by_session[session].append(_encode((table, kept)))
    if not by_session:
        return
    with redis.pipeline(transaction=False) as pipe:
        for session, some in by_session.items():
            name = keys.trail(experiment, session)
            pipe.rpush(name, *some)
            pipe.ltrim(name, -MOST, -1)
            pipe.expire(name, keys.trail.ttl_s)
        pipe.execute()


def _short(value: Any) -> Any:
    return value[:LONGEST] if isinstance(value, str) else value


def read(redis: Redis, experiment: str, session: str) -> list[Row]:
    """What was left behind of that session, oldest first."""
    found: Any = redis.lrange(keys.trail(experiment, session), 0, -1)
    return [_decode(raw) for raw in found]
