"""What people see when something dies: nothing, a badge or a countdown, and their own answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from igym.store import keys
from tests.system.browser import Tab
from tests.system.server import Server, eventually, serving

GENERATION = 1  # of a frame: the second field
STANDS = ("session", "scene", "step", "version")

pytestmark = [pytest.mark.stack, pytest.mark.browser]


@pytest.fixture(scope="module")
def alive() -> Iterator[Server]:
    with serving("alive", WEB="2", GAMES="2") as server:
        yield server


def arrive(browser: Browser, server: Server, **context: object) -> Tab:
    """Somebody who has agreed and is at the questions."""
    tab = Tab(browser, **context)
    tab.page.goto(f"{server.url}/x/alive")
    tab.page.locator("button.primary").click()
    expect(tab.page.locator("textarea")).to_be_visible(timeout=10_000)
    return tab


def queue(tab: Tab) -> None:
    """They answer and go to the lobby."""
    tab.page.bring_to_front()
    tab.page.get_by_role("button", name="Continue").click()
    tab.until(lambda: tab.state["phase"] == "waiting", what="the lobby")


def here(tab: Tab) -> None:
    """They are asked, and are there."""
    tab.page.bring_to_front()
    tab.page.get_by_role("button", name="Yes, I am here").click(timeout=15_000)


@contextmanager
def match(browser: Browser, server: Server) -> Iterator[tuple[Tab, Tab]]:
    """Two people in a game, whose sockets are on two web workers."""
    ann = arrive(browser, server)
    bob = arrive(browser, server)
    for _ in range(12):
        if bob.state["server"] != ann.state["server"]:
            break
        bob.heard.clear()
        bob.page.reload(wait_until="commit")
    else:
        raise AssertionError("always on the same web worker")
    for one in (ann, bob):
        queue(one)
    for one in (ann, bob):
        here(one)
    for one in (ann, bob):
        one.until(lambda one=one: one.stage() == "playing" and one.drawn(), within_s=30)
    yield ann, bob
    for one in (ann, bob):
        one.context.close()


def test_twenty_reloads_change_nothing(alive, browser):
    ann = Tab(browser)
    ann.page.goto(f"{alive.url}/x/alive")
    before = ann.state
    for _ in range(20):
        ann.heard.clear()
        ann.page.reload(wait_until="commit")
        after = ann.state
        assert [after[k] for k in STANDS] == [before[k] for k in STANDS]
    # and among questions nothing that was typed is lost
    ann.page.locator("button.primary").click()
    ann.page.locator("textarea").fill("typed, not sent", timeout=15_000)
    ann.page.reload()
    expect(ann.page.locator("textarea")).to_have_value("typed, not sent")
    assert ann.errors == []
    ann.context.close()


def test_players_on_two_web_workers_write_and_a_tab_that_closes_is_stood_in_for(alive, browser):
    with match(browser, alive) as (ann, bob):
        assert ann.state["server"] != bob.state["server"]
        # When both write, both read it, in the same order
        for one, words in ((ann, "good luck"), (bob, "to you too")):
            one.page.bring_to_front()
            one.page.locator(".chat-input").fill(words)
            one.page.keyboard.press("Enter")
            for reader in (ann, bob):
                expect(reader.page.locator(".chat-text").last).to_have_text(words)
        # Own lines are marked, a reload keeps all of it
        assert ann.page.locator(".chat-line.mine .chat-text").all_text_contents() == ["good luck"]
        bob.page.reload()
        expect(bob.page.locator(".chat-text")).to_have_text(["good luck", "to you too"])

        # When a partner's tab closes, the other sees the author's sentence and a countdown
        ann.page.bring_to_front()
        bob.until(lambda: bob.stage() == "playing", what="playing again")
        name = ann.state["view"]["seats"][bob.state["view"]["seat"]]
        bob.page.close()
        over = ann.page.locator(".overlay:not(.loading)")
        expect(over).to_contain_text(f"{name} lost the connection", timeout=15_000)
        expect(over).to_contain_text("Your partner is on the way.")
        # and then the rule acts: a policy sits in, and the game goes on
        expect(ann.page.locator(".notes")).to_contain_text(f"{name} is away", timeout=15_000)
        ann.until(lambda: ann.stage() == "playing", what="going on")

        # When they come back, they get their seat and the chat
        again = Tab(browser, bob.context.new_page())
        again.page.goto(f"{alive.url}/x/alive")
        again.until(lambda: again.drawn(), what="the game")
        expect(again.page.locator(".chat-text")).to_have_text(["good luck", "to you too"])
        expect(ann.page.locator(".notes")).not_to_contain_text("away", timeout=15_000)

        # Stopping in the game asks first, and ends it for who stops
        again.page.bring_to_front()
        again.page.locator(".bar .stop").click()
        again.page.get_by_role("button", name="My data may be used").click()
        expect(again.page.locator("#code")).to_have_text("STOPPED", timeout=10_000)
        assert again.errors == []


def test_a_game_worker_that_is_killed_costs_a_moment(alive, browser):
    with match(browser, alive) as (ann, bob):
        ann.page.bring_to_front()
        game = ann.state["view"]["game"]
        before = ann.all("frame")[-1][GENERATION]
        name = alive.redis.hget(keys.game("alive", game), "owner").decode()
        (owner,) = [p for p in alive.children("workers games") if name in p.cmdline()]
        expect(ann.page.locator(".overlay:not(.loading)")).to_be_hidden()  # "Go!" is gone
        owner.kill()
        ann.until(lambda: ann.all("frame")[-1][GENERATION] > before, within_s=15, what="going on")
        expect(ann.page.get_by_text("One moment")).to_be_hidden()
        # A word at the most: nothing covers the picture, and nobody reads of an ending
        assert ann.page.locator(".overlay:not(.loading)").is_hidden()
        assert ann.errors == [] and bob.errors == []


@pytest.mark.parametrize("where", ["questions", "lobby"])
def test_one_can_stop_from_every_screen(alive, browser, where):
    ann = arrive(browser, alive)
    if where == "lobby":
        queue(ann)
    ann.page.locator(".foot .stop").click()
    ann.page.get_by_role("button", name="Do not use my data").click()
    expect(ann.page.locator("#code")).to_have_text("STOPPED", timeout=10_000)
    session = eventually(lambda: alive.session("alive", ann.state["session"]))
    assert session["outcome"] == "withdrew"
    assert ann.errors == []
    ann.context.close()


def test_a_web_worker_that_is_killed_costs_a_badge_and_no_answer(alive, browser):
    ann = arrive(browser, alive)
    page = ann.page
    page.locator("textarea").fill("my whole opinion")
    state = ann.state
    (victim,) = [p for p in alive.children("igym.web") if state["server"] in p.cmdline()]
    ann.heard.clear()
    victim.kill()
    ann.until(lambda: ann.all("state"), what="coming back")
    assert [ann.state[k] for k in STANDS] == [state[k] for k in STANDS]
    assert ann.state["server"] != state["server"]
    expect(page.locator("textarea")).to_have_value("my whole opinion")
    expect(page.locator(".badge")).not_to_have_class(re.compile(r"\bon\b"))
    queue(ann)
    assert alive.session("alive", state["session"])["scene"] == "together"
    ann.context.close()
