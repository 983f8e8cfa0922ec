"""The figures that each process writes of itself (`igym.services.operations.metering`)."""

from __future__ import annotations

from typing import Any

import msgspec
from redis import Redis

from igym.store import keys


class Reading(msgspec.Struct, array_like=True):
    """The figures of one process."""

    role: str
    values: list[tuple[str, str, float]]  # name, last label or "", value
    histograms: dict[str, tuple[list[int], float]]  # name -> counts by bucket, sum
    recent: dict[str, list[int]] = {}  # the same counts, of the last minute alone
    busy: float = -1  # share of a core used since the last reading; below 0: not known yet


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Reading).decode


def write(redis: Redis, name: str, reading: Reading) -> None:
    """Keep what process `name` says, for as long as it goes on saying it."""
    redis.set(keys.meter(name), _encode(reading), ex=keys.meter.ttl_s)


def read(redis: Redis, names: list[str]) -> dict[str, Reading]:
    """Process -> its figures, where it gives any."""
    if not names:
        return {}
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.get(keys.meter(name))
        found: list[Any] = pipe.execute()
    return {name: _decode(raw) for name, raw in zip(names, found, strict=True) if raw}
