"""The audit log: lines are added at its end and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
from redis import Redis

from igym.domain.deeds import Deed
from igym.store import keys

#: The oldest lines go beyond this many, some 40 MB: decades of a busy lab.
MOST = 100_000

#: Lines that are read at a time.
_PAGE = 500

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Deed).decode


def add(redis: Redis, deed: Deed) -> None:
    """Write a line."""
    redis.xadd(keys.audit(), {"d": _encode(deed)}, maxlen=MOST, approximate=True)


def lines(redis: Redis, before: str = "") -> Iterator[Deed]:
    """Every line, the latest first; those before the line with that id."""
    upper = f"({before}" if before else "+"
    while True:
        page: Any = redis.xrevrange(keys.audit(), max=upper, count=_PAGE)
        for id, fields in page:
            yield replace(_decode(fields[b"d"]), id=id.decode())
        if len(page) < _PAGE:
            return
        upper = f"({page[-1][0].decode()}"
