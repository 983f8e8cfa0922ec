"""One engine, one build and one deployment for all tests in containers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import engine
from tests.deploy.stack import Stack


@pytest.fixture(scope="session")
def images() -> Iterator[engine.Images]:
    """The images of this checkout, on an engine that answers."""
    try:
        with engine.engine():
            yield engine.images()
    except engine.CannotRun as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def stack(images, tmp_path_factory) -> Iterator[Stack]:
    """`docker compose up` with two web workers, two game workers and the study `pair`."""
    with Stack(tmp_path_factory.mktemp("deploy"), images) as running:
        running.up()
        running.submit("pair")
        yield running


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return engine.ROOT
