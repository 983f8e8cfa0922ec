"""A participant or watcher who cannot keep up is shown less, and nobody else notices."""

from __future__ import annotations

import time

import pytest

from tests.system.client import BASE, TICK, Client, Picture, join
from tests.system.server import eventually
from tests.system.test_watching import looks_on, permitted

pytestmark = pytest.mark.stack


def test_a_socket_that_stops_reading_comes_back_to_the_present(stack):
    slow = Client(stack.url, join(stack.url, "crowd"), receive_bytes=2048)
    fast = Client(stack.url, join(stack.url, "crowd"))
    with slow, fast:
        for one in (slow, fast):
            assert one.advance() is None
        for one in (slow, fast):
            one.to_game()
        for one in (slow, fast):
            one.wait_playing()
        slow.wait_frames(10)
        permit = permitted(stack, "walt", "crowd", fast.game["game"])
        watcher = looks_on(stack, permit, receive_bytes=2048)
        eventually(lambda: watcher.seen >= 0, what="what a watcher sees")
        workers = stack.children("igym.web")
        assert len(workers) == 2

        # When one of two and one who looks on do not read for three seconds while the other plays
        before = slow.mark()
        memory = sum(worker.memory_info().rss for worker in workers)
        slow.stop_reading()
        watcher.stop_reading()
        start = fast.mark()
        index = fast.game["keys"].index("ArrowRight")
        until = time.monotonic() + 3
        while time.monotonic() < until:
            fast.keys("ArrowRight", edges=[[index, True, time.time() * 1000]])
            fast.wait_frames(10)
            fast.keys()
        frames = [h for h in fast.heard[start:] if h.event == "frame"]
        grown = sum(worker.memory_info().rss for worker in workers) - memory

        # Then the partner had every frame of them, on time, and the server keeps nothing back
        ticks = [h.said[TICK] for h in frames]
        assert ticks == list(range(ticks[0], ticks[-1] + 1))
        rate = (ticks[-1] - ticks[0]) / (frames[-1].at_s - frames[0].at_s)
        assert rate == pytest.approx(30, rel=0.03)
        assert grown < 8 << 20  # each frame is 4 kB: keeping them would be more

        # and who comes back sees the present, whole and right, at once
        now = fast.seen
        slow.go_on_reading()
        watcher.go_on_reading()
        back_s = time.monotonic()
        eventually(lambda: slow.seen >= now, within_s=2, what="the present")
        assert time.monotonic() - back_s < 1
        eventually(lambda: watcher.seen >= now, within_s=3, what="the watcher's present")
        fast.let_go("ArrowRight")
        tick = fast.wait_frames(15)[-1][TICK]
        slow.wait("frame", lambda f: f[TICK] >= tick, within_s=2)
        pictures = {}
        for one in (slow, fast):
            picture = pictures[one] = Picture()
            for frame in one.all("frame"):
                if frame[TICK] <= tick:
                    picture.hear(frame)
            assert picture.at[2] == tick
        assert pictures[slow].objects == pictures[fast].objects
        since = [frame for frame in slow.all("frame", before) if frame[TICK] <= tick]
        assert any(frame[BASE] == -1 for frame in since)
        missed = [frame for frame in since if frame[TICK] <= ticks[-1]]
        assert len(missed) < len(frames) / 2  # the past is not made up for
        assert sum(frame[BASE] == -1 for frame in watcher.all("frame")) >= 2
        watcher.close()
        fast.press(" ")
