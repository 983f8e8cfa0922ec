"""Rendered pictures over a line that carries little: fewer and coarser ones, and of the present."""

from __future__ import annotations

import time

import pytest

from tests.system.client import OBJECTS, TICK, Client, join
from tests.system.proxy import Proxy
from tests.system.server import EXAMPLES, serving

pytestmark = [pytest.mark.stack, pytest.mark.slow]

#: What the deployment gives each participant, and what the line of one carries: KB/s.
BUDGET, LINE = 30.0, 60.0


def pictures(one: Client, since: int) -> list[tuple[float, int]]:
    """(when it came, bytes) of each new picture."""
    found = []
    for heard in one.heard[since:]:
        if heard.event == "frame":
            changes = heard.said[OBJECTS][1::2]
            found += [(heard.at_s, len(v)) for c in changes for v in c.values() if type(v) is bytes]
    return found


def test_a_budget_keeps_pictures_of_a_thin_line_in_the_present():
    with (
        serving(
            EXAMPLES / "mountain_car", WEB="1", GAMES="1", IGYM_PICTURE_KB_S=f"{BUDGET:g}"
        ) as server,
        Proxy(("127.0.0.1", server.port)) as line,
    ):
        line.down_bytes_s = LINE * 1000
        url = f"http://127.0.0.1:{line.port}"
        with Client(url, join(server.url, "mountain_car")) as ann:
            ann.to_game()
            ann.wait_playing()
            index = ann.game["keys"].index("ArrowRight")
            end_s = time.monotonic() + 6
            while time.monotonic() < end_s:
                ann.keys("ArrowRight", edges=[[index, True, time.time() * 1000]])
                ann.wait_frames(10)
            mark = ann.mark()
            ann.wait_frames(120)
            came = pictures(ann, mark)
            took_s = came[-1][0] - came[0][0]
            rate = sum(size for _, size in came[1:]) / took_s / 1000
            # A machine that is busy takes fewer still, two a second at the least.
            assert rate < 1.15 * BUDGET and len(came) / took_s > 1.5
            # and what is seen is what is: ticks come as they are made
            ticks = [h for h in ann.heard[mark:] if h.event == "frame"]
            played = (ticks[-1].said[TICK] - ticks[0].said[TICK]) / (ticks[-1].at_s - ticks[0].at_s)
            assert played == pytest.approx(30, rel=0.1)
