"""Lines between tiers that break or swallow: nobody is stuck, and the data have no gap."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from igym.archive.audit import Audit, audit
from igym.cli.nginx import free_port
from igym.services.connect import Deployment
from igym.services.packages import publishing
from igym.settings import Settings
from igym.store import games, lease
from igym.store.client import open_redis
from igym.store.packages import Plans
from tests.redis_server import Server as RedisServer
from tests.system.client import GENERATION, TICK, Client, join
from tests.system.proxy import Proxy
from tests.system.server import IGYM, body, eventually, package, plain_env

pytestmark = [pytest.mark.stack, pytest.mark.slow]

SECRET = "a secret of thirty-two characters"


class Tiers:
    """Processes that each have a line of their own to one Redis."""

    def __init__(self, home: Path, redis: RedisServer) -> None:
        self.home = home
        self.redis_server = redis
        self.redis = open_redis(redis.url)
        settings = Settings(data_dir=home / "data", redis_url=redis.url)
        deployment = Deployment(settings, self.redis, Plans(self.redis), SECRET)
        publishing.publish(deployment, package(home, "pair"))
        self._log = (home / "log").open("wb")
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str, line: Proxy | None = None, port: int = 0) -> None:
        """`igym` with those words; its Redis is behind `line`, or next to it."""
        url = f"redis://127.0.0.1:{line.port}/0" if line else self.redis_server.url
        env = plain_env(
            IGYM_DATA_DIR=str(self.home / "data"),
            IGYM_SECRET_KEY=SECRET,
            IGYM_PORT=str(port or free_port()),
            REDIS_URL=url,
        )
        self._started.append(
            subprocess.Popen(
                [*IGYM, *words],
                env=env,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
            )
        )

    def web(self, line: Proxy | None = None) -> str:
        """A web worker's address, once it serves."""
        port = free_port()
        self.start("web", line=line, port=port)
        url = f"http://127.0.0.1:{port}"

        def serves() -> bool:
            try:
                return bool(body(f"{url}/healthz"))
            except OSError:
                return False

        eventually(serves, within_s=30, what="a web worker")
        return url

    def workers(self) -> int:
        """Game workers whose lease runs."""
        return sum(1 for _ in self.redis.scan_iter("igym:worker:*"))

    def worker(self, line: Proxy | None = None) -> None:
        """A game worker under its supervisor, once it takes games."""
        before = self.workers()
        self.start("worker", "games", line=line)
        eventually(lambda: self.workers() > before, within_s=30, what="a game worker")

    def director(self, line: Proxy | None = None) -> None:
        """A director."""
        self.start("director", line=line)

    def leader(self) -> str:
        """Who matches."""
        return lease.holder(self.redis, "matching")

    def found(self) -> Audit:
        """The audit of the data once everything is on the disk."""
        root = self.home / "data" / "pair" / "1"

        def whole() -> Audit | None:
            found = audit(root)  # tables are written one by one: until then they may disagree
            return found if found.settled and found.games and not found.problems else None

        return eventually(whole, within_s=60, what="data that are whole and agree")

    def stop(self) -> None:
        """Everything that was started."""
        for process in reversed(self._started):
            process.send_signal(signal.SIGTERM)
        for process in self._started:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()
        self.redis.connection_pool.disconnect()

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")


@pytest.fixture
def tiers(own_server) -> Iterator[Tiers]:
    with tempfile.TemporaryDirectory(prefix="igym-", ignore_cleanup_errors=True) as home:
        made = Tiers(Path(home), own_server)
        try:
            yield made
        finally:
            made.stop()
            sys.stdout.write(made.log[-8_000:])  # shown where a test fails


@pytest.fixture
def line(own_server) -> Iterator[Proxy]:
    """A line to Redis."""
    with Proxy(str(own_server.socket)) as made:
        yield made


def pair(url: str) -> tuple[Client, Client]:
    """Two people whose game has begun."""
    made = Client(url, join(url, "pair")), Client(url, join(url, "pair"))
    for one in made:
        assert one.advance() is None
    for one in made:
        one.to_game(within_s=40)
    for one in made:
        one.wait_playing(within_s=30)
        one.wait_frames(20)
    return made


def goes_on(people: tuple[Client, ...], within_s: float, generation: int = 1) -> float:
    """Seconds until everybody sees ten more ticks."""
    began_s = time.monotonic()
    tick = max(one.seen for one in people)
    for one in people:
        one.wait(
            "frame",
            lambda f: f[TICK] > tick + 10 and f[GENERATION] >= generation,
            since=one.mark(),
            within_s=within_s,
        )
    return time.monotonic() - began_s


def finish(tiers: Tiers, people: tuple[Client, ...]) -> Audit:
    """Everybody to the ending; what the data say then."""
    people[0].press(" ")
    for one in people:
        one.wait("state", lambda s: s["scene"] == "after", within_s=15)
        assert one.advance() is None
        one.wait("state", lambda s: s["phase"] == "ended")
        one.close()
    return tiers.found()


def test_a_web_worker_cut_off_from_redis_for_5_s_costs_a_pause(tiers, line):
    url = tiers.web(line)
    tiers.worker()
    tiers.director()
    people = pair(url)
    line.cut()
    time.sleep(5)  # the length of the cut is what is tested
    line.heal()
    assert goes_on(people, 15) < 10
    assert finish(tiers, people).ticks_logged > 30


def test_a_game_worker_that_redis_cannot_hear_loses_its_games_and_cannot_write_any_more(
    tiers, line
):
    url = tiers.web()
    tiers.director()
    tiers.worker(line)
    people = pair(url)
    game = people[0].game["game"]
    tiers.worker()  # another one, for whom there is nothing to do yet
    line.hole()
    took_s = goes_on(people, 30, generation=2)
    print(f"on another worker after {took_s:.1f} s")
    line.heal()  # the old one is back, with ticks nobody has asked for
    for one in people:
        one.wait_frames(60)
    assert games.read(tiers.redis, "pair", game).generation == 2
    finish(tiers, people)


def test_a_director_cut_off_from_redis_is_replaced_and_does_not_act_when_it_is_back(tiers, line):
    url = tiers.web()
    tiers.worker()
    tiers.director(line)
    first = eventually(tiers.leader, within_s=20, what="a leader")
    tiers.director()
    line.hole()
    second = eventually(
        lambda: tiers.leader() not in ("", first) and tiers.leader(), within_s=15, what="another"
    )
    people = pair(url)  # are matched by the other
    line.heal()
    goes_on(people, 10)
    assert tiers.leader() == second
    finish(tiers, people)


def test_a_browser_whose_line_swallows_everything_is_waited_for_and_comes_back(tiers):
    url = tiers.web()
    tiers.worker()
    tiers.director()
    port = int(url.rsplit(":", 1)[1])
    with Proxy(("127.0.0.1", port)) as cable:
        token = join(url, "pair")
        ann = Client(f"http://127.0.0.1:{cable.port}", token)
        bob = Client(url, join(url, "pair"))
        for one in (ann, bob):
            assert one.advance() is None
        for one in (ann, bob):
            one.to_game(within_s=40)
        bob.wait_playing()
        bob.wait_frames(20)
        mark = bob.mark()
        cable.hole()
        bob.wait("episode", lambda e: e["stage"] == "held", since=mark, within_s=15)
        cable.heal()
        again = Client(url, token)
        again.ready(again.state["view"])
        people = (again, bob)
        goes_on(people, 10)
        finish(tiers, people)
