"""RQ: jobs by name, with JSON arguments. Workers import what the names say; we do not.

Games wait in the queue of the shared game workers, or, where only workers bound to their package
may run them (`igym.domain.bound`), in one that those alone listen to.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from redis import Redis

from igym.store import keys
from igym.store.games import Game

if TYPE_CHECKING:
    from rq import Queue
    from rq.job import Job

GAMES, CHECKS, PACKAGES = "games", "checks", "packages"

#: Games whose worker is gone: people sit in them, so they come before new ones.
AGAIN = "games-again"

#: What the queue of a binding begins with.
BOUND = "games-of:"

#: A binding for which nobody has asked so long is no longer looked at.
FORGOTTEN_S = 86_400.0

#: The only functions that workers run, and what they are given.
ALLOWED: Mapping[str, tuple[type, ...]] = {
    "workers.games.play": (str, str, int),
    "workers.checks.answer": (str, str, str, str, str, float),
    "workers.checks.check_package": (str,),
    "workers.checks.export": (str, str),
    "workers.checks.rehearse": (str, str),
    "workers.checks.film": (str, str),
}


def refusal(job: Job, module: str) -> str:
    """Why a worker of `module` must not touch that job; "" = it may run it.

    Whoever can write in a queue could else have a worker import and call what they like: as the
    job, as its callback, or as a method of something that was pickled.
    """
    from rq.exceptions import DeserializationError

    try:
        name, given, named = job.func_name, cast("Any", job.args), job.kwargs
        instance = job.instance
    except (DeserializationError, TypeError, ValueError):
        return "its data is not what igym writes"
    if not isinstance(name, str) or not name.startswith(f"{module}.") or name not in ALLOWED:
        return f"{str(name)[:200]!r} is not on the list of functions"
    kinds = ALLOWED[name]
    takes = isinstance(given, list | tuple) and len(given) == len(kinds)
    if not takes or not all(_is(one, kind) for one, kind in zip(given, kinds, strict=True)):
        return f"{name} does not take such arguments"
    if named or instance or job._dependency_ids or job.webhooks or job.group_id:
        return "it brings along what no job of igym's has"
    if job._success_callback_name or job._failure_callback_name or job._stopped_callback_name:
        return "it names a callback"
    return ""


def _is(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float if kind is float else kind)


def _queue(redis: Redis, name: str = GAMES) -> Queue:
    # Not at the top: web workers only count what waits, and start sooner without RQ.
    from rq import Queue
    from rq.serializers import JSONSerializer

    return Queue(name, connection=redis, serializer=JSONSerializer)


def _job(game: Game) -> str:
    """What every job id of this generation begins with.

    Each offer gets an id of its own, since two jobs of one id would share, and delete, one record.
    """
    return f"game-{game.id}-{game.generation}-"


def start_game(redis: Redis, game: Game) -> None:
    """Ask for a game worker. May be asked again: only one job can claim a generation."""
    start_games(redis, [game])


def start_games(redis: Redis, games: Sequence[Game]) -> None:
    """Ask for game workers, in one write: RQ alone would take a few round trips for each."""
    if not games:
        return
    with redis.pipeline(transaction=True) as pipe:
        for game in games:
            again = game.generation > 1
            shared = AGAIN if again else GAMES
            _queue(redis, BOUND + game.binding if game.binding else shared).enqueue_call(
                "workers.games.play",
                args=(game.experiment, game.id, game.generation),
                job_id=_job(game) + secrets.token_hex(3),
                timeout=-1,  # a game is over when it is over; its lease says if it is alive
                result_ttl=0,
                failure_ttl=86_400,
                retry=None,
                at_front=bool(game.binding) and again,
                pipeline=pipe,
            )
        if bound := {game.binding: time.time() for game in games if game.binding}:
            pipe.zadd(keys.bindings(), bound)
            pipe.expire(keys.bindings(), keys.bindings.ttl_s)
        pipe.execute()


def waiting(redis: Redis) -> set[tuple[str, int]]:
    """(game, generation) of every job that waits for a worker."""
    found = set()
    for name in (AGAIN, GAMES, *(BOUND + one for one in bindings(redis))):
        for id in _queue(redis, name).get_job_ids():
            _, game, generation, _ = id.split("-")
            found.add((game, int(generation)))
    return found


def queued(redis: Redis) -> int:
    """How many games wait for a worker with headroom."""
    return len(_queue(redis)) + len(_queue(redis, AGAIN)) + sum(demand(redis).values())


def orphaned(redis: Redis) -> int:
    """How many games that lost their worker wait for another."""
    return int(redis.llen(f"rq:queue:{AGAIN}"))


def depths(redis: Redis) -> dict[str, int]:
    """How many jobs wait in each queue; those of bound workers together."""
    names = (GAMES, AGAIN, CHECKS, PACKAGES)
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.llen(f"rq:queue:{name}")
        found = dict(zip(names, map(int, pipe.execute()), strict=True))
    return {**found, "bound": sum(demand(redis).values())}


def bindings(redis: Redis) -> list[str]:
    """Bindings whose games may wait for a worker."""
    found: Any = redis.zrange(keys.bindings(), 0, -1)
    return [one.decode() for one in found]


def demand(redis: Redis) -> dict[str, int]:
    """Binding -> how many of its games wait for a worker. Only those with at least one."""
    names = bindings(redis)
    if not names:
        return {}
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.llen(f"rq:queue:{BOUND}{name}")
        counts = pipe.execute()
    if not any(counts):
        redis.zremrangebyscore(keys.bindings(), 0, time.time() - FORGOTTEN_S)
    return {name: int(count) for name, count in zip(names, counts, strict=True) if count}


def may_start(redis: Redis, binding: str, supervisor: str, life_s: float) -> bool:
    """Whether that supervisor, and no other for `life_s`, starts workers for the binding."""
    key = keys.starter(binding)
    if redis.set(key, supervisor, nx=True, px=int(life_s * 1000)):
        return True
    if redis.get(key) != supervisor.encode():
        return False
    redis.pexpire(key, int(life_s * 1000))
    return True


def ask(
    redis: Redis,
    experiment: str,
    question: str,
    package: str,
    what: str,
    arguments: str,
    limit_s: float,
) -> None:
    """Ask the checks worker to call a function of a package (`igym.services.functions.asking`)."""
    _queue(redis, CHECKS).enqueue_call(
        "workers.checks.answer",
        args=(experiment, question, package, what, arguments, limit_s),
        timeout=-1,  # its process is killed after limit_s, by the checks worker itself
        result_ttl=0,
        ttl=600,
        failure_ttl=3_600,
        retry=None,
    )


def check(redis: Redis, package: str) -> None:
    """Ask the checks worker to check a package (`igym.services.packages.examining`)."""
    _queue(redis, PACKAGES).enqueue_call(
        "workers.checks.check_package",
        args=(package,),
        timeout=-1,  # the processes that run the package's code have limits of their own
        result_ttl=0,
        failure_ttl=86_400,
        retry=None,
    )


def export(redis: Redis, experiment: str, id: str) -> None:
    """Ask the checks worker to make an export (`igym.services.data.exporting`)."""
    _queue(redis, PACKAGES).enqueue_call(
        "workers.checks.export",
        args=(experiment, id),
        timeout=-1,  # its process is killed by the checks worker itself
        result_ttl=0,
        failure_ttl=86_400,
        retry=None,
    )


def rehearse(redis: Redis, experiment: str, id: str) -> None:
    """Ask the checks worker for a rehearsal (`igym.services.operations.crowding`)."""
    _queue(redis, PACKAGES).enqueue_call(
        "workers.checks.rehearse",
        args=(experiment, id),
        timeout=-1,  # the crowd's process is killed by the checks worker itself
        result_ttl=0,
        failure_ttl=86_400,
        retry=None,
    )


def film(redis: Redis, experiment: str, episode: str) -> None:
    """Ask the checks worker to film an episode (`igym.services.data.filming`)."""
    _queue(redis, PACKAGES).enqueue_call(
        "workers.checks.film",
        args=(experiment, episode),
        timeout=-1,  # the process that runs the package's code has limits of its own
        result_ttl=0,
        failure_ttl=86_400,
        retry=None,
    )


def asked(redis: Redis) -> int:
    """How many questions, packages, exports, rehearsals and films wait for a checks worker."""
    return sum(int(redis.llen(f"rq:queue:{name}")) for name in (CHECKS, PACKAGES))
