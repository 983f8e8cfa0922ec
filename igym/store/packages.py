"""Compiled experiments: which versions there are, how they stand, and what newcomers get."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from redis import Redis

from igym.domain.package import Standing, Step, Version, after, before
from igym.domain.plan import Plan
from igym.errors import Conflict, NotFound, TooMuch
from igym.store import keys
from igym.store.script import Script

#: Made at import: msgspec (0.22) builds what it knows of a nested dataclass at first use, and two
#: threads that do so at once (the director has several) end the process with a fault.
_decode = msgspec.json.Decoder(Plan).decode
_version = msgspec.json.Decoder(Version).decode

_store = Script("version_store.lua")
_move = Script("version_move.lua")

#: Of one experiment. More would be a loop that submits.
MOST_VERSIONS = 1_000


def encode(plan: Plan) -> bytes:
    """`plan` as JSON."""
    return msgspec.json.encode(plan)


def decode(raw: bytes) -> Plan:
    """The plan `encode` wrote."""
    return _decode(raw)


# --- versions ---------------------------------------------------------------------------------


def store(redis: Redis, version: Version, *, replace: bool = False) -> Version:
    """Take a version in. The same content again is the same as once; how it stands stays.

    Args:
        replace: other content takes the place of what has this version's name.

    Raises:
        Conflict: another content has this version's name. Nothing was changed.
        TooMuch: the experiment has `MOST_VERSIONS`.
    """
    # First, so that every loop looks after an experiment before it has its first session.
    redis.hsetnx(keys.experiments(), version.experiment, str(version.sent_ms))
    raw = _store(
        redis,
        [keys.versions(version.experiment)],
        [version.version, msgspec.json.encode(version), "1" if replace else "0", MOST_VERSIONS],
    )
    if raw == b"taken":
        raise Conflict(
            f"{version.experiment} has a version {version.version!r} already, with other files.",
            hint="Raise the version in experiment.toml: data and links go by it.",
        )
    if raw == b"many":
        raise TooMuch(f"{version.experiment} has {MOST_VERSIONS} versions already.")
    redis.hset(keys.packages(), version.package, f"{version.experiment} {version.version}")
    return _version(raw)


def put_plan(redis: Redis, plan: Plan) -> None:
    """Keep a compiled package: for newcomers perhaps, and for its sessions as long as they live."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.set(keys.plan(plan.experiment, plan.package), encode(plan))
        pipe.sadd(keys.releases(plan.experiment), plan.version)  # previews have rows as well
        if plan.hooks:
            pipe.hset(keys.hooked(plan.experiment), plan.version, plan.package)
            pipe.expire(keys.hooked(plan.experiment), keys.hooked.ttl_s)
        pipe.execute()


def move(redis: Redis, version: Version, step: Step, by: str, at_ms: float) -> Version:
    """Take one step in the life of a version. Twice is the same as once.

    Raises:
        NotFound: it is gone, or has other content now.
        Conflict: it stands where this step cannot be taken. Nothing was changed.
    """
    name = version.experiment
    raw = _move(
        redis,
        [keys.versions(name), keys.opening(name), keys.releases(name)],
        [version.version, version.package, after(step), by, at_ms, *before(step)],
    )
    if raw == b"gone":
        raise NotFound(f"{name} has no version {version.version!r} with these files (any more).")
    if not raw.startswith(b"{"):
        raise Conflict(
            f"Version {version.version!r} of {name} is {raw.decode()}.",
            hint=_WHAT_FIRST.get(Standing(raw.decode()), ""),
        )
    return _version(raw)


_WHAT_FIRST = {
    Standing.STORED: "Its check has not ended yet. Try again when it has.",
    Standing.REFUSED: "Read its report, mend the package, and submit it again.",
}


