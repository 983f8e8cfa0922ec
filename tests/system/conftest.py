"""Stacks that several tests share: starting one takes seconds, and nothing in it is in the way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from uv import find_uv_bin

from tests.system.browser import running
from tests.system.client import Client, join
from tests.system.server import EXAMPLES, Server, serving

ROOT = Path(__file__).parents[2]

#: Opens the figures of the shared stack.
METRICS_TOKEN = "zK4mW8tQ-xv5RjN1bHc9Ys_3LgPd7FuA"


@pytest.fixture(scope="session")
def stack() -> Iterator[Server]:
    """Two web workers that share a port, one game worker, and every test package that starts."""
    names = ("pair", "crowd", "solo", "breaks_reset", "breaks_step", "arm", "turns")
    examples = (EXAMPLES / "slime_volleyball", EXAMPLES / "mountain_car")
    asked = {"IGYM_METRICS_TOKEN": METRICS_TOKEN, "IGYM_STORE_DEVICE": "1"}
    with serving(*names, *examples, WEB="2", GAMES="1", **asked) as server:
        yield server


@pytest.fixture(scope="module")
def browser(chromium) -> Iterator[Browser]:
    """A Chromium for the tests of one file. Two cannot run at a time in one process."""
    with running(chromium) as browser:
        yield browser


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """A page of its own, in which no error may be left uncaught."""
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


@pytest.fixture(scope="session")
def nginx_stack(nginx) -> Iterator[Server]:
    """The same chain behind a real nginx."""
    with serving(
        EXAMPLES / "slime_volleyball", "solo", options=("--nginx",), WEB="2", GAMES="1"
    ) as server:
        yield server


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel of this checkout, built as a release is."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def clean(wheel, tmp_path_factory) -> Path:
    """The `bin` of an environment of its own: igym's wheel, what that depends on, and nothing else.

    What it depends on is in uv's cache since this checkout was set up.
    """
    home = tmp_path_factory.mktemp("clean")
    venv, install = [find_uv_bin(), "venv", "--quiet"], [find_uv_bin(), "pip", "install", "--quiet"]
    subprocess.run([*venv, "--python", sys.executable, str(home)], check=True, timeout=60)
    subprocess.run(
        [*install, "--python", str(home / "bin" / "python"), "--constraint",
         str(ROOT / "requirements.lock"), str(wheel)],
        check=True, timeout=300,
    )  # fmt: skip
    return home / "bin"


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
