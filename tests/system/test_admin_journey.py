"""A study from its deployment's first link to its data, by an admin in a real Chromium alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from igym.services.packages import packing
from tests.system.browser import Tab
from tests.system.client import BASE, TICK, Client, join
from tests.system.desk import (
    SOON_MS,
    WORDS,
    does,
    dropped,
    exported,
    opens,
    setup_link,
    signed_in,
    signs_in,
    stands,
)
from tests.system.looks import violations
from tests.system.server import Server, eventually, package, serving

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.slow]

NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A deployment in which there is nothing and nobody yet."""
    with serving(WEB="2", GAMES="1") as made:
        yield made


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A game for two in which a policy can take a seat, with a code for whom an admin removes."""
    root = package(tmp_path_factory.mktemp("study"), "pair")
    words = (root / "experiment.py").read_text().replace('hold("15 s")', 'hold("15 s", Random())')
    words = words.replace("import Experiment", "import Random, Experiment")
    words = words.replace('"left": "GONE"', '"left": "GONE", "ended_by_researcher": "ENOUGH"')
    (root / "experiment.py").write_text(words)
    packing.pack(root, root.parent / "pair.zip")
    return root.parent / "pair.zip"


def test_an_admin_runs_a_study_from_the_first_link_to_the_data(browser, server, study, tmp_path):
    # Set up: the link makes the first account, once
    tab = Tab(browser)
    page = tab.page
    page.goto(setup_link(server))
    page.get_by_role("link", name="Make one").click()
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password, 12 characters or more").fill(WORDS)
    page.get_by_label("Role").select_option("admin")
    page.get_by_role("button", name="Make account").click()
    expect(page.locator(".rows")).to_contain_text("ann")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto(setup_link(server))
    expect(page.get_by_role("heading", name="Experiments")).to_have_count(0)
    signs_in(page, server, "ann")

    # Upload, and activate
    opens(page, "Packages")
    dropped(page, study)
    version = page.locator("[data-version='1']")
    stands(version, "checked")
    does(page, "Activate", of=version)
    stands(version, "active")

    # Two people come, one of them in a browser
    somebody = Tab(browser)
    their = somebody.page
    their.goto(f"{server.url}/e/pair")
    their.locator("main button").first.click(timeout=SOON_MS)
    with Client(server.url, join(server.url, "pair")) as other:
        other.to_game(within_s=60)
        their.locator("canvas").wait_for(timeout=SOON_MS)
        somebody.until(lambda: somebody.stage() == "playing", within_s=60, what="the game")
        game, session = other.game["game"], somebody.state["session"]
        _watched(tab, page, game, other)
        _acted_on(page, their, game, session, somebody.state["view"]["seat"])
        _closed(browser, page, server)

        opens(page, "Games")
        does(page, "End game", of=page.get_by_role("group", name=f"Act on game {game}"))
        state = other.wait("state", lambda s: s["phase"] == "ended", within_s=60)
        assert state["view"]["code"] == "ENOUGH"
    somebody.context.close()

    _replayed(tab, page, server, game)

    # Export: who was removed is in it with the code they got
    opens(page, "Data")
    exported(page, "pair", "1", tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as opened:
        (name,) = [n for n in opened.namelist() if n.endswith("/sessions.csv")]
        sessions = pd.read_csv(io.BytesIO(opened.read(name))).set_index("session_id")
    assert len(sessions) == 2 and sessions.loc[session, "code"] == "ENOUGH"
    assert set(sessions.outcome) == {"ended_by_researcher"}

    # Ann's other browser is signed out from here, and this one by its own button
    elsewhere = signed_in(browser, server, "ann")
    opens(page, "You")
    page.get_by_role("button", name="Sign out there").click()
    elsewhere.page.goto(f"{server.url}/admin/participants")
    expect(elsewhere.page.get_by_role("button", name="Sign in")).to_be_visible(timeout=SOON_MS)
    status = "fetch('/admin/overview.json').then((answer) => answer.status)"
    assert elsewhere.page.evaluate(status) == 401
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate(status) == 401
    elsewhere.context.close()
    assert not any("alert" in said or "Content Security Policy" in said for said in tab.errors)
    tab.context.close()


def _watched(tab: Tab, page: Page, game: str, other: Client) -> None:
    """While they play, the admin's picture moves as theirs does."""
    opens(page, "Games")
    page.locator(f"[data-game='{game}']").get_by_role("link", name="Watch").click(timeout=SOON_MS)
    tab.until(lambda: len(tab.all("frame")) > 20, within_s=30, what="frames")
    seats = page.get_by_role("group", name="As seen by").get_by_role("button")
    whose = f"{other.game['seat']} {other.state['session'][:8]}"
    expect(seats.filter(has_text=whose)).to_have_count(1)
    canvas = "document.querySelector('canvas').toDataURL()"
    before = page.evaluate(canvas)
    other.press("ArrowRight")
    tab.until(lambda: page.evaluate(canvas) != before, within_s=30, what="another picture")
    theirs = {frame[TICK]: frame for frame in other.all("frame") if frame[BASE] >= 0}
    mine = [frame for frame in tab.all("frame") if frame[TICK] in theirs and frame[BASE] >= 0]
    assert len(mine) > 5 and all(frame == theirs[frame[TICK]] for frame in mine)
    expect(page.locator(".theatre .pulse")).to_have_text("Live")
    assert violations(page) == []


