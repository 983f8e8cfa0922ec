"""Two people in two real browsers, from the link to the completion code and to the data."""

from __future__ import annotations

import gzip
import re
import time
import urllib.request
from urllib.parse import urlsplit

import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from tests.system.browser import Tab
from tests.system.server import Server, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser]

#: Below this nginx sends a file as it is (`gzip_min_length`).
NOT_WORTH_IT = 1024

JOIN_PAGE_BYTES = 300_000
MINE = {"agent_left": "slime_left", "agent_right": "slime_right"}


def arrive(browser: Browser, server: Server, experiment: str, **context) -> Tab:
    """Somebody who opens a link."""
    tab = Tab(browser, **context)
    tab.page.goto(f"{server.url}/x/{experiment}")
    expect(tab.page.get_by_role("heading", level=1)).to_be_visible()
    assert tab.state
    return tab


def on_two_workers(browser: Browser, server: Server, experiment: str) -> tuple[Tab, Tab]:
    """Two people whose sockets are on different web workers, as the balancer happens to do it."""
    first = arrive(browser, server, experiment)
    for _ in range(12):
        second = arrive(browser, server, experiment)
        if second.state["server"] != first.state["server"]:
            return first, second
        second.context.close()
    raise AssertionError("twelve people on the same web worker")


def agree(tab: Tab) -> None:
    """Press the button of the page on screen."""
    tab.page.locator("button.primary").click()


def playing(tab: Tab) -> None:
    """Until the ticks run and the stage is on screen."""
    tab.until(lambda: tab.stage() == "playing" and tab.drawn(), within_s=40, what="the game")
    expect(tab.page.locator("canvas")).to_be_visible()


def x(tab: Tab, name: str) -> int:
    return tab.picture.x(name)


def held_moves_mine(tab: Tab, other: Tab) -> None:
    """Arrow keys move the slime of whoever presses them, in both pages, there and back."""
    mine = MINE[tab.state["view"]["seat"]]
    for key, sign in (("ArrowLeft", -1), ("ArrowRight", 1)):
        for one in (tab, other):
            one.page.bring_to_front()
            one.until(one.drawn)
        before = {one: x(one, mine) for one in (tab, other)}
        tab.page.bring_to_front()
        tab.page.keyboard.down(key)
        for one in (tab, other):
            there = before[one] + sign * 150
            one.until(
                lambda one=one, there=there, sign=sign: (x(one, mine) - there) * sign > 0, what=key
            )
        tab.page.keyboard.up(key)


def answer(tab: Tab) -> None:
    """Fill in the form about the partner and send it."""
    page = tab.page
    page.bring_to_front()
    expect(page.locator("[data-name=skill]")).to_be_visible(timeout=15_000)
    for question in ("skill", "enjoyment", "again"):
        page.locator(f"[data-name={question}] label").first.click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#code")).to_have_text("SLIME-4KQ7", timeout=15_000)


def read(server: Server, table: str) -> pd.DataFrame:
    """The one line of pandas."""
    return pd.read_parquet(server.tables("slime_volleyball") / table)


@pytest.mark.parametrize(
    "how", ["stack", pytest.param("nginx_stack", marks=pytest.mark.nginx)], ids=["shared", "nginx"]
)
def test_two_people_on_two_web_workers_play_a_match_that_ends_in_data(how, browser, request):
    server: Server = request.getfixturevalue(how)
    ann, bob = on_two_workers(browser, server, "slime_volleyball")
    for one in (ann, bob):
        agree(one)
    for one in (ann, bob):
        playing(one)
    assert ann.state["view"]["game"] == bob.state["view"]["game"]
    assert ann.state["server"] != bob.state["server"]
    game = ann.state["view"]["game"]

    # When each presses arrow keys, their own slime moves, in both pages
    held_moves_mine(ann, bob)
    held_moves_mine(bob, ann)

    # and points are scored until the match is over, and both say what they think
    def hud() -> set[str]:
        return {frame[9] for frame in ann.all("frame") if frame[9]}

    ann.until(lambda: len(hud()) > 1, within_s=60, what="a point")
    for one in (ann, bob):
        one.until(lambda one=one: one.state["phase"] == "reading", within_s=70, what="the end")
        answer(one)
    people = {one.state["session"] for one in (ann, bob)}
    for one in (ann, bob):
        assert one.errors == []
        hosts = {
            urlsplit(url).netloc for url in one.requests if not url.startswith(("data", "blo"))
        }
        assert hosts == {urlsplit(server.url).netloc}
        one.context.close()

    # Then the data have every tick once per seat, the edges with the browser's clock, the answers
    folder = server.tables("slime_volleyball") / "ticks"
    eventually(lambda: [*folder.glob(f"{game}-*")], within_s=30, what="archiving the match")
    ticks = read(server, "ticks").query("game_id == @game")
    steps = len(ticks) // 2
    for seat in MINE:
        assert sorted(ticks[ticks.seat == seat].tick) == list(range(steps))
    inputs = read(server, "inputs").query("game_id == @game")
    for seat in MINE:
        mine = inputs[inputs.seat == seat].sort_values("order")
        assert list(mine.key) == ["ArrowLeft"] * 2 + ["ArrowRight"] * 2
        assert list(mine.down) == [True, False] * 2
        assert mine.browser_ms.is_monotonic_increasing
        assert (abs(mine.received_ms - mine.browser_ms) < 5_000).all()
    answers = _answers(server, people)
    joined = answers.merge(read(server, "sessions"), on="session_id", validate="many_to_one")
    assert len(joined) == 6
    assert set(joined.item) == {"skill", "enjoyment", "again"}
    seats = read(server, "seats").query("game_id == @game")
    assert set(seats.session_id) == people


