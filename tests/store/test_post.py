"""What processes tell each other leaves in few packets and survives a Redis that restarts."""

from __future__ import annotations

import queue
import threading
import time

import pytest

from igym.store import keys, post
from igym.store.client import open_redis
from igym.wire import inner


def nudge(n: int) -> inner.Nudge:
    return inner.Nudge("kitchen", str(n))


class Ear:
    """A listening process: what it heard, and how often its inbox was opened."""

    def __init__(self, url: str, name: str = "web-1") -> None:
        self.batches: queue.Queue[list] = queue.Queue()
        self.resumed: queue.Queue[int] = queue.Queue()
        self.stop = threading.Event()
        self.redis = open_redis(url)
        self.thread = threading.Thread(
            target=post.listen,
            args=(
                self.redis,
                name,
                inner.decode_to_web,
                self.batches.put,
                lambda: self.resumed.put(1),
                self.stop,
            ),
            daemon=True,
        )
        self.thread.start()
        self.resumed.get(timeout=5)

    def hear(self, n: int, timeout: float = 10) -> list:
        heard: list = []
        while len(heard) < n:
            heard += self.batches.get(timeout=timeout)
        return heard

    def close(self) -> None:
        self.stop.set()


def test_one_flush_is_one_publish_per_peer_however_much_is_in_it(redis, redis_url):
    ear = Ear(redis_url)
    outbox = post.Outbox(redis, linger_s=0.05)
    for n in range(100):
        outbox.put("web-1", nudge(n))
        outbox.put("web-2", nudge(n))

    assert [int(said.session) for said in ear.hear(100)] == list(range(100))
    until = time.monotonic() + 2
    while outbox.published < 2 and time.monotonic() < until:
        time.sleep(0.001)
    assert outbox.published == 2
    ear.close()


def test_a_batch_that_cannot_be_read_deafens_nobody(redis, redis_url):
    ear = Ear(redis_url)
    redis.publish(keys.inbox("web-1"), b"\xff garbage")
    redis.publish(keys.inbox("web-1"), inner.encode([nudge(1)]))
    assert ear.hear(1) == [nudge(1)]
    ear.close()


def test_what_was_said_while_redis_was_away_leaves_once_it_is_back(own_server):
    outbox = post.Outbox(open_redis(own_server.url))
    own_server.kill()
    for n in range(50):
        outbox.put("web-1", nudge(n))
    own_server.start()
    until = time.monotonic() + 10
    while outbox.published < 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert outbox.published >= 1 and not any(outbox._waiting.values())


def test_the_backlog_is_bounded(own_server):
    outbox = post.Outbox(open_redis(own_server.url))
    own_server.kill()
    last = 3 * post.BACKLOG - 1
    for n in range(last + 1):
        outbox.put("web-1", nudge(n))

    # Given that Redis was away for a flush, the newest messages are what is left
    until = time.monotonic() + 10
    while len(outbox._waiting["web-1"]) != post.BACKLOG and time.monotonic() < until:
        time.sleep(0.005)
    left = list(outbox._waiting["web-1"])
    assert (len(left), left[-1]) == (post.BACKLOG, nudge(last))

    own_server.start()
    until = time.monotonic() + 10
    while not outbox.published and time.monotonic() < until:
        time.sleep(0.005)
    assert outbox.published == 1


@pytest.mark.parametrize("how", ["killed server", "killed connection"])
def test_a_listener_that_lost_its_inbox_opens_it_again_and_says_so(own_server, how):
    ear = Ear(own_server.url)
    if how == "killed server":
        own_server.kill()
        own_server.start()
    else:
        open_redis(own_server.url).client_kill_filter(_type="pubsub")
    ear.resumed.get(timeout=5)
    open_redis(own_server.url).publish(keys.inbox("web-1"), inner.encode([nudge(1)]))
    assert ear.hear(1) == [nudge(1)]
    ear.close()
