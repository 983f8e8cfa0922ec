"""Figures are for whoever watches the deployment, and reading them costs by what goes on now."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from igym.domain.plan import Plan
from igym.errors import IgymError
from igym.services.connect import connect
from igym.services.operations import metering
from igym.services.operations.measuring import Measure
from igym.settings import load
from igym.store import keys, meters, packages, processes, records
from igym.web import metrics
from tests.domain.test_metrics import read

TOKEN = "zK4mW8tQ-xv5RjN1bHc9Ys_3LgPd7FuA"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ABOUT = {"role": "games", "node": "n", "pid": "1", "binding": "", "state": "ready", "holds": "1"}


PLAN = Plan("slime", "1", "Slime", "0123456789abcdef" * 4, ())


def site(redis_url: str, home: Path, **settings: str):
    deployment = connect(load({"REDIS_URL": redis_url, **settings}, home))
    deployment.data.mkdir(exist_ok=True)
    app = Flask("igym.web")
    metrics.register(app, deployment)
    app.register_error_handler(IgymError, lambda error: (error.message, error.status))
    return app.test_client(), deployment


def test_nobody_reads_them_unless_somebody_was_let_in(redis, redis_url, tmp_path):
    browser, _ = site(redis_url, tmp_path)

    assert browser.get("/metrics").status_code == 404
    assert browser.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (BEARER, 200),
        ({}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": "Bearer \u00e9"}, 401),
        ({**BEARER, "X-Forwarded-For": "8.8.8.8"}, 200),
    ],
)
def test_a_token_opens_them(redis, redis_url, tmp_path, headers, status):
    browser, _ = site(redis_url, tmp_path, IGYM_METRICS_TOKEN=TOKEN)

    answer = browser.get("/metrics", headers=headers)

    assert answer.status_code == status
    assert ("igym_redis_up 1" in answer.text) == (status == 200)


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("10.1.2.3", {}, 200),
        ("11.1.2.3", {}, 401),
        ("::1", {}, 401),
        ("10.1.2.3", {"X-Forwarded-For": "10.1.2.3"}, 401),
        ("", {}, 401),
    ],
)
def test_an_address_opens_them_only_where_no_proxy_stands_between(
    redis, redis_url, tmp_path, address, headers, status
):
    browser, _ = site(redis_url, tmp_path, IGYM_METRICS_FROM="10.0.0.0/8")

    answer = browser.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})

    assert answer.status_code == status


def test_they_say_what_goes_on(redis, redis_url, tmp_path):
    browser, deployment = site(redis_url, tmp_path, IGYM_METRICS_TOKEN=TOKEN)
    packages.publish(redis, PLAN)
    now = {"now:reading": 1, "now:waiting": 2, "now:playing": 1, "now:ended": 7}
    redis.hset(keys.counts("slime", "1", "live"), mapping=now)
    redis.zadd(keys.ended("slime"), {"s8": 1, "s9": 2})
    redis.zadd(keys.games("slime"), {"g1": 1})
    redis.rpush("rq:queue:games", "a", "b")
    records.add(redis, "slime", "1", [records.event_row(1, "error")])
    processes.say(redis, "games-1", ABOUT)
    late = deployment.meter.histogram("igym_tick_late_seconds")
    late.observe(0.002)
    deployment.meter.watch("igym_load", lambda: 0.25)
    deployment.meter.count("igym_log_lines_total", "error")
    meters.write(redis, "games-1", deployment.meter.reading("games", metering.skew(redis)))
    for name in redis.scan_iter("igym:{slime}:*"):
        if b":plan:" not in name and not name.endswith((b"s", b"g", b":records:1")):
            redis.expire(name, 60)

    found = read(browser.get("/metrics", headers=BEARER).text)

    def value(name: str, **labels: str) -> float:
        (one,) = (s for s in found[name] if labels.items() <= s.labels.items())
        return one.value

    assert value("igym_participants", experiment="slime", phase="waiting", mode="live") == 2
    assert value("igym_participants", phase="playing") == 1
    assert value("igym_participants_ended") == 2
    assert value("igym_games", experiment="slime") == 1
    assert value("igym_queue_depth", queue="games") == 2
    assert 0 <= value("igym_archive_lag_seconds") < 60
    assert value("igym_processes", role="games", state="ready") == 1
    assert value("igym_load", process="games-1") == 0.25
    assert value("igym_tick_late_seconds_bucket", process="games-1", le="0.0025") == 1
    assert value("igym_log_lines_total", role="games", level="error") == 1
    assert 1e6 < value("igym_memory_bytes", process="games-1") < 1e10
    assert value("igym_clock_skew_seconds") == 0
    assert value("igym_redis_up") == 1
    assert 0 < value("igym_redis_latency_seconds") < 1
    assert value("igym_redis_persistence_ok") == 1
    assert 0 < value("igym_volume_free_bytes") <= value("igym_volume_bytes")
    redis.flushall()


def commands(redis) -> dict[str, int]:
    return {name: stat["calls"] for name, stat in redis.info("commandstats").items()}


def test_what_has_ended_costs_nothing_and_nothing_is_searched_for(redis, redis_url, tmp_path):
    _, deployment = site(redis_url, tmp_path)
    packages.publish(redis, PLAN)

    def cost() -> dict[str, int]:
        redis.config_resetstat()
        Measure(deployment).samples()
        return commands(redis)

    before = cost()
    with redis.pipeline() as pipe:
        for n in range(2_000):
            pipe.hset(keys.session("slime", f"done{n}"), mapping={"mode": "live", "phase": "ended"})
            pipe.zadd(keys.ended("slime"), {f"done{n}": n})
        pipe.execute()

    after = cost()
    redis.flushall()

    assert after == before
    assert not {"cmdstat_scan", "cmdstat_keys"} & set(after)


def test_without_redis_that_is_a_figure_too(own_server, tmp_path):
    browser, _ = site(own_server.url, tmp_path, IGYM_METRICS_TOKEN=TOKEN)
    own_server.kill()

    found = read(browser.get("/metrics", headers=BEARER).text)

    assert found["igym_redis_up"][0].value == 0
    assert "igym_volume_free_bytes" in found
