"""A real Redis for tests: started as `igym up` does, and nothing left behind without an end."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from igym.cli import embedded
from igym.store import Redis, keys
from igym.store.client import open_redis


class Server:
    """A Redis process that can be stopped and started again with what it had."""

    def __init__(self) -> None:
        # Not pytest's folder: a socket's path may have 107 characters at most.
        self.home = Path(tempfile.mkdtemp(prefix="igym-"))
        self.socket = embedded.socket_path(self.home)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            embedded.command(self.home, self.socket), stdout=subprocess.DEVNULL
        )
        embedded.wait(self.socket, self._process)

    def kill(self) -> None:
        """As the kernel would: without a chance to say good-bye."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self.socket.unlink(missing_ok=True)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The one server of this test run; gone afterwards."""
    server = Server()
    server.start()
    try:
        yield server.url
    finally:
        server.remove()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A connection to an empty server. Whatever has no end afterwards fails the test."""
    client = open_redis(redis_url)
    client.flushall()
    yield client
    leaks = leaking(client)
    client.connection_pool.disconnect()
    assert leaks == [], "these keys would stay for ever"


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server for a test that kills it."""
    server = Server()
    server.start()
    try:
        yield server
    finally:
        server.remove()


def declared(name: str) -> str | None:
    """Which declaration of `igym.store.keys` the key `name` belongs to."""
    return next((d for d, pattern in _PATTERNS.items() if pattern.fullmatch(name)), None)


def _pattern(key: keys.Key) -> re.Pattern[str]:
    count = key.name.__code__.co_argcount
    text = re.escape(key(*["\x00"] * count))
    return re.compile(text.replace("\x00", "[^{}]+"))


# The longer ones first: "igym:{x}:session:…" must not be taken for something shorter.
_PATTERNS = dict(
    sorted(
        ((name, _pattern(key)) for name, key in keys.ALL.items()),
        key=lambda item: -len(item[1].pattern),
    )
)


def leaking(redis: Redis) -> list[str]:
    """igym's keys that live longer than their declaration says, or that nobody declared."""
    wrong = []
    for raw in redis.scan_iter("igym:*"):
        name = raw.decode()
        kind = declared(name)
        life_s = redis.ttl(name)
        if kind is None:
            wrong.append(f"{name} is not declared")
        elif keys.ALL[kind].ttl_s and not 0 < life_s <= keys.ALL[kind].ttl_s:
            wrong.append(f"{name} ({kind}) has a life of {life_s} s")
        elif not keys.ALL[kind].ttl_s and life_s != -1:
            wrong.append(f"{name} ({kind}) is permanent and would end in {life_s} s")
    return wrong
