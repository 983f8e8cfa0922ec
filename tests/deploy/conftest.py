"""One engine, one build and one deployment for all tests in containers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.deploy import engine
from tests.deploy.stack import Stack


class Images(NamedTuple):
    """What was built."""

    igym: str
    front: str


@pytest.fixture(scope="session")
def images() -> Iterator[Images]:
    """igym's image and nginx's, of this checkout, on an engine that answers."""
    try:
        with engine.engine():
            yield Images(*engine.images())
    except engine.CannotRun as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def stack(images, tmp_path_factory) -> Iterator[Stack]:
    """`docker compose up` with two web workers, two game workers and the study `pair`."""
    with Stack(tmp_path_factory.mktemp("deploy"), *images) as running:
        running.up()
        running.submit("pair")
        yield running


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return engine.ROOT
