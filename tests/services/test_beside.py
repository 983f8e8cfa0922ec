"""A worker's record at RQ must not stand in its own way."""

from __future__ import annotations

from rq.serializers import JSONSerializer

from workers.beside import WORKER_TTL_S, BesideWorker


def worker(redis) -> BesideWorker:
    return BesideWorker(
        ["games"],
        name="games-1",
        connection=redis,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL_S,
    )


def test_a_worker_whose_redis_died_before_it_could_sign_off_works_again(redis):
    # Given a job loop that ended with Redis, so that its death was never written down
    first = worker(redis)
    first.register_birth()
    # Then the same worker may begin again at once, and not when the record runs out
    first.register_birth()
    assert redis.hget(first.key, "birth")


def test_a_silent_connection_is_noticed_and_a_long_absence_is_not_waited_out(redis):
    one = worker(redis)

    assert one.connection_timeout <= 15  # seconds a BLPOP may stay without an answer
    assert one.max_connection_wait_time <= 1
