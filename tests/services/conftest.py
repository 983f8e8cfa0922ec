"""A deployment on a real Redis, and a tiny study of two people in it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from igym import settings, wire
from igym.services.connect import Deployment
from igym.services.data import archiving
from igym.services.games import playing
from igym.services.lobby import matching
from igym.services.packages import loading, publishing
from igym.services.packages.loading import load_stored
from igym.services.sessions import advancing, arriving
from igym.settings import Settings
from igym.store import games, sessions, sockets
from igym.store.games import Game
from igym.store.packages import Plans
from igym.store.sessions import Session
from igym.wire import inner
from tests.services.paper import Outgoing, match

PACKAGES = Path(__file__).parent / "packages"


@pytest.fixture
def deployment(redis, tmp_path: Path) -> Deployment:
    """Everything of a process but the process."""
    settings = Settings(data_dir=tmp_path / "data")
    return Deployment(settings, redis, Plans(redis), "a secret of thirty-two characters")


@pytest.fixture(scope="session")
def compiled():
    """The plan of the tiny study: compiled once, since that takes a process of its own."""
    root = PACKAGES / "counters"
    return publishing.compile_apart(root, publishing.fingerprint(root))


class Clock:
    """Real time, and a chance to act whenever the game waits."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], None] = lambda: None

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.meanwhile()
        time.sleep(max(0.0, seconds))


class Now:
    """Work beside the loop, for a test that has no loop: it is done when it is asked for."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.get = call

    def wait(self, timeout_s: float) -> bool:
        return True


class Lab:
    """The tiny study with people who do as they are told."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.outbox = Outgoing()
        self.clock = Clock()
        self.host = playing.GameHost(
            deployment, "games-1", self.outbox, self.clock, Now, load_stored
        )
        self.matcher = matching.Matcher(deployment, self.outbox, "director-1")
        self.conns = {"left": 1, "right": 2}

    def may_lose(self, ms: int) -> None:
        """A crash may cost so much of an episode."""
        often = settings.replace(self.deployment.settings, log_flush_ms=ms)
        self.deployment = self.host.deployment = replace(self.deployment, settings=often)

    def arrive(self, **query: str) -> Session:
        _, session = arriving.join(self.deployment, "counters", query, None)
        sockets.connect(self.deployment.redis, "counters", session, "web-1", 99)
        return self.read(session)

    def read(self, session: Session | str) -> Session:
        id = session if isinstance(session, str) else session.id
        return sessions.read(self.deployment.redis, "counters", id)

    def advance(self, session: Session, **answers: object) -> Session:
        said = wire.Advance(session.scene, session.version, answers)
        advancing.submit(self.deployment, session, said)
        return self.read(session)

    def to_lobby(self, **query: str) -> Session:
        return self.advance(self.advance(self.arrive(**query)), age=30, why="for science")

    def match(self) -> int:
        return match(self.deployment, self.outbox, self.matcher)

    def pair(self) -> Game:
        """Two people, seated."""
        one, _ = self.to_lobby(), self.to_lobby()
        assert self.match() == 1
        return games.read(self.deployment.redis, "counters", self.read(one).game)

    def connect(self, game: Game, *seats: str) -> None:
        """Their browsers are ready before the worker comes."""
        for seat in seats:
            games.link(self.deployment.redis, "counters", game.id, seat, "web-1", self.conns[seat])

    def play(self, game: Game) -> str:
        return self.host.play("counters", game.id, game.generation)

    def leave(self, game: Game, seat: str) -> None:
        self.host.handle([inner.Detach(game.id, seat, "web-1", self.conns[seat])])

    def press(self, game: Game, seat: str, count: int, held: int, *edges: tuple) -> None:
        keys = wire.Keys(game.id, count, 0, held, list(edges))
        self.host.handle([inner.Input(game.id, seat, 5.0, keys, 12.5)])

    def people(self, game: Game) -> dict[str, Session]:
        return {seat: self.read(session) for seat, session in game.seats.items()}

    @property
    def env(self) -> type:
        """The class of the environment, to make it fail."""
        package = next(iter(self.deployment.plans._plans))[1]
        found: type = load_stored(self.deployment, package).experiment.scene("count").env
        return found


@pytest.fixture
def lab(deployment: Deployment, compiled, monkeypatch) -> Iterator[Lab]:
    monkeypatch.setattr(publishing, "compile_apart", lambda root, package, libraries=None: compiled)
    plan = publishing.publish(deployment, PACKAGES / "counters")
    deployment.plans.get("counters", plan.package)
    made = Lab(deployment)
    # Each data folder has its own copy of the code, and its own class.

    loading._stored.cache_clear()

    for name in [name for name in sys.modules if name.startswith("igym_packages.p")]:
        del sys.modules[name]
    yield made


@pytest.fixture
def played(lab: Lab) -> Game:
    """A game whose two episodes are on the volume; its live frames are in the lab's outbox."""
    game = lab.pair()
    lab.connect(game, "left", "right")
    presses = iter([("left", 1, 1), ("right", 1, 2), ("left", 2, 2), ("left", 3, 0)])

    def meanwhile() -> None:
        if game.id in lab.host.stages and (said := next(presses, None)):
            lab.press(game, *said)

    lab.clock.meanwhile = meanwhile
    assert lab.play(game) == "finished"
    while archiving.archive_all(lab.deployment):
        pass
    return game
