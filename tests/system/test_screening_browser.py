"""Being let in, or not, as a real browser shows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.services import choosy
from tests.system.browser import Tab
from tests.system.server import Server, serving

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def screened(rules: str, more: str = "") -> str:
    """The choosy study with other rules at its door."""
    return choosy.EXPERIMENT.replace('screen(check=check, limit="1 s")', rules + more)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("doors")
    strict = screened(
        'screen(devices=["desktop"], browsers=["chrome"], width_px=300, max_rtt="3 s", '
        "min_kbps=300, check=check)"
    )
    phones = screened('screen(devices=["phone"], messages={"device": "Only on a phone."})')
    later = screened("screen()", ', waves=[wave("soon", opens="2099-12-01T00:30Z")]').replace(
        "play, screen", "play, screen, wave"
    )
    with serving(
        choosy.write(home / "strict", "strict", strict),
        choosy.write(home / "phones", "phones", phones),
        choosy.write(home / "later", "later", later),
    ) as made:
        yield made


def test_a_browser_that_fits_measures_itself_and_comes_to_the_first_page(server, browser):
    tab = Tab(browser)
    tab.page.goto(f"{server.url}/x/strict?id=one&do=pass")
    expect(tab.page.locator("button.primary")).to_be_visible(timeout=60_000)
    assert tab.all("state")[0]["phase"] == "screening"
    assert tab.state["phase"] == "reading" and tab.errors == []
    assert any("/api/probe?bytes=" in url for url in tab.requests)


def test_a_browser_that_does_not_fit_reads_the_authors_sentence(server, browser):
    tab = Tab(browser)
    tab.page.goto(f"{server.url}/x/phones?id=two")
    expect(tab.page.get_by_text("Only on a phone.")).to_be_visible(timeout=60_000)
    assert tab.state["view"]["outcome"] == "screened_device"


def test_a_wave_that_is_not_open_says_when_in_the_readers_time(server, browser):
    tab = Tab(browser, timezone_id="Asia/Tokyo", locale="en-GB")
    tab.page.goto(f"{server.url}/x/later?id=three&wave=soon")
    told = tab.page.get_by_text("This part of the study opens on 2099-12-01, 00:30 UTC.")
    expect(told).to_be_visible(timeout=60_000)
    expect(tab.page.get_by_text("09:30")).to_be_visible()
    assert list(server.redis.scan_iter("igym:{later}:session:*")) == []
