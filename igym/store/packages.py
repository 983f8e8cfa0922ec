"""Compiled experiments: which there are and which version is open."""

from __future__ import annotations

from typing import Any

import msgspec
from redis import Redis

from igym.domain.plan import Plan
from igym.errors import NotFound
from igym.store import keys

#: Made at import: msgspec (0.22) builds what it knows of a nested dataclass at first use, and two
#: threads that do so at once (the director has several) end the process with a fault.
_decode = msgspec.json.Decoder(Plan).decode


def encode(plan: Plan) -> bytes:
    """`plan` as JSON."""
    return msgspec.json.encode(plan)


def decode(raw: bytes) -> Plan:
    """The plan `encode` wrote."""
    return _decode(raw)


def publish(redis: Redis, plan: Plan) -> None:
    """Store the plan and make it the one newcomers get. Sessions keep the one they began with."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.set(keys.plan(plan.experiment, plan.package), encode(plan))
        pipe.sadd(keys.releases(plan.experiment), plan.version)
        pipe.hset(keys.experiments(), plan.experiment, plan.package)
        pipe.execute()


def active(redis: Redis) -> dict[str, str]:
    """Experiment -> content hash of the package newcomers get."""
    found: Any = redis.hgetall(keys.experiments())
    return {k.decode(): v.decode() for k, v in found.items()}


def active_package(redis: Redis, experiment: str) -> str:
    """The package newcomers get. Raises `NotFound`."""
    found: Any = redis.hget(keys.experiments(), experiment)
    if not found:
        raise NotFound(
            "There is no study here.", hint="Check the link you were given, or ask whoever sent it."
        )
    return str(found.decode())


class Plans:
    """Plans by hash, read once per process: a hash's content never changes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._plans: dict[tuple[str, str], Plan] = {}

    def get(self, experiment: str, package: str) -> Plan:
        """The plan. Raises `NotFound`."""
        plan = self._plans.get((experiment, package))
        if plan is None:
            raw: Any = self._redis.get(keys.plan(experiment, package))
            if raw is None:
                raise NotFound(f"{experiment} has no package {package[:12]}.")
            plan = decode(raw)
            self._plans[experiment, package] = plan
        return plan
