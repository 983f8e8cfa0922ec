"""What an admin asked for that takes its time: a rehearsal, or somebody's erasure.

Remembered until it has come to an end, so that a director asks for it again where a worker died.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from redis import Redis

from igym.errors import NotFound
from igym.store import keys

Kind = Literal["rehearse", "erase"]


@dataclass(frozen=True, slots=True)
class Errand:
    """One of them and how far it is."""

    kind: Kind
    experiment: str
    id: str
    asked_by: str
    asked_ms: float
    about: dict[str, Any] = field(default_factory=dict)  # what was asked for
    state: Literal["waiting", "doing", "done", "failed"] = "waiting"
    share: float = 0  # that is done, 0 to 1
    said: dict[str, Any] = field(default_factory=dict)  # what came of it
    text: str = ""  # why it failed
    hint: str = ""
    tries: int = 0  # how often a worker has begun
    due_ms: float = 0  # when somebody is to be asked (again)

    @property
    def open(self) -> bool:
        """Whether it has not come to an end."""
        return self.state in ("waiting", "doing")


_errand = msgspec.json.Decoder(Errand).decode


def put(redis: Redis, errand: Errand) -> None:
    """Remember how far it is; what is open is looked after."""
    place = f"{errand.experiment} {errand.id}"
    with redis.pipeline() as pipe:
        pipe.set(
            keys.errand(errand.experiment, errand.id), msgspec.json.encode(errand),
            ex=keys.errand.ttl_s,
        )  # fmt: skip
        if errand.open:
            pipe.hset(keys.errands(), place, errand.kind)
        else:
            pipe.hdel(keys.errands(), place)
        pipe.execute()


def read(redis: Redis, experiment: str, id: str) -> Errand:
    """One of them. Raises `NotFound`."""
    (found,) = several(redis, experiment, [id])
    if found is None:
        raise NotFound("Nothing of that kind was asked for (lately).")
    return found


def several(redis: Redis, experiment: str, ids: Sequence[str]) -> list[Errand | None]:
    """Those of that experiment with these ids, in order."""
    if not ids:
        return []
    found: Any = redis.mget([keys.errand(experiment, id) for id in ids])
    return [_errand(raw) if raw else None for raw in found]


def going(redis: Redis, kind: Kind) -> list[Errand]:
    """All of that kind that are open, the oldest first. Who has run out of life is forgotten."""
    found: Any = redis.hgetall(keys.errands())
    made = []
    for place, of in found.items():
        if of.decode() != kind:
            continue
        experiment, _, id = place.decode().partition(" ")
        try:
            made.append(read(redis, experiment, id))
        except NotFound:
            redis.hdel(keys.errands(), place)
    return sorted(made, key=lambda errand: errand.asked_ms)
