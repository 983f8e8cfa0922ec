"""Two people in browsers are asked between rounds, one reloads, and all of it is in the data."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from playwright.sync_api import expect

from tests.system.browser import Tab, running
from tests.system.server import eventually, serving

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def answer(tab: Tab, liked: int) -> None:
    """They answer what is asked between two rounds."""
    tab.page.bring_to_front()
    sheet = tab.page.locator(".asking")
    expect(sheet.get_by_text("How was it?")).to_be_visible(timeout=30_000)
    sheet.locator(".sd-rating__item").nth(liked - 1).click()
    sheet.get_by_role("button", name="Continue").click()
    expect(sheet).to_be_hidden(timeout=10_000)


def rows(server, table: str) -> list[dict]:
    folder = server.tables("rounds") / table
    files = sorted(folder.glob("*.parquet"))
    return pd.concat(map(pd.read_parquet, files)).to_dict("records") if files else []


def test_two_people_practise_are_asked_between_rounds_and_get_a_bonus(chromium):
    with serving("rounds", WEB="2") as server, running(chromium) as browser:
        ann, bob = Tab(browser), Tab(browser)
        for tab in (ann, bob):
            tab.page.goto(f"{server.url}/x/rounds")
            tab.page.locator("button.primary").click()
        # After the practice both are asked; who has answered waits, and a reload asks nobody again
        answer(ann, 2)
        waiting = ann.page.locator(".overlay:not(.loading) .overlay-title")
        expect(waiting).to_contain_text("Waiting for")
        ann.page.reload()
        expect(waiting).to_contain_text("Waiting for", timeout=15_000)
        expect(ann.page.locator(".asking")).to_be_hidden()
        answer(bob, 3)
        # and after each round that counts
        for liked in (4, 5):
            for tab in (bob, ann):
                answer(tab, liked)
        for tab in (ann, bob):
            tab.until(lambda tab=tab: tab.state["phase"] == "ended", within_s=30)
        practised = [said["practice"] for said in bob.all("episode") if said["stage"] == "asking"]
        assert practised[0] and not practised[-1]

        # Then the data have every answer with its episode, practice flagged, a bonus for each
        eventually(lambda: len(rows(server, "bonuses")) == 2, within_s=60, what="two bonuses")
        answers = [a for a in rows(server, "answers") if a["item"] == "liked"]
        assert sorted((int(a["episode"]), json.loads(a["value"])) for a in answers) == [
            (0, 2), (0, 3), (1, 4), (1, 4), (2, 5), (2, 5),
        ]  # fmt: skip
        episodes = sorted(rows(server, "episodes"), key=lambda e: e["episode"])
        assert [e["practice"] for e in episodes] == [True, False, False]
        assert {(b["amount"], b["error"]) for b in rows(server, "bonuses")} == {(2.0, "")}

        # and what callbacks recorded, in the game worker and in the process for such functions
        def recorded() -> list[str]:
            said = [e for e in rows(server, "events") if e["kind"] == "recorded"]
            return sorted(json.loads(e["detail"])["name"] for e in said)

        everything = sorted(["begins"] * 3 + ["waits"] * 2 + ["ended"] * 2)
        eventually(lambda: recorded() == everything, within_s=60, what="what callbacks recorded")
        for tab in (ann, bob):
            assert tab.errors == []
