"""What a deployment stands on, looked at from one of its machines: Redis, volume, clocks, secrets.

Changes nothing but a file of a few bytes that it takes away again. What only a browser would meet,
as proxies and certificates, is looked at from outside (`igym.bots.reaching`).
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from igym.domain.finding import Finding, fail, fine, warn
from igym.domain.secret import weakness
from igym.services.connect import now_ms
from igym.services.operations import metering
from igym.settings import Settings
from igym.store import (
    Redis,
    RedisError,
    durable,
    games,
    jobs,
    keys,
    meters,
    packages,
    processes,
    records,
)
from igym.store.client import asked_for, info, shown
from igym.store.processes import State

#: The oldest server whose scripts and streams do what igym needs.
OLDEST = (6, 2)

#: Seconds: a round trip that costs frames, and one that costs games.
SLOW_S, TOO_SLOW_S = 0.005, 0.05

#: Seconds two clocks may differ: times in the data are off by as much.
SKEW_S, TOO_SKEWED_S = 0.5, 5.0

#: Bytes free: packages are refused below half a GB.
LEAST_FREE, LOW_FREE = 512 << 20, 2 << 30

#: Seconds that data may wait in Redis.
LAG_S = 300.0


def diagnose(settings: Settings, redis: Redis) -> list[Finding]:
    """Everything that can be seen from here. Takes under a second where Redis is near.

    Raises nothing for what is wrong: that is a finding.
    """
    looks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("redis", lambda: server(redis)),
        ("redis", lambda: access(settings, redis)),
        ("volume", lambda: volume(Path(settings.data_dir))),
        ("clocks", lambda: clocks(redis)),
        ("secrets", lambda: secrets(settings)),
        ("processes", lambda: staffed(redis)),
        ("processes", lambda: waiting(redis)),
    )
    return [found for what, look in looks for found in _guarded(look, what)]


def _guarded(look: Callable[[], Iterator[Finding]], what: str) -> Iterator[Finding]:
    try:
        yield from look()
    except RedisError as error:
        yield fail(what, f"Redis does not answer: {error}.", "Start it, or correct REDIS_URL.")
    except OSError as error:
        yield fail(what, f"It cannot be looked at: {error}.", "See the rights of that place.")


# --- Redis ---------------------------------------------------------------------------------------


def server(redis: Redis) -> Iterator[Finding]:
    """The server itself: version, distance, what it does with data."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        redis.ping()
        took.append(time.perf_counter() - began)
    trip_s = statistics.median(took)
    said = f"In {trip_s * 1000:.1f} ms."
    if trip_s > SLOW_S:
        judged = fail if trip_s > TOO_SLOW_S else warn
        yield judged("redis answers", said, "Put it on the same machine or network as the workers.")
    else:
        yield fine("redis answers", said)
    about = info(redis, "server")
    version = str(about.get("valkey_version") or about.get("redis_version") or "")
    name = "Valkey" if "valkey_version" in about else "Redis"
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if not numbers:
        yield warn("redis version", "It does not say.", "igym needs Redis 6.2 or newer, or Valkey.")
    elif numbers < OLDEST:
        yield fail("redis version", f"{name} {version}.", "Use Redis 6.2 or newer, or Valkey.")
    else:
        yield fine("redis version", f"{name} {version}.")
    yield from _kept(redis)
    yield from _memory(redis)


def _kept(redis: Redis) -> Iterator[Finding]:
    what, about = "redis persistence", info(redis, "persistence")
    if not about:
        yield warn(what, "It does not say.", "See that it has `appendonly yes`.")
        return
    if not about.get("aof_enabled"):
        yield fail(
            what,
            "It keeps no append-only file: a restart of Redis loses every session.",
            "Set `appendonly yes` and `appendfsync everysec`.",
        )
        return
    if about.get("aof_last_write_status") != "ok":
        yield fail(what, "Its last write failed: its disk is full or broken.", "See its log.")
        return
    policy = asked_for(redis, "appendfsync")
    if policy == "no":
        yield warn(
            what,
            "The append-only file is written, and synced when the system likes.",
            "Set `appendfsync everysec`.",
        )
        return
    promise = durable.promise(redis)
    yield fine(what, f"Append-only file, fsync {policy or 'unknown'}; promise: {promise}.")


