"""What processes tell each other leaves in few packets and survives a Redis that restarts."""

from __future__ import annotations

import queue
import subprocess
import sys
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


#: A worker whose loop has much to do, and says something all the while. What the kernel takes of a
#: flush is all, some bytes or nothing.
BUSY = """
from gevent import monkey; monkey.patch_all()
import sys, time
from igym.store import post
from igym.store.client import open_redis
from igym.wire import inner

takes = sys.argv[2]
outbox = post.Outbox(open_redis(sys.argv[1]), linger_s=0.001)
outbox.put("web-1", inner.Nudge("kitchen", "0"))
while not outbox.published:
    time.sleep(0.001)
write = outbox._write

def part(data):
    if takes == "nothing":
        raise BlockingIOError
    return write(data[:int(takes)])

if takes != "all":
    outbox._write = part
for n in range(1, 401):
    outbox.put("web-1", inner.Nudge("kitchen", str(n)))
    until_s = time.monotonic() + 0.0005
    while time.monotonic() < until_s:
        pass
    if takes != "all" and n % 20 == 0:
        time.sleep(0)
before = len(outbox._sent)
while outbox._sent or outbox._said or outbox._rest:
    time.sleep(0.001)
print(before)
"""


def busy(redis_url: str, takes: str) -> tuple[int, list[list[int]]]:
    """How many flushes nobody had looked after yet in the end, and all that were heard."""
    ear = Ear(redis_url)
    done = subprocess.run(
        [sys.executable, "-c", BUSY, redis_url, takes], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    flushes: list[list[int]] = []
    while not flushes or flushes[-1][-1] < 400:
        flushes.append([int(one.session) for one in ear.batches.get(timeout=5)])
    ear.close()
    assert [n for flush in flushes for n in flush] == list(range(401))
    return int(done.stdout), flushes


def test_what_was_said_leaves_in_time_from_a_loop_that_does_not_rest(redis_url):
    unlooked, flushes = busy(redis_url, "all")
    # 400 messages in 0.2 s or more, and no other greenlet had its turn
    assert unlooked > 10
    # 4 ms are eight of them
    assert sorted(map(len, flushes))[len(flushes) // 2] <= 12


@pytest.mark.parametrize("takes", ["nothing", "7", "100"])
def test_what_the_kernel_does_not_take_at_once_follows_whole_and_in_order(redis_url, takes: str):
    busy(redis_url, takes)


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
