"""A load balancer sends people only where they can play, and learns nothing else."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from igym.store import keys, layout
from igym.store.client import open_redis
from igym.web import health
from igym.web.health import Health


@pytest.fixture
def leaving(own_server) -> threading.Event:
    layout.agree(open_redis(own_server.url))
    return threading.Event()


@pytest.fixture
def browser(leaving, own_server):
    well = Health(own_server.url, leaving)
    app = Flask("igym.web")
    health.register(app, well)
    return app.test_client()


def test_a_worker_with_its_redis_is_ready(browser):
    answer = browser.get("/readyz")

    assert (answer.status_code, answer.json) == (200, {"ok": True})
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_redis_it_is_alive_and_not_ready_and_says_no_more(browser, own_server):
    own_server.kill()

    assert browser.get("/healthz").status_code == 200
    answer = browser.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"ok": False})

    own_server.start()
    assert browser.get("/readyz").status_code == 200, "it comes back by itself"


@pytest.mark.parametrize("found", ["", "2"])
def test_it_is_not_ready_over_the_facts_of_another_igym(browser, own_server, found):
    open_redis(own_server.url).set(keys.layout(), found or 0)

    assert browser.get("/readyz").json == {"ok": False}


def test_a_worker_that_is_to_go_gets_nobody_new(browser, leaving):
    leaving.set()

    assert browser.get("/readyz").status_code == 503
    assert browser.get("/healthz").status_code == 200