def _answers(server: Server, people: set[str]) -> pd.DataFrame:
    """What they answered, once all of it is on the disk."""

    def rows() -> list[pd.DataFrame]:
        if not [*(server.tables("slime_volleyball") / "answers").glob("*.parquet")]:
            return []  # pandas reads an empty folder as a table without columns
        found = read(server, "answers")
        # An item that was seen and left empty is a row without a value.
        found = found[found.session_id.isin(people) & found.value.notna()]
        return [found] if len(found) == 6 else []

    return eventually(rows, within_s=30, what="archiving the answers")[0]


def test_a_reload_shows_the_whole_game_within_a_second_and_a_second_tab_takes_over(
    stack, browser, record_property
):
    ann, bob = (arrive(browser, stack, "pair") for _ in range(2))
    for one in (ann, bob):
        agree(one)
    for one in (ann, bob):
        playing(one)
    seat, game = ann.state["view"]["seat"], ann.state["view"]["game"]

    # When ann reloads
    ann.heard.clear()
    ann.page.reload(wait_until="load")
    loaded_s = time.monotonic()
    ann.until(lambda: any(f[5] == -1 and f[0] == game for f in ann.all("frame")), within_s=5)
    took_ms = (time.monotonic() - loaded_s) * 1000
    record_property("reload_to_frame_ms", round(took_ms))
    print(f"reload to frame: {took_ms:.0f} ms")
    # Then she has the same seat and the same picture within a second
    assert took_ms < 1_000
    assert ann.state["view"]["seat"] == seat
    whole = next(f for f in ann.all("frame") if f[5] == -1)
    assert len(whole[7]) // 2 == len(bob.picture.objects)
    assert ann.picture.x("a") == bob.picture.x("a")

    # When she opens the study in a second tab
    second = Tab(browser, ann.context.new_page())
    second.page.goto(f"{stack.url}/x/pair")
    second.until(second.drawn, within_s=10)
    assert second.state["view"]["seat"] == seat
    # Then the first says so, and the second plays
    expect(ann.page.get_by_role("heading", level=1)).to_contain_text("open somewhere else")
    second.page.keyboard.down("ArrowRight")
    start = bob.picture.x(seat)
    bob.until(lambda: bob.picture.x(seat) > start + 200, what="moving from the second tab")
    second.page.keyboard.up("ArrowRight")
    second.page.keyboard.press(" ")
    for one in (second, bob):
        one.until(lambda one=one: one.state["phase"] == "reading")
        one.context.close()


def test_thumbs_play_on_a_phone(stack, browser):
    phone = {
        "viewport": {"width": 740, "height": 360},
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    }
    ann = arrive(browser, stack, "solo", **phone)
    ann.page.locator("button.primary").tap()
    playing(ann)
    right = ann.page.locator(".pad-key", has_text="▶")
    expect(right).to_be_visible()
    box, start = right.bounding_box(), x(ann, "a")
    # A finger that stays down holds the key
    touch = ann.context.new_cdp_session(ann.page)
    spot = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [spot]})
    ann.until(lambda: x(ann, "a") > start + 500, what="moving right")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert ann.errors == []
    # and nothing is wider than the phone
    assert ann.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ann.context.close()


def test_a_keyboard_is_enough_and_every_screen_has_a_heading(stack, browser):
    ann = arrive(browser, stack, "solo")
    page = ann.page
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    # From the heading, Tab reaches the button, and Enter presses it
    page.keyboard.press("Tab")
    expect(page.locator("button.primary")).to_be_focused()
    page.keyboard.press("Enter")
    playing(ann)
    assert page.get_by_role("heading", level=1).count() == 1
    start = x(ann, "a")
    page.keyboard.down("ArrowRight")
    ann.until(lambda: x(ann, "a") > start + 200, what="moving")
    page.keyboard.up("ArrowRight")
    page.keyboard.press(" ")
    ann.until(lambda: ann.state["phase"] == "ended", what="the end")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#code")).to_have_text("DONE")
    assert page.get_attribute("html", "lang") == "en"
    assert page.evaluate(
        "[...document.querySelectorAll('button, a')].every("
        "e => (e.ariaLabel || e.textContent).trim() !== '')"
    )
    assert ann.errors == []
    ann.context.close()


@pytest.mark.nginx
def test_the_join_page_is_light_and_asks_nobody_else(nginx_stack, browser, record_property):
    ann = arrive(browser, nginx_stack, "slime_volleyball")
    ann.page.wait_for_load_state("networkidle")
    size = 0
    for url in {u for u in ann.requests if u.startswith("http") and "/api/" not in u}:
        asked = urllib.request.Request(url, headers={"accept-encoding": "gzip"})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            raw = answer.read()
            text = re.search(r"text/(javascript|css)", answer.headers["content-type"] or "")
            if text and (len(raw) >= NOT_WORTH_IT or answer.headers["content-encoding"]):
                assert answer.headers["content-encoding"] == "gzip", url
                assert gzip.decompress(raw)
            size += len(raw)
    record_property("join_page_bytes", size)
    print(f"join page: {size / 1000:.1f} kB")
    assert size <= JOIN_PAGE_BYTES
    assert {urlsplit(url).netloc for url in ann.requests} == {urlsplit(nginx_stack.url).netloc}
    assert ann.errors == []
    ann.context.close()


def test_an_unknown_study_says_so_on_a_page_of_ours(stack, browser):
    tab = Tab(browser)
    tab.page.goto(f"{stack.url}/x/no_such_study")
    expect(tab.page.get_by_role("heading", level=1)).to_be_visible()
    expect(tab.page.locator("main")).to_contain_text("not_found")
    tab.context.close()
