"""A callback that never comes back ends its own game, with its line; other games go on."""

from __future__ import annotations

import re

import pytest

from igym.store import records
from tests.system.client import GENERATION, Client, join
from tests.system.conftest import two
from tests.system.server import eventually, serving
from tests.system.test_takeover import assert_whole, finish

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_a_hook_that_hangs_ends_its_game_and_no_other():
    with serving("pair", "hangs", WEB="1", GAMES="1") as server:
        people = two(server)
        ann = people[0]
        with ann, people[1], Client(server.url, join(server.url, "hangs")) as eve:
            eve.to_game()
            eve.wait_playing()
            mark = ann.mark()
            eve.press("ArrowRight")
            # The worker is stopped, and everybody else's game goes on in the next one
            ann.wait("frame", lambda f: f[GENERATION] == 2, since=mark, within_s=40)
            state = eve.wait("state", lambda s: s["phase"] == "ended", within_s=20)
            assert state["view"]["code"] == "TECH"
            told = eventually(lambda: records.problems(server.redis), what="a problem")[0]
            assert told["experiment"] == "hangs"
            assert re.match(r"experiment\.py:1[23] in on_game_tick_end did not", told["message"])
            assert "scene alone" in told["where"] and "experiment.py" in told["trace"]
            ticks = finish(server, people)
            assert_whole(ticks)
            assert set(ticks.generation) == {1, 2}  # it was disturbed once
