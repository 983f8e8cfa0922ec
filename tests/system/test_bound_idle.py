"""A bound worker that nobody needs ends by itself, and says that all is well."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.server import plain_env

pytestmark = [pytest.mark.stack, pytest.mark.slow]

#: `python -m workers games --binding …`, in a hurry.
WORKER = """
from gevent import monkey
monkey.patch_all()
import sys
from igym.services.process import main
from workers import games
games.BOUND_IDLE_S = 1
work = lambda deployment, told: games.run(
    deployment, told.name, told.member, told.progress, told.binding)
sys.exit(main("games", ["--name", "games-idle", "--binding", "study/" + "a" * 64], work))
"""


def test_a_bound_worker_ends_when_no_game_has_come_for_a_while(redis, redis_url, tmp_path: Path):
    env = plain_env(IGYM_DATA_DIR=str(tmp_path), IGYM_REDIS_URL=redis_url)
    done = subprocess.run(
        [sys.executable, "-c", WORKER], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert "games-idle takes games of study/aaaa" in done.stderr
