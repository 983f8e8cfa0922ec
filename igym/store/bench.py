"""The bench of an experiment under development: what `igym run` and its page tell each other."""

from __future__ import annotations

import json
from typing import Any

from redis import Redis

from igym.store import keys

#: More than that are not asked for between two looks.
MOST_ASKS = 20


def say(redis: Redis, experiment: str, **fields: Any) -> None:
    """Set what the page shows, and renew what it shows already. Values are plain data."""
    name = keys.bench(experiment)
    with redis.pipeline(transaction=True) as pipe:
        if fields:
            pipe.hset(name, mapping={k: json.dumps(v) for k, v in fields.items()})
        pipe.expire(name, keys.bench.ttl_s)
        pipe.execute()


def said(redis: Redis, experiment: str) -> dict[str, Any] | None:
    """What the page shows; None where nobody runs the experiment on a bench."""
    found: Any = redis.hgetall(keys.bench(experiment))
    return {k.decode(): json.loads(v) for k, v in found.items()} or None


def ask(redis: Redis, experiment: str, what: dict[str, Any]) -> None:
    """Ask something of `igym run`. What is not heard within its life is forgotten."""
    name = keys.bench_asks(experiment)
    with redis.pipeline(transaction=True) as pipe:
        pipe.rpush(name, json.dumps(what))
        pipe.ltrim(name, -MOST_ASKS, -1)
        pipe.expire(name, keys.bench_asks.ttl_s)
        pipe.execute()


def asked(redis: Redis, experiment: str) -> dict[str, Any] | None:
    """The oldest thing that was asked and not heard yet."""
    found: Any = redis.lpop(keys.bench_asks(experiment))
    made: dict[str, Any] | None = json.loads(found) if found else None
    return made