def _acted_on(page: Page, their: Page, game: str, session: str, seat: str) -> None:
    """What is done to people and their game arrives, and the admin sees that it did."""
    opens(page, "Participants")
    page.locator(f"[data-session='{session}']").click(timeout=SOON_MS)
    does(page, "Message", f"{NASTY} Two more rounds.", of=page.get_by_role("complementary"))
    expect(their.locator(".announcement-text")).to_have_text(f"{NASTY} Two more rounds.")
    assert their.locator(".announcement img").count() == 0
    assert their.evaluate("document.activeElement.closest('.announcement')") is None
    told = page.locator("[data-command=message]")
    expect(told).to_contain_text("on their screen", timeout=SOON_MS)
    their.get_by_role("button", name="Got it").click()
    expect(their.locator(".announcement")).to_have_count(0)
    expect(told).to_contain_text("read", timeout=SOON_MS)

    opens(page, "Games")
    mine = page.get_by_role("group", name=f"Act on game {game}")
    does(page, "Pause game", of=mine)
    expect(their.get_by_role("heading", name="A short break")).to_be_visible(timeout=SOON_MS)
    paused = page.locator("tr[data-command=pause]")
    expect(paused).to_have_attribute("data-state", "done", timeout=SOON_MS)
    does(page, "Go on", of=mine)
    expect(their.locator(".overlay[data-stage]")).to_be_hidden(timeout=SOON_MS)
    does(page, f"Policy in {seat}", of=mine)
    chip = their.locator(".note-chip", has_text="plays in your place")
    expect(chip).to_be_visible(timeout=SOON_MS)

    opens(page, "Participants")
    page.locator(f"[data-session='{session}']").click(timeout=SOON_MS)
    does(page, "Remove", "Thank you, that is enough.", of=page.get_by_role("complementary"))
    expect(their.get_by_text("Thank you, that is enough.")).to_be_visible(timeout=SOON_MS)
    expect(their.locator("#code")).to_have_text("ENOUGH")
    expect(page.locator("[data-command=remove]")).to_contain_text("ENOUGH", timeout=SOON_MS)


def _closed(browser, page: Page, server: Server) -> None:
    """Nobody new comes in once recruitment is closed."""
    opens(page, "Overview")
    card = page.locator("[data-experiment=pair]")
    does(page, "Close recruitment", of=card)
    expect(card.locator("[data-recruitment=closed]")).to_be_visible(timeout=SOON_MS)
    third = Tab(browser)
    third.page.goto(f"{server.url}/e/pair")
    expect(third.page.get_by_text("takes nobody new")).to_be_visible(timeout=SOON_MS)
    third.context.close()


def _replayed(tab: Tab, page: Page, server: Server, game: str) -> None:
    """What was played is there to see, to the same end, and from any tick of it."""
    ticks = server.tables("pair") / "ticks" / f"{game}-000.parquet"
    eventually(ticks.exists, within_s=60, what="the archive")
    page.get_by_role("link", name=f"Replay game {game[:8]}").click(timeout=SOON_MS)
    shown = page.locator("output[data-waits='false']")
    expect(shown).to_have_attribute("data-tick", "0", timeout=SOON_MS)
    assert violations(page) == []
    table = pd.read_parquet(ticks)
    page.get_by_role("slider", name="Tick").press("End")
    expect(shown).to_have_attribute("data-tick", str(table.tick.max() + 1))
    for seat, score in table.groupby("seat").reward.sum().items():
        cell = page.locator(f"[data-seat='{seat}'] [data-score]")
        assert float(cell.get_attribute("data-score") or "") == pytest.approx(score)
    page.goto(f"{server.url}/admin/episodes/{game}-000?tick=7")
    expect(shown).to_have_attribute("data-tick", "7", timeout=SOON_MS)
    page.get_by_role("button", name="Play").click()
    tab.until(lambda: int(shown.get_attribute("data-tick") or 0) > 12, what="that it plays")
    with page.expect_download() as loading:
        page.get_by_role("link", name="Download its data").click()
    assert loading.value.suggested_filename == f"{game}-000.zip"