def publish(redis: Redis, plan: Plan, *, by: str = "local", replace: bool = True) -> Version:
    """Store, pass and activate a compiled package in one go, for who has checked it themselves.

    Raises:
        Conflict: without `replace`, another content has this version's name.
    """
    at_ms = time.time() * 1000
    new = Version(
        plan.experiment, plan.version, plan.package, plan.title, Standing.STORED, by, at_ms
    )
    version = store(redis, new, replace=replace)
    put_plan(redis, plan)
    if version.standing is Standing.STORED:
        version = move(redis, version, Step.PASS, by, at_ms)
    return move(redis, version, Step.ACTIVATE, by, at_ms)


def versions(redis: Redis, experiment: str) -> list[Version]:
    """Every version of the experiment, the latest first."""
    found: Any = redis.hvals(keys.versions(experiment))
    return sorted((_version(one) for one in found), key=lambda one: -one.sent_ms)


def find(redis: Redis, package: str) -> Version:
    """The version with that content hash. Raises `NotFound`."""
    place: Any = redis.hget(keys.packages(), package)
    if place:
        experiment, _, name = place.decode().partition(" ")
        raw: Any = redis.hget(keys.versions(experiment), name)
        if raw and (version := _version(raw)).package == package:
            return version
    raise NotFound(f"There is no package {package[:16]}.", hint="List them: igym packages list")


def forget(redis: Redis, hashes: Sequence[str]) -> None:
    """No such content is here any more."""
    if hashes:
        redis.hdel(keys.packages(), *hashes)


# --- experiments ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opening:
    """What newcomers of an experiment meet."""

    active: str = ""  # the package they get; "" = none is active
    latest: str = ""  # the one that was active last
    closed_ms: float = 0  # since when nobody new is let in; 0 = they are
    cap: int = 0  # so many live participants, who are in the study or completed it; 0 = any number


def known(redis: Redis) -> list[str]:
    """Every experiment that may have sessions, games or rows, with an active version or not."""
    found: Any = redis.hkeys(keys.experiments())
    return sorted(one.decode() for one in found)


def _opening(raw: dict[bytes, bytes]) -> Opening:
    return Opening(
        raw.get(b"active", b"").decode(),
        raw.get(b"latest", b"").decode(),
        float(raw.get(b"closed_ms", 0)),
        int(raw.get(b"cap", 0)),
    )


def opening(redis: Redis, experiment: str) -> Opening:
    """What newcomers meet. Raises `NotFound` where no version was ever active."""
    raw: Any = redis.hgetall(keys.opening(experiment))
    if b"latest" not in raw:
        raise NotFound(
            "There is no study here.", hint="Check the link you were given, or ask whoever sent it."
        )
    return _opening(raw)


def active_package(redis: Redis, experiment: str) -> str:
    """The package newcomers get. Raises `NotFound` where there is none."""
    found = opening(redis, experiment).active
    if not found:
        raise NotFound("No version of this study is active now.", hint="Ask whoever sent the link.")
    return found


def openings(redis: Redis) -> dict[str, Opening]:
    """`opening` of every known experiment."""
    names = known(redis)
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hgetall(keys.opening(name))
        return {n: _opening(raw) for n, raw in zip(names, pipe.execute(), strict=True)}


def active(redis: Redis) -> dict[str, str]:
    """Experiment -> content hash of the package newcomers get, where there is one."""
    return {name: one.active for name, one in openings(redis).items() if one.active}


def recruit(redis: Redis, experiment: str, closed_ms: float) -> None:
    """Let nobody new in from `closed_ms` on; 0 = let them in. Who has a session goes on."""
    if closed_ms:
        redis.hsetnx(keys.opening(experiment), "closed_ms", str(closed_ms))
    else:
        redis.hdel(keys.opening(experiment), "closed_ms")


def cap(redis: Redis, experiment: str, most: int) -> int:
    """Let in so many live participants; 0 = any number. Returns how many it was before."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.hget(keys.opening(experiment), "cap")
        pipe.hset(keys.opening(experiment), "cap", str(most))
        before = pipe.execute()[0]
    return int(before or 0)


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
