"""Whatever endangers people or data is found before they are, with what to do about it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from igym.domain.finding import Finding
from igym.services.operations import diagnosing, metering
from igym.settings import Settings
from igym.store import Redis, meters, processes
from igym.store.client import open_redis
from igym.store.meters import Reading

ABOUT = {"role": "web", "node": "n", "pid": "1", "binding": "", "state": "ready", "holds": "1"}


@pytest.fixture
def server(own_server) -> Redis:
    return open_redis(own_server.url, answer_s=2.0)


@pytest.fixture
def settings(own_server, tmp_path: Path) -> Settings:
    return Settings(redis_url=own_server.url, data_dir=tmp_path)


def found(settings: Settings, server: Redis) -> dict[str, Finding]:
    return {one.what: one for one in diagnosing.diagnose(settings, server)}


def test_a_deployment_that_is_well_has_nothing_to_mend(settings, server):
    for role in ("web", "games", "director"):
        processes.say(server, f"{role}-1", {**ABOUT, "role": role})
    production = Settings(
        redis_url=settings.redis_url, data_dir=settings.data_dir, environment="production",
        public_url="https://lab.example.org",
    )  # fmt: skip

    seen = found(production, server)

    assert {what: one for what, one in seen.items() if one.verdict not in ("ok", "warn")} == {}
    assert {what for what, one in seen.items() if one.verdict == "warn"} <= {"disk", "volume"}
    assert {"redis persistence", "redis eviction", "redis access", "clock here"} <= set(seen)


@pytest.mark.parametrize(
    ("name", "value", "what", "word"),
    [
        ("maxmemory-policy", "allkeys-lru", "redis eviction", "noeviction"),
        ("appendonly", "no", "redis persistence", "appendonly yes"),
        ("appendfsync", "no", "redis persistence", "everysec"),
        ("maxmemory", "3mb", "redis memory", "raise maxmemory"),
    ],
)
def test_a_redis_that_would_lose_somebody_is_found(settings, server, name, value, what, word):
    before = found(settings, server)[what].verdict
    server.set("igym:ballast", "x" * 2_500_000, ex=60)
    server.config_set(name, value)

    now = found(settings, server)[what]

    assert before == "ok"
    assert now.verdict in ("warn", "fail")
    assert word in now.hint


def test_a_redis_that_does_not_answer_is_one_finding_among_others(settings, server, own_server):
    own_server.kill()

    seen = found(settings, server)

    assert seen["redis"].verdict == "fail"
    assert seen["volume"].verdict == "ok"


def test_a_server_that_says_little_is_not_taken_for_a_bad_one(settings, server):
    server.execute_command(
        "ACL", "SETUSER", "mute", "on", ">w", "~*", "&*", "+@all", "-config", "-info", "-acl"
    )
    path = server.connection_pool.connection_kwargs["path"]
    mute = Redis(unix_socket_path=path, username="mute", password="w", protocol=2)

    seen = found(settings, mute)

    told = [one for one in seen.values() if one.what.startswith("redis")]
    assert {one.verdict for one in told} == {"ok", "warn"}


@pytest.mark.parametrize("how", ["missing", "a file", "not ours"])
def test_a_volume_that_cannot_be_written_is_found(tmp_path, how, monkeypatch):
    place = tmp_path / "data"
    if how == "a file":
        place.write_text("x")
    elif how == "not ours":
        place.mkdir()

        def refuse(**_: object) -> None:
            raise PermissionError(13, "Permission denied")

        # A test that runs as root may write anywhere.
        monkeypatch.setattr(diagnosing.tempfile, "NamedTemporaryFile", refuse)

    (first, *_) = diagnosing.volume(place)

    assert first.verdict == "fail"
    assert "Mount it" in first.hint or "account" in first.hint
    if how != "missing":
        assert str(place) in first.said


@pytest.mark.parametrize(
    ("free_mb", "inodes", "verdict"), [(100, 9, "fail"), (1_500, 9, "warn"), (9_000, 0, "fail")]
)
def test_a_disk_that_is_nearly_full_is_found(tmp_path, monkeypatch, free_mb, inodes, verdict):
    disk = SimpleNamespace(
        f_frsize=1 << 20, f_blocks=100_000, f_bavail=free_mb, f_favail=inodes, f_files=100
    )
    monkeypatch.setattr(os, "statvfs", lambda path: disk)

    seen = {one.what: one for one in diagnosing.volume(tmp_path)}

    assert seen["disk"].verdict == verdict
    assert "Make room" in seen["disk"].hint


def test_a_clock_that_is_off_is_found_here_and_elsewhere(settings, server, monkeypatch):
    processes.say(server, "web-9", ABOUT)
    meters.write(server, "web-9", Reading("web", [("igym_clock_skew_seconds", "", -7.0)], {}))

    assert found(settings, server)["clock here"].verdict == "ok"
    elsewhere = found(settings, server)["clocks of processes"]
    assert elsewhere.verdict == "fail" and "web-9" in elsewhere.said

    real = metering.time.time
    monkeypatch.setattr(metering, "time", SimpleNamespace(time=lambda: real() + 1.5))
    here = found(settings, server)["clock here"]
    ahead = re.search(r"(\d+) ms ahead", here.said)
    assert here.verdict == "warn" and ahead and 1450 < int(ahead[1]) <= 1500, here.said


def test_a_tier_that_is_missing_is_found(settings, server):
    processes.say(server, "web-1", ABOUT)

    seen = found(settings, server)

    assert seen["web processes"].verdict == "ok"
    assert seen["games processes"].verdict == seen["director processes"].verdict == "fail"


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("redis://db.example.org:6379/0", "fail"),
        ("redis://:word@db.example.org:6379/0", "ok"),
        ("redis://localhost:6379", "ok"),
    ],
)
def test_a_redis_that_is_open_to_everybody_is_found(server, url, verdict):
    (one,) = diagnosing.access(Settings(redis_url=url), server)

    assert one.verdict == verdict
    assert "word" not in one.said.replace("password", "")
