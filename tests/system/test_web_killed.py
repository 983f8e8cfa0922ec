"""A web worker that dies, or is asked to go, costs its people a moment and nothing else."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import WebSocketException

from tests.system.client import Client, Turned, join
from tests.system.server import Server, eventually, serving

pytestmark = [pytest.mark.stack, pytest.mark.slow]

PAIRS = 10


class Visitor:
    """A participant whose browser comes back: as `client/src/socket.ts` does."""

    def __init__(self, server: Server, experiment: str) -> None:
        self._server = server
        self.token = join(server.url, experiment)
        self.client = Client(server.url, self.token)
        self.away_s: list[float] = []  # from a connection's end to the next frame
        self.games: set[str] = set()
        self.stop = False
        self._thread = threading.Thread(target=self._live, daemon=True)

    def enter(self) -> None:
        self.games.add(self.client.to_game()["game"])
        self._thread.start()

    def _live(self) -> None:
        while not self.stop:
            if not self.client.closed:
                time.sleep(0.01)
                continue
            gone_s, delay_s = time.monotonic(), 0.15
            while not self.stop:
                time.sleep(delay_s * random.uniform(0.5, 1.5))
                delay_s = min(1.0, delay_s * 2)
                with suppress(OSError, WebSocketException, Turned, TimeoutError, AssertionError):
                    client = Client(self._server.url, self.token)
                    state = client.wait("state", within_s=3)
                    self.games.add(state["view"].get("game", state["scene"]))
                    client.ready(state["view"])
                    client.wait("frame", within_s=5)
                    self.client = client
                    self.away_s.append(time.monotonic() - gone_s)
                    break

    def leave(self) -> None:
        self.stop = True
        self._thread.join(10)
        self.client.close()


@contextmanager
def playing(server: Server) -> Iterator[list[Visitor]]:
    people = [Visitor(server, "pair") for _ in range(2 * PAIRS)]
    try:
        for one in people:
            assert one.client.advance() is None
        for one in people:
            one.enter()
        for one in people:
            one.client.wait_playing()
        yield people
        for one in people[::2]:
            one.client.press(" ")
    finally:
        for one in people:
            one.leave()


def p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def back(people: list[Visitor], how_many: int) -> list[float]:
    eventually(
        lambda: sum(len(one.away_s) for one in people) >= how_many,
        within_s=20,
        what="everybody's return",
    )
    return [s for one in people for s in one.away_s]


@pytest.mark.parametrize(("how", "bound_s"), [(signal.SIGKILL, 3.0), (signal.SIGTERM, 2.0)])
def test_people_of_a_web_worker_that_ends_are_back_in_their_game(how, bound_s):
    with serving("pair", WEB="2", GAMES="1") as server, playing(server) as people:
        workers = server.children("igym.web")
        assert len(workers) == 2
        # The one that has people, since the kernel spreads connections as it likes.
        victim = max(workers, key=lambda p: len(p.net_connections("tcp")))
        hers = len([c for c in victim.net_connections("tcp") if c.status == "ESTABLISHED"])
        assert hers > 0
        victim.send_signal(how)
        away_s = back(people, hers)
        print(f"{how.name}: {hers} people, p95 {p95(away_s):.2f} s, most {max(away_s):.2f} s")
        assert p95(away_s) <= bound_s
        assert all(len(one.games) == 1 for one in people), "somebody is in another scene"
        for one in people:
            one.client.wait_frames(5)
        if how is signal.SIGTERM:
            eventually(lambda: not victim.is_running(), within_s=5, what="its end")
        assert "Traceback" not in server.log