def _memory(redis: Redis) -> Iterator[Finding]:
    about = info(redis, "memory")
    policy = about.get("maxmemory_policy") or asked_for(redis, "maxmemory-policy")
    evicted = info(redis, "stats").get("evicted_keys", 0)
    if not policy:
        yield warn("redis eviction", "It does not say.", "See that it is `noeviction`.")
    elif policy != "noeviction":
        yield fail(
            "redis eviction",
            f"maxmemory-policy is {policy}: when memory is short, sessions are thrown away.",
            "Set `maxmemory-policy noeviction`.",
        )
    elif evicted:
        yield warn(
            "redis eviction", f"Nothing is evicted now; {evicted} keys have been.",
            "Look in the data for people who were lost.",
        )  # fmt: skip
    else:
        yield fine("redis eviction", "noeviction.")
    used, limit = int(about.get("used_memory", 0)), int(about.get("maxmemory", 0))
    if not limit:
        yield fine("redis memory", f"{_mb(used)} in use, without a limit.")
    elif used / limit > 0.7:
        judged = fail if used / limit > 0.9 else warn
        yield judged(
            "redis memory",
            f"{_mb(used)} of {_mb(limit)} are in use.",
            "See whether data wait for the archiver; raise maxmemory.",
        )
    else:
        yield fine("redis memory", f"{_mb(used)} of {_mb(limit)} are in use.")


def access(settings: Settings, redis: Redis) -> Iterator[Finding]:
    """Whether somebody else could talk to it."""
    url = urlsplit(settings.redis_url)
    where, what = shown(settings.redis_url), "redis access"
    near = url.scheme in ("unix", "") or url.hostname in ("localhost", "127.0.0.1", "::1")
    try:
        user: Any = redis.acl_whoami()
    except RedisError:
        user = b""
    name = user.decode() if isinstance(user, bytes) else str(user)
    if url.password:
        yield fine(what, f"As {name or url.username or 'default'}, with a password.")
    elif near:
        yield fine(what, "Without a password, from this machine alone.")
    else:
        yield fail(
            what,
            f"{where} asks for no password: whoever reaches it reads and changes everything.",
            "Give it users (`igym deploy init`) or a password, and keep its port shut.",
        )


# --- clocks --------------------------------------------------------------------------------------


def clocks(redis: Redis) -> Iterator[Finding]:
    """This machine's and the workers' against Redis's."""
    yield _skewed("clock here", metering.skew(redis))
    names = [one.name for one in processes.known(redis)]
    worst, whose = 0.0, ""
    for process, reading in meters.read(redis, names).items():
        for name, _, value in reading.values:
            if name == "igym_clock_skew_seconds" and abs(value) > abs(worst):
                worst, whose = value, process
    if names:
        yield _skewed("clocks of processes", worst, f" ({whose})" if whose else "")


def _skewed(what: str, skew_s: float, whose: str = "") -> Finding:
    said = f"{abs(skew_s) * 1000:.0f} ms {'ahead of' if skew_s > 0 else 'behind'} Redis's{whose}."
    hint = "Run a time service (chrony, systemd-timesyncd) on every machine."
    if abs(skew_s) > TOO_SKEWED_S:
        return fail(what, said, hint)
    if abs(skew_s) > SKEW_S:
        return warn(what, said, hint)
    return fine(what, "As Redis's." if not skew_s else said)


# --- this machine --------------------------------------------------------------------------------


