"""An admin looks on at a game in a real Chromium, and sees its episode once more afterwards."""

from __future__ import annotations

import pandas as pd
import pytest
from playwright.sync_api import expect

from igym.domain.access import Role
from igym.services import accounts
from tests.system.client import BASE, OBJECTS, TICK
from tests.system.server import eventually
from tests.system.test_admin_browser import WORDS, signed_in, violations
from tests.system.test_watching import connected

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def test_a_game_is_watched_live_and_its_episode_replayed_to_the_same_end(stack, couple, browser):
    accounts.create(connected(stack), "wim", WORDS, Role.RESEARCHER, ("pair",))
    tab = signed_in(browser, stack, "wim")
    page, game = tab.page, couple[0].game["game"]
    page.get_by_role("link", name="Games").click()
    row = page.locator(f"[data-game='{game}']")
    expect(row).to_contain_text("of 30", timeout=60_000)
    row.get_by_role("link", name="Watch").click()

    # While they play, the admin's picture moves as theirs does
    tab.until(lambda: len(tab.all("frame")) > 20, within_s=30, what="frames")
    couple[0].press("ArrowRight")
    theirs = {frame[TICK]: frame for frame in couple[1].all("frame") if frame[BASE] >= 0}
    mine = [frame for frame in tab.all("frame") if frame[TICK] in theirs and frame[BASE] >= 0]
    assert len(mine) > 5 and all(frame == theirs[frame[TICK]] for frame in mine)
    tab.until(lambda: tab.all("frame")[-1][OBJECTS], what="something that moves")
    before = page.evaluate("document.querySelector('canvas').toDataURL()")
    tab.until(
        lambda: page.evaluate("document.querySelector('canvas').toDataURL()") != before,
        what="another picture",
    )
    expect(page.locator(".theatre .pulse")).to_have_text("Live")
    assert violations(page) == []

    # Then the game ends, and what was played is there to see
    couple[0].press(" ")
    expect(page.locator(".theatre .pulse")).to_have_text("The game is over.", timeout=30_000)
    ticks = stack.tables("pair") / "ticks" / f"{game}-000.parquet"
    eventually(ticks.exists, within_s=60, what="the archive")
    page.get_by_role("link", name="Replay its last episode").click()
    shown = page.locator("output[data-waits='false']")
    expect(shown).to_have_attribute("data-tick", "0", timeout=60_000)
    assert violations(page) == []
    table = pd.read_parquet(ticks)
    page.get_by_role("slider", name="Tick").press("End")
    expect(shown).to_have_attribute("data-tick", str(table.tick.max() + 1))
    for seat, score in table.groupby("seat").reward.sum().items():
        cell = page.locator(f"[data-seat='{seat}'] [data-score]")
        assert float(cell.get_attribute("data-score") or "") == pytest.approx(score)

    # And a link leads to its tick, from where it plays on
    page.goto(f"{stack.url}/admin/episodes/{game}-000?tick=7")
    expect(shown).to_have_attribute("data-tick", "7", timeout=60_000)
    page.get_by_role("button", name="Play").click()
    tab.until(lambda: int(shown.get_attribute("data-tick") or 0) > 12, what="that it plays")
    with page.expect_download() as loading:
        page.get_by_role("link", name="Download its data").click()
    assert loading.value.suggested_filename == f"{game}-000.zip"
    assert tab.errors == []
    tab.context.close()
