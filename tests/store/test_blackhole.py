"""A line to Redis that swallows everything costs seconds, and nobody waits for ever."""

from __future__ import annotations

import threading
import time

import pytest

from igym.store import RedisError, keys, post
from igym.store.client import open_redis
from igym.store.post import Outbox
from igym.wire import inner
from tests.system.proxy import Proxy
from tests.system.server import eventually


@pytest.fixture
def line(own_server):
    with Proxy(str(own_server.socket)) as made:
        yield made


def url(line: Proxy) -> str:
    return f"redis://127.0.0.1:{line.port}/0"


def test_a_command_that_is_swallowed_raises_and_the_next_one_after_that_works(line):
    redis = open_redis(url(line), answer_s=0.3)
    redis.ping()
    line.hole()
    began_s = time.monotonic()
    with pytest.raises(RedisError):
        redis.ping()
    assert time.monotonic() - began_s < 5
    line.heal()
    assert redis.ping()
    redis.connection_pool.disconnect()


def test_an_inbox_whose_line_swallows_everything_is_opened_again(line, own_server, monkeypatch):
    monkeypatch.setattr(post, "HEAR_S", 0.1)
    heard: list[object] = []
    opened: list[float] = []
    stop = threading.Event()
    listening = threading.Thread(
        target=post.listen,
        args=(
            open_redis(url(line), answer_s=0.5),
            "me",
            inner.decode_to_web,
            heard.extend,
            lambda: opened.append(time.monotonic()),
            stop,
        ),
        daemon=True,
    )
    listening.start()
    try:
        eventually(lambda: len(opened) == 1, what="the first subscription")
        line.hole()
        # Nobody told it, so it finds out by itself
        eventually(lambda: line.down == "hole" and len(opened) == 1, within_s=1)
        time.sleep(1.0)  # longer than it takes to ask four times
        line.up = line.down = "pass"  # the old connection stays open, and stays deaf
        eventually(lambda: len(opened) >= 2, what="another subscription")
        near = open_redis(own_server.url)
        near.publish(keys.inbox("me"), inner.encode([inner.Nudge("kitchen", "s")]))
        eventually(lambda: heard, what="the message")
        near.connection_pool.disconnect()
    finally:
        stop.set()
        listening.join(5)


def test_messages_wait_for_a_line_that_swallows_and_leave_when_it_is_back(line, own_server):
    near = open_redis(own_server.url)
    pubsub = near.pubsub()
    pubsub.subscribe(keys.inbox("web"))
    pubsub.get_message(timeout=2)
    outbox = Outbox(open_redis(url(line), answer_s=0.3))
    line.hole()
    outbox.put("web", inner.Nudge("kitchen", "lost"))
    time.sleep(0.5)  # it is on its way, and will not arrive
    line.heal()
    eventually(lambda: pubsub.get_message(timeout=0.5), within_s=10, what="the message")
    pubsub.close()
    near.connection_pool.disconnect()


def test_a_failure_on_a_socket_file_is_an_error_of_redis_and_no_other(own_server):
    redis = open_redis(own_server.url)
    connection = redis.connection_pool.get_connection()
    # As redis-py ends a connection whose health check failed for the last time
    connection.disconnect(error=RedisError("gone"), failure_count=99, health_check_failed=True)
    redis.connection_pool.release(connection)
    assert redis.ping()
    redis.connection_pool.disconnect()
