"""The bench: for an author on their own machine, and for nobody else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask import Flask

from igym import settings
from igym.services.connect import Deployment, connect
from igym.services.sessions import tokens
from igym.store import bench as store
from igym.web import bench, pages

HERE = {"base_url": "http://127.0.0.1:8000"}


def the_browser(redis_url: str, tmp_path: Path, **env: str):
    deployment = connect(settings.load({"REDIS_URL": redis_url, **env}, tmp_path))
    app = Flask("igym.web", static_folder="static", static_url_path="/static")
    app.secret_key = deployment.secret
    pages.register(app, deployment)
    bench.register(app, deployment)
    return app.test_client(), deployment


@pytest.fixture
def there(redis, redis_url, tmp_path) -> tuple[object, Deployment]:
    """An experiment that `igym run` has on its bench."""
    browser, deployment = the_browser(redis_url, tmp_path)
    store.say(redis, "demo", problem={"message": "<script>"}, bots=0)
    return browser, deployment


def test_the_page_begins_with_what_is_known_and_cannot_act_on_it(there):
    browser, _ = there
    answer = browser.get("/bench/demo", **HERE)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert '<script>"' not in answer.text
    (boot,) = re.findall(r'id="igym">(.*?)</script>', answer.text)
    assert json.loads(boot)["bench"]["problem"] == {"message": "<script>"}


def test_an_experiment_that_nobody_runs_has_no_bench(there):
    browser, _ = there
    answer = browser.get("/api/bench/other", **HERE)
    assert (answer.status_code, answer.json["hint"]) == (404, "Start: igym run DIR")


@pytest.mark.parametrize(
    "call",
    [
        {"base_url": "http://evil.example:8000"},
        {**HERE, "environ_base": {"REMOTE_ADDR": "192.0.2.7"}},
        {**HERE, "headers": {"X-Forwarded-For": "127.0.0.1"}},
    ],
    ids=["another name", "another machine", "through a proxy"],
)
def test_from_elsewhere_it_needs_the_key_of_an_admin_link(there, call):
    browser, deployment = there
    assert browser.get("/api/bench/demo", **call).status_code == 401

    key = tokens.issue_admin(deployment)
    assert browser.get(f"/api/bench/demo?key={key}", **call).status_code == 200


def test_in_production_there_is_none(redis, redis_url, tmp_path):
    env = {
        "IGYM_ENVIRONMENT": "production",
        "IGYM_SECRET_KEY": "Qm3wZ8tK-xv5RjN1bHc9Ys_4LgPd7FuA",
        "IGYM_PUBLIC_URL": "https://lab.example.org",
    }
    browser, _ = the_browser(redis_url, tmp_path, **env)
    store.say(redis, "demo", bots=0)
    assert browser.get("/bench/demo", **HERE).status_code == 404
    assert "frame-ancestors 'none'" in browser.get("/", **HERE).headers["Content-Security-Policy"]


def test_what_it_asks_reaches_igym_run_in_order(there):
    browser, deployment = there
    query = {"mode": "preview", "scene": "together"}
    browser.post("/api/bench/demo/bots", json={"count": 2, "query": query}, **HERE)
    browser.post("/api/bench/demo/data", json={}, **HERE)

    asked = [store.asked(deployment.redis, "demo") for _ in range(3)]
    assert asked == [{"do": "bots", "count": 2, "query": query}, {"do": "data"}, None]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"count": 21}, {}),
        ({"count": "2"}, {}),
        ({"count": 1, "query": {"scene": 7}}, {}),
        ({"count": 1}, {"Origin": "http://evil.example"}),
    ],
)
def test_what_did_not_come_from_the_page_or_is_too_much_is_refused(there, body, headers):
    browser, deployment = there
    answer = browser.post("/api/bench/demo/bots", json=body, headers=headers, **HERE)
    assert answer.status_code == 400
    assert store.asked(deployment.redis, "demo") is None
