"""Exports that were asked for over the API: which wait, and what became of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from redis import Redis

from igym.errors import NotFound
from igym.store import keys


@dataclass(frozen=True, slots=True)
class Export:
    """One export and how far it is."""

    id: str
    experiment: str
    version: str  # "" = the only one there is
    modes: tuple[str, ...]
    formats: tuple[str, ...]
    asked_by: str
    asked_ms: float
    state: Literal["waiting", "done", "failed"] = "waiting"
    share: float = 0  # that is done, 0 to 1
    size: int = 0  # bytes of the ZIP
    sha256: str = ""  # of the manifest in it
    text: str = ""  # why it failed
    hint: str = ""
    tries: int = 0  # how often a worker has begun
    due_ms: float = 0  # when somebody is to be asked (again)


_export = msgspec.json.Decoder(Export).decode


def put(redis: Redis, export: Export) -> None:
    """Remember how far it is; who still waits is looked after."""
    with redis.pipeline() as pipe:
        pipe.set(
            keys.export(export.experiment, export.id), msgspec.json.encode(export),
            ex=keys.export.ttl_s,
        )  # fmt: skip
        pipe.zadd(keys.exports_of(export.experiment), {export.id: export.asked_ms})
        oldest_ms = export.asked_ms - keys.export.ttl_s * 1000
        pipe.zremrangebyscore(keys.exports_of(export.experiment), 0, oldest_ms)
        pipe.expire(keys.exports_of(export.experiment), keys.exports_of.ttl_s)
        if export.state == "waiting":
            pipe.hset(keys.exports(), export.id, export.experiment)
        else:
            pipe.hdel(keys.exports(), export.id)
        pipe.execute()


def read(redis: Redis, experiment: str, id: str) -> Export:
    """One export. Raises `NotFound`."""
    raw: Any = redis.get(keys.export(experiment, id))
    if raw is None:
        raise NotFound("There is no such export (any more).", hint="Ask for a new one.")
    return _export(raw)


def latest(redis: Redis, experiment: str, most: int = 10) -> list[Export]:
    """The last that were asked for, the newest first. Those that have run out are left out."""
    ids: Any = redis.zrange(keys.exports_of(experiment), 0, most - 1, desc=True)
    if not ids:
        return []
    found: Any = redis.mget([keys.export(experiment, id.decode()) for id in ids])
    return [_export(raw) for raw in found if raw]


def waiting(redis: Redis) -> list[Export]:
    """All that wait, the oldest first. Who has run out of life is forgotten."""
    found: Any = redis.hgetall(keys.exports())
    made = []
    for id, experiment in found.items():
        try:
            made.append(read(redis, experiment.decode(), id.decode()))
        except NotFound:
            redis.hdel(keys.exports(), id)
    return sorted(made, key=lambda export: export.asked_ms)
