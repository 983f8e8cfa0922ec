"""Two directors: one acts, the other takes over, and whoever is being matched is kept."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench import matching
from igym.store import keys
from tests.system.client import Client, join
from tests.system.server import eventually, plain_env, serving

pytestmark = pytest.mark.stack


def test_six_hundred_people_and_a_director_killed_in_the_middle():
    told = matching.measure(600, webs=2, kill=True)

    assert (told.double, told.lost, told.phantom) == (0, 0, 0)
    assert (told.seated, told.games) == (600, 300)


def test_another_director_leads_within_five_seconds_and_matches_who_waits():
    with serving("pair") as server:
        redis = f"unix://{server.data}/redis/redis.sock"
        env = plain_env(REDIS_URL=redis, IGYM_DATA_DIR=str(server.data))
        (leader,) = server.children("workers director")
        leads = keys.lease("matching")
        eventually(lambda: server.redis.get(leads), what="a leader")  # else the other may lead
        heard = server.data / "standby.log"
        with heard.open("wb") as log:
            command = [sys.executable, "-m", "workers", "director"]
            standby = subprocess.Popen(command, env=env, stderr=log)
        try:
            eventually(lambda: " directs" in heard.read_text(), within_s=60, what="a standby")
            with (
                Client(server.url, join(server.url, "pair")) as ann,
                Client(server.url, join(server.url, "pair")) as bob,
            ):
                ann.advance()
                ann.wait("state", lambda s: s["phase"] == "waiting")
                held = server.redis.get(leads)
                leader.kill()
                bob.advance()
                # Others' work on this machine is not in the five seconds: only the lease is.
                eventually(
                    lambda: server.redis.get(leads) not in (held, None),
                    within_s=5,
                    what="a change of hands",
                )
                for who in (ann, bob):
                    who.wait("state", lambda s: s["phase"] == "playing", within_s=15)
        finally:
            standby.terminate()
            standby.wait(30)