def volume(data: Path) -> Iterator[Finding]:
    """Whether the data volume can be written, and how much is free."""
    if not data.exists():
        yield fail("volume", f"{data} is not there.", "Mount it, or correct IGYM_DATA_DIR.")
        return
    try:
        began = time.perf_counter()
        with tempfile.NamedTemporaryFile(dir=data, prefix=".doctor-") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        took_s = time.perf_counter() - began
    except OSError as error:
        yield fail(
            "volume",
            f"{data} cannot be written: {error.strerror}. Data wait in Redis.",
            f"Give it to the account igym runs as (uid {os.getuid()}), or make room.",
        )
    else:
        if took_s > 0.5:
            yield warn("volume", f"A write took {took_s:.1f} s.", "Use a faster disk.")
        else:
            yield fine("volume", f"{data} can be written, in {took_s * 1000:.0f} ms.")
    disk = os.statvfs(data)
    size, free = disk.f_frsize * disk.f_blocks, disk.f_frsize * disk.f_bavail
    said = f"{_mb(free)} of {_mb(size)} are free."
    hint = "Make room: export and delete old versions, `igym packages prune`; or a larger disk."
    if free < LEAST_FREE or disk.f_favail == 0 < disk.f_files:
        yield fail("disk", said, hint)
    elif free < LOW_FREE or free < size / 20:
        yield warn("disk", said, hint)
    else:
        yield fine("disk", said)


def secrets(settings: Settings) -> Iterator[Finding]:
    """Whether what must not be guessed can be."""
    weak = [why for one in settings.secret_key if (why := weakness(one))]
    if weak:
        yield fail("secrets", f"secret_key: {weak[0]}.", "Draw another one.")
    elif settings.secret_key:
        yield fine("secrets", "secret_key is set.")
    else:
        yield fine("secrets", "igym made its key itself; back it up with `--with-secrets`.")
    if settings.environment != "production":
        yield warn(
            "environment",
            "development: settings are allowed that are only safe on one's own machine.",
            "For a study set IGYM_ENVIRONMENT=production.",
        )
    elif settings.public_url.startswith("https:"):
        yield fine("environment", f"production, {settings.public_url}.")
    else:
        yield warn(
            "environment",
            "Participants' links do not begin with https.",
            "Set IGYM_PUBLIC_URL to the https address, so that cookies are only sent there.",
        )


# --- who is there --------------------------------------------------------------------------------


def staffed(redis: Redis) -> Iterator[Finding]:
    """Whether somebody does each kind of work."""
    known = processes.known(redis)
    for role, lack in (
        ("web", "Nobody can open a page."),
        ("games", "Nobody can play."),
        ("director", "Nobody is matched, and nobody looks after dead workers."),
    ):
        ready = [one for one in known if one.role == role and one.state is State.READY]
        nodes = len({one.node for one in ready})
        if ready:
            more = f" on {nodes} machines" if nodes > 1 else ""
            yield fine(f"{role} processes", f"{len(ready)}{more}.")
        else:
            yield fail(f"{role} processes", f"None is ready. {lack}", "Start one; see its log.")


def waiting(redis: Redis) -> Iterator[Finding]:
    """What waits for longer than it should."""
    oldest: list[float] = []
    for experiment in packages.known(redis):
        oldest += [records.oldest_ms(redis, experiment) or now_ms()]
        if games.closed(redis, experiment, 1):
            found: Any = redis.zrange(keys.closed(experiment), 0, 0, withscores=True)
            oldest += [float(score) for _, score in found]
    lag_s = max(0.0, now_ms() - min(oldest)) / 1000 if oldest else 0.0
    if lag_s > LAG_S:
        yield warn(
            "archiver", f"Data have waited for {lag_s / 60:.0f} min.", "See the director's log."
        )
    else:
        yield fine("archiver", "Nothing waits for long.")
    if queued := jobs.queued(redis):
        yield warn("queue", f"{queued} games wait for a worker.", "Start more game workers.")
    else:
        yield fine("queue", "No game waits.")


def _mb(count: float) -> str:
    return f"{count / (1 << 30):.1f} GB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MB"
