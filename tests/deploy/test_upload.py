"""The largest package comes in through nginx and a worker that may write nowhere; no larger one."""

from __future__ import annotations

import http.client
import json
import os
from pathlib import Path

import pytest

from tests.deploy.engine import docker
from tests.deploy.stack import Stack, igym
from tests.system.server import package

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(300)]

#: What compose.yml says unless told otherwise (IGYM_MAX_PACKAGE_MB).
MOST_BYTES = 64_000_000


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    made = stack.igym("token", "create", "--role", "researcher", "--experiment", "bulky")
    return made["text"]


def bulky(home: Path, of_bytes: int) -> Path:
    """A package that is so large, and that no ZIP makes smaller."""
    root = package(home, "pair")
    (root / "experiment.toml").write_text('id = "bulky"\nversion = "1"\ntitle = "A heavy one"\n')
    (root / "noise.bin").write_bytes(os.urandom(of_bytes))
    return root


def submitted(stack: Stack, root: Path, token: str, ends: int) -> str:
    """What `igym submit` says, from outside."""
    url = {"IGYM_URL": stack.url, "IGYM_TOKEN": token}
    return igym("submit", str(root), "--json", cwd=root.parent, ends=ends, **url)


def test_a_package_just_under_the_limit_is_taken_in_and_checked(stack, token, tmp_path):
    said = json.loads(submitted(stack, bulky(tmp_path, MOST_BYTES - 100_000), token, 0))
    assert said["new"]
    assert said["report"]["state"] == "passed"
    assert said["package"]["size"] > MOST_BYTES - 100_000


def test_one_just_over_it_is_refused_with_the_limit_and_what_to_do(stack, token, tmp_path):
    said = submitted(stack, bulky(tmp_path, MOST_BYTES + 1), token, 1)
    assert "too_large" in said
    assert "larger than 64 MB" in said
    assert "max_package_mb" in said


def test_nginx_refuses_one_far_over_it_before_it_is_sent_and_says_so_as_igym_does(stack, token):
    line = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
    line.putrequest("POST", "/api/packages")
    line.putheader("Authorization", f"Bearer {token}")
    line.putheader("Content-Length", str(2 * MOST_BYTES))
    line.endheaders()
    answer = line.getresponse()
    said = json.loads(answer.read())
    assert (answer.status, said["code"]) == (413, "too_large")
    assert "64 MB" in said["hint"]


def test_nothing_of_what_was_refused_is_left_on_the_volume(stack):
    (web, _) = stack.containers("web")
    left = docker("exec", web, "find", "/data", "/tmp", "-name", "*upload-*")
    assert left == ""
