"""What went wrong in a request can be found by the number that its answer had."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from flask import Flask

from igym import log
from igym.web import tracing


@pytest.fixture
def lines() -> Iterator[object]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    said = io.StringIO()
    log.setup(as_json=True, stream=said)
    yield lambda: [json.loads(line) for line in said.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture
def browser(lines):
    app = Flask("igym.web")
    tracing.register(app)

    @app.get("/")
    def page() -> str:
        logging.getLogger("igym.web").info("asked")
        return ""

    return app.test_client()


def test_each_request_has_a_number_of_its_own_in_answer_and_lines(browser, lines):
    numbers = [browser.get("/").headers["X-Request-Id"] for _ in range(2)]
    logging.getLogger("igym.web").info("afterwards")

    said = lines()
    assert [one.get("request") for one in said] == [*numbers, None]
    assert len(set(numbers)) == 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a1b2c3d4e5f6", True), ("x", False), ("a" * 65, False), ('"},{"level":"no', False)],
)
def test_a_proxy_s_number_is_kept_and_nonsense_is_not(browser, given, kept):
    answer = browser.get("/", headers={"X-Request-Id": given})

    assert (answer.headers["X-Request-Id"] == given) == kept
