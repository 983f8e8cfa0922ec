"""A backup as an operator makes one: beside people who play, by two commands."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from igym.cli import embedded
from igym.store import keys
from igym.store.client import open_redis
from tests.system.server import IGYM, plain_env

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def igym(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*IGYM, *words], env=plain_env(IGYM_DATA_DIR=str(data)), cwd=data.parent,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_a_deployment_that_plays_is_saved_and_put_back_by_command(stack, couple, tmp_path):
    done = igym(stack.data, "backup", str(tmp_path / "copy"), "--json", "--with-secrets")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["keys"] > 20 and made["files"] > 5 and made["secrets"]

    data = tmp_path / "d"  # a socket's path may have 107 characters at most
    refused = igym(stack.data, "restore", str(tmp_path / "copy"))
    assert refused.returncode == 1 and "Another igym runs" in refused.stderr
    done = igym(data, "restore", str(tmp_path / "copy"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["keys"] == made["keys"]

    socket = embedded.socket_path(data)
    with embedded.claim(data):
        server = subprocess.Popen(embedded.command(data, socket), stdout=subprocess.DEVNULL)
        try:
            embedded.wait(socket, server)
            redis = open_redis(f"unix://{socket}")
            assert redis.get(keys.secret()) == stack.redis.get(keys.secret())
            people = list(stack.redis.scan_iter(keys.session("pair", "*")))
            assert len(people) >= 2
            assert {redis.hget(one, "phase") for one in people} >= {b"playing"}
        finally:
            server.kill()
            server.wait()
    packages = {p.name for p in (stack.data / "packages").iterdir()}
    assert {p.name for p in (data / "packages").iterdir()} == packages
