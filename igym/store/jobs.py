"""RQ: jobs by name, with JSON arguments. Workers import what the names say; we do not."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from redis import Redis

from igym.store.games import Game

if TYPE_CHECKING:
    from rq import Queue

GAMES, CHECKS = "games", "checks"

#: Games whose worker is gone: people sit in them, so they come before new ones.
AGAIN = "games-again"

#: The only functions a worker runs.
ALLOWED = frozenset({"workers.games.play", "workers.checks.answer"})


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
            _queue(redis, AGAIN if game.generation > 1 else GAMES).enqueue_call(
                "workers.games.play",
                args=(game.experiment, game.id, game.generation),
                job_id=_job(game) + secrets.token_hex(3),
                timeout=-1,  # a game is over when it is over; its lease says if it is alive
                result_ttl=0,
                failure_ttl=86_400,
                retry=None,
                pipeline=pipe,
            )
        pipe.execute()


def waiting(redis: Redis) -> set[tuple[str, int]]:
    """(game, generation) of every job that waits for a worker."""
    found = set()
    for name in (AGAIN, GAMES):
        for id in _queue(redis, name).get_job_ids():
            _, game, generation, _ = id.split("-")
            found.add((game, int(generation)))
    return found


def queued(redis: Redis) -> int:
    """How many games wait for a worker with headroom."""
    return len(_queue(redis)) + len(_queue(redis, AGAIN))


def ask(
    redis: Redis,
    experiment: str,
    question: str,
    package: str,
    what: str,
    arguments: str,
    limit_s: float,
) -> None:
    """Ask the checks worker to call a function of a package (`igym.services.asking`)."""
    _queue(redis, CHECKS).enqueue_call(
        "workers.checks.answer",
        args=(experiment, question, package, what, arguments, limit_s),
        timeout=-1,  # its process is killed after limit_s, by the checks worker itself
        result_ttl=0,
        ttl=600,
        failure_ttl=3_600,
        retry=None,
    )


def asked(redis: Redis) -> int:
    """How many questions wait for a checks worker."""
    return int(redis.llen(f"rq:queue:{CHECKS}"))
