"""Stacks that several tests share: starting one takes seconds, and nothing in it is in the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.client import Client, join
from tests.system.server import EXAMPLES, Server, serving


@pytest.fixture(scope="session")
def stack() -> Iterator[Server]:
    """Two web workers that share a port, one game worker, and every test package that starts."""
    names = ("pair", "crowd", "solo", "breaks_reset", "breaks_step", "arm", "turns")
    examples = (EXAMPLES / "slime_volleyball", EXAMPLES / "mountain_car")
    with serving(*names, *examples, WEB="2", GAMES="1") as server:
        yield server


@pytest.fixture(scope="session")
def nginx_stack(nginx) -> Iterator[Server]:
    """The same chain behind a real nginx."""
    with serving(
        EXAMPLES / "slime_volleyball", "solo", options=("--nginx",), WEB="2", GAMES="1"
    ) as server:
        yield server


def two(server: Server, experiment: str = "pair") -> tuple[Client, Client]:
    """Two people whose game has begun, on whichever web workers."""
    pair = tuple(Client(server.url, join(server.url, experiment)) for _ in range(2))
    for one in pair:
        assert one.advance() is None
    for one in pair:
        one.to_game()
    for one in pair:
        one.wait_playing()
    return pair


@pytest.fixture
def couple(stack) -> Iterator[tuple[Client, Client]]:
    """Two people in a game that lasts until somebody presses the space bar."""
    pair = two(stack)
    try:
        yield pair
    finally:
        # The game must not run on beside the next test.
        pair[0].press(" ")
        for one in pair:
            one.close()
