"""Mouse, finger and gamepad on a real page: where they are is what the environment gets."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect

from tests.system.browser import Tab
from tests.system.server import Server, eventually
from tests.system.test_browser import agree, arrive, playing

pytestmark = [pytest.mark.stack, pytest.mark.browser]

#: A gamepad that the test presses. The browser has none to plug in.
PAD = """
window.pad = {
  connected: true, mapping: 'standard', axes: [0, 0, 0, 0],
  buttons: Array.from({ length: 17 }, () => ({ pressed: false })),
};
navigator.getGamepads = () => [window.pad];
"""

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def spot(tab: Tab, x: float, y: float) -> tuple[float, float]:
    """That part of the stage, on the page."""
    box = tab.page.locator("canvas").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def pictured(tab: Tab, name: str) -> None:
    """Keep what the page looks like, where somebody asked for it."""
    if folder := os.environ.get("IGYM_PICTURES"):
        tab.page.screenshot(path=str(Path(folder) / f"{name}.png"))


def reads(tab: Tab, hud: str) -> None:
    """Until that is written above the stage."""
    expect(tab.page.get_by_text(hud, exact=True)).to_be_visible(timeout=15_000)


def test_an_arm_follows_the_mouse_a_key_and_a_gamepad(browser, stack: Server):
    tab = Tab(browser)
    tab.page.add_init_script(PAD)
    tab.page.goto(f"{stack.url}/x/arm")
    agree(tab)
    playing(tab)
    tab.page.mouse.move(*spot(tab, 0.25, 0.5))
    reads(tab, "torque -1.00")
    pictured(tab, "arm")
    tab.page.mouse.move(*spot(tab, 0.75, 0.2), steps=5)
    reads(tab, "torque 1.00")
    tab.page.keyboard.down("ArrowLeft")  # keys come first
    reads(tab, "torque -1.50")
    tab.page.keyboard.up("ArrowLeft")
    tab.page.evaluate("window.pad.axes[0] = -0.5")  # then sticks
    reads(tab, "torque -1.00")
    tab.page.evaluate("window.pad.buttons[15].pressed = true")  # and their buttons are keys
    reads(tab, "torque 1.50")
    tab.page.evaluate("window.pad.buttons[15].pressed = false; window.pad.axes[0] = 0")
    tab.page.mouse.move(2, 2)  # off the stage
    reads(tab, "torque 0.00")
    assert tab.errors == []
    tab.context.close()


def test_two_phones_take_turns_by_taps(browser, stack: Server):
    tabs = [arrive(browser, stack, "turns", **PHONE) for _ in range(2)]
    for tab in tabs:
        agree(tab)
    for tab in tabs:
        playing(tab)
    first, second = sorted(tabs, key=lambda tab: tab.state["view"]["seat"])
    moves = [(first, 0.5, 0.5), (second, 0.1, 0.1), (first, 0.5, 0.1), (second, 0.9, 0.1)]
    for n, (tab, x, y) in enumerate(moves):
        tab.page.bring_to_front()
        for one in tabs:
            whose = "Your turn" if one is tab else "’s turn"
            expect(one.page.locator(".bar-turn")).to_contain_text(whose)
        tab.page.touchscreen.tap(*spot(tab, x, y))
        for one in tabs:
            one.until(lambda one=one, n=n: len(one.picture.objects) == 4 + n + 1, what="a mark")
    pictured(second, "turns")
    first.page.touchscreen.tap(*spot(first, 0.5, 0.9))
    for tab in tabs:
        tab.until(lambda tab=tab: tab.state["phase"] == "ended", within_s=30, what="the end")
        assert tab.state["view"]["code"] == "DONE" and tab.errors == []
        tab.context.close()

    # And what their displays were like is in the data
    def told() -> list[pd.DataFrame]:
        files = [*stack.tables("turns").glob("screens/*.parquet")]
        rows = pd.concat(map(pd.read_parquet, files)) if files else pd.DataFrame()
        return [rows] if len(rows) and rows.paints.notna().sum() >= 2 else []

    (screens,) = eventually(told, within_s=60, what="two screens in the data")
    assert screens.session_id.nunique() == 2 and (screens.paints > 10).all()
    assert (screens.width_px <= 390).all() and (screens.dropped_paints >= 0).all()
    assert screens.refresh_hz.between(1, 1000).all()
    sessions = pd.read_parquet(stack.tables("turns") / "sessions")
    sessions = sessions[sessions.session_id.isin(screens.session_id)]
    assert set(sessions.device) == {"desktop"} and set(sessions.browser) == {"chrome"}
