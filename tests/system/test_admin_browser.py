"""The admin's client in a real Chromium, beside people who play."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from igym import settings
from igym.domain.access import Role
from igym.services import accounts
from igym.services.connect import connect
from igym.store import keys
from tests.system.browser import Tab, running
from tests.system.client import Client, join
from tests.system.conftest import two
from tests.system.desk import WORDS, does, signed_in
from tests.system.looks import pictured, violations
from tests.system.server import Server, package, serving

pytestmark = [pytest.mark.stack, pytest.mark.browser]

NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """Two web workers, and an experiment whose title would like to be a script."""
    study = package(tmp_path_factory.mktemp("study"), "pair")
    toml = study / "experiment.toml"
    toml.write_text(toml.read_text().replace("A pair", NASTY))
    with serving(study, "breaks_step", WEB="2", GAMES="1", IGYM_BROWSER_LOGS="info") as made:
        env = {"REDIS_URL": f"unix://{made.data}/redis/redis.sock"}
        deployment = connect(settings.load(env, made.data))
        accounts.create(deployment, "ann", WORDS, Role.ADMIN)
        accounts.create(deployment, "vic", WORDS, Role.VIEWER, ("pair",))
        yield made


@pytest.fixture(scope="module")
def couple(server) -> Iterator[tuple[Client, Client]]:
    """Two people in a game, for as long as the tests here run."""
    pair = two(server)
    yield pair
    for one in pair:
        one.close()


@pytest.fixture(scope="module")
def unlucky(server) -> Client:
    """Somebody whose game broke: there is a problem to look at, and a line in a log."""
    with Client(server.url, join(server.url, "breaks_step")) as one:
        one.to_game()
        one.wait("state", lambda state: state["phase"] == "ended", within_s=30)
    return one


@pytest.fixture(scope="module")
def browser(chromium) -> Iterator[Browser]:
    with running(chromium) as browser:
        yield browser


@pytest.fixture(scope="module")
def wordy(browser, server) -> Iterator[str]:
    """The session of somebody in whose console something was said; their page stays open."""
    tab = Tab(browser)
    tab.page.goto(f"{server.url}/e/pair?PROLIFIC_PID=5f1")
    expect(tab.page.locator("main button").first).to_be_visible(timeout=60_000)
    told = tab.until(lambda: tab.all("state"), within_s=60, what="a state")[-1]
    say = f"console.warn({NASTY!r}, location.href, sessionStorage); console.debug('not this')"
    tab.page.evaluate(say)
    yield str(told["session"])
    tab.context.close()


@pytest.fixture(scope="module")
def admin(browser, server) -> Tab:
    return signed_in(browser, server, "ann")


def session_of(one: Client) -> str:
    return str(one.state["session"])


def test_the_overview_counts_who_plays_and_a_title_stays_text(admin, couple):
    page = admin.page
    figures = page.get_by_label("Now", exact=True)
    expect(figures.locator(".figure", has_text="Playing").locator("strong")).to_have_text(
        "2", timeout=60_000
    )
    expect(page.locator("[data-experiment=pair] h3")).to_contain_text(NASTY)
    assert page.locator("img").count() == 0

    page.get_by_role("link", name="Games").click()
    row = page.locator("[data-game]")
    expect(row).to_have_count(1)
    for one in couple:
        expect(row).to_contain_text(session_of(one)[:8])
    assert page.url.endswith("/admin/games")
    page.go_back()
    expect(page.get_by_role("heading", name="Experiments")).to_be_visible()
    assert admin.errors == []


def test_the_games_there_are_stay_in_sight_until_the_next_have_come(admin, server, couple):
    page = admin.page
    page.goto(f"{server.url}/admin/games")
    rows, table = page.locator("[data-game]"), page.locator(".scroll:has([data-game])")
    expect(rows).to_have_count(1, timeout=60_000)
    one = page.evaluate("fetch('/admin/games.json').then((answer) => answer.json())")
    games = [{**one["games"][0], "id": f"{n:032}"} for n in range(32)]  # as if it were so many
    held: list[Route] = []

    def answers(route: Route) -> None:
        begin = 30 * ("from=30" in route.request.url)
        some = {"total": 32, "from": begin, "games": games[begin : begin + 30]}
        route.fulfill(json={**one, **some})

    page.route("**/admin/games.json?from=0", answers)
    page.route("**/admin/games.json?from=30", lambda route: held.append(route))
    expect(rows).to_have_count(30, timeout=60_000)
    expect(table).to_have_attribute("aria-busy", "false")
    page.get_by_role("button", name="Next 30").click()
    expect(table).to_have_attribute("aria-busy", "true")
    expect(rows).to_have_count(30)
    admin.until(lambda: held, what="the question for the second page")
    assert page.get_by_text("Asking which games").count() == 0
    answers(held[0])
    expect(rows).to_have_count(2)
    expect(page.get_by_text("31 to 32 of 32 games")).to_be_visible()
    expect(table).to_have_attribute("aria-busy", "false")
    page.unroute_all()


def test_somebody_is_found_and_all_that_is_known_of_them_told(admin, server, couple):
    page, ann = admin.page, session_of(couple[0])
    page.goto(f"{server.url}/admin/participants")
    mine = page.locator(f"[data-session='{ann}']")
    expect(mine).to_contain_text("playing", timeout=60_000)
    expect(mine.get_by_text("here", exact=True)).to_be_visible(timeout=60_000)

    page.get_by_role("searchbox").fill(ann)
    expect(page.locator("[data-session]")).to_have_count(1)
    expect(page.get_by_text("1 of ")).to_be_visible()
    mine.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("complementary", name="Participant")
    expect(drawer).to_contain_text(ann)
    expect(drawer).to_contain_text("matched for", timeout=60_000)
    drawer.get_by_text("Console of their browser").click()
    expect(drawer).to_contain_text("said nothing lately", timeout=60_000)
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)

    page.get_by_role("searchbox").fill("nobody like that")
    expect(page.locator("[data-session]")).to_have_count(0)
    page.get_by_role("button", name="Show all").click()
    expect(mine).to_be_visible()
    page.get_by_label("State").select_option("ended")
    expect(mine).to_have_count(0)
    assert admin.errors == []


def test_a_waiting_room_is_spoken_to_and_let_wait_longer(admin, server):
    page = admin.page
    with Client(server.url, join(server.url, "pair")) as alone:
        alone.advance()
        page.goto(f"{server.url}/admin/lobbies")
        room = page.get_by_role("group", name="Act on this room")
        expect(room).to_be_visible(timeout=60_000)
        mark = alone.mark()
        does(page, "Message", "Somebody is on their way.", of=room)
        said = alone.wait("announcement", since=mark, within_s=20)
        assert said["text"] == "Somebody is on their way."

        left = page.locator(f"[data-session='{session_of(alone)}'] td").nth(4)
        before = left.inner_text()
        does(page, "Wait longer", "60", of=room)
        expect(left).to_contain_text("h", timeout=60_000)
        assert "h" not in before
        pictured(page, "admin-lobbies-room", "light")


def test_what_is_stored_of_a_person_stays_text(admin, server, couple):
    redis, page = server.redis, admin.page
    fields = dict.fromkeys(
        ("participant", "scene", "outcome", "code", "wave", "reason", "phase"), NASTY
    )
    about = {"version": "1", "mode": "live", "release": "1", "started_ms": "1", "entered_ms": "1"}
    whose = keys.session("pair", "nasty")
    redis.hset(whose, mapping={**fields, **about, "cells": json.dumps({NASTY: NASTY})})
    redis.expire(whose, 600)
    redis.zadd(keys.presence("pair"), {"nasty": 4e12})

    page.goto(f"{server.url}/admin/participants")
    row = page.locator("[data-session=nasty]")
    expect(row).to_contain_text(NASTY, timeout=60_000)
    row.click()
    expect(page.get_by_role("complementary")).to_contain_text(NASTY)
    assert page.locator("img").count() == 0
    assert not any("alert" in said or "Content Security Policy" in said for said in admin.errors)
    redis.zrem(keys.presence("pair"), "nasty")
    redis.delete(whose)
    expect(row).to_have_count(0, timeout=60_000)


def test_what_a_browser_logs_is_read_as_text_and_without_what_is_secret(server, admin, wordy):
    page = admin.page
    page.goto(f"{server.url}/admin/logs?about={wordy}")
    line = page.locator(".log li", has_text=NASTY)
    expect(line).to_have_count(1, timeout=60_000)
    expect(line).to_contain_text("/e/pair?***")
    expect(line.locator(f"[title='{wordy}']")).to_be_visible()
    assert "5f1" not in line.inner_text() and "not this" not in page.locator(".log").inner_text()
    assert page.locator("img").count() == 0
    page.get_by_label("Level").select_option("error")
    expect(line).to_have_count(0)


def test_what_an_environment_raises_is_told_with_its_game_and_to_nobody_who_plays(
    server, admin, unlucky
):
    raised = "a wall that is not there"
    assert unlucky.state["view"]["outcome"] == "technical_problem"
    assert not any(w in str(heard.said) for heard in unlucky.heard for w in (raised, "Traceback"))
    game = unlucky.game["game"]

    page = admin.page
    page.goto(f"{server.url}/admin/problems")
    problem = page.locator(".problem", has_text=raised)
    expect(problem).to_have_count(1, timeout=60_000)
    expect(problem).to_contain_text("episode 0, tick 25")
    problem.locator("summary").click()
    expect(problem.locator("code", has_text=game)).to_be_visible()
    expect(problem.locator("pre")).to_contain_text("field.py")
    problem.get_by_role("link", name="What processes said").click()
    expect(page.locator(".log li", has_text=raised)).to_have_count(1, timeout=60_000)


def test_a_viewer_sees_no_answers(browser, server, couple):
    page = signed_in(browser, server, "vic").page
    where = f"/admin/participants/pair/{session_of(couple[0])}.json"
    said = page.evaluate(f"fetch('{where}').then((answer) => answer.json())")
    assert said["withheld"] and said["link"] == {} and said["timeline"]
    assert page.get_by_role("link", name="Accounts").count() == 0
    for path, there in (("", "article"), ("/participants", "[data-session]")):
        page.goto(f"{server.url}/admin{path}")
        page.locator(there).first.click(timeout=60_000)
        assert page.get_by_role("group", name="Act on").count() == 0
        assert page.get_by_role("heading", name="Recent actions").count() == 0


#: Page -> what is on it once it has come. `{game}` is a live one.
PAGES = {
    "": "text=Web workers",
    "/participants": "[data-session]",
    "/lobbies": "text=Latest decisions",
    "/games": "[data-game]",
    "/games/pair/{game}": "canvas",
    "/packages": "[data-version]",
    "/data": "[data-table]",
    "/problems": ".problem",
    "/logs": ".log li",
    "/logs?of=server": "text=Warnings and errors",
    "/account": "main h2",
    "/accounts": "main h2",
    "/doctor": ".findings li",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, server, couple, unlucky, wordy, scheme):
    look: Any = {"color_scheme": scheme, "reduced_motion": "reduce"}
    fresh = Tab(browser, **look)
    found = {}
    for path, there, name in (
        ("/admin/sign-in", "button.primary", "admin-sign-in"),
        ("/e/pair", "main button", "participant-consent"),
        ("/e/nowhere", "main h1", "participant-no-such-study"),
        ("/", "main h1", "participant-no-link"),
    ):
        fresh.page.goto(server.url + path)
        expect(fresh.page.locator(there).first).to_be_visible(timeout=60_000)
        pictured(fresh.page, name, scheme)
        found[path] = violations(fresh.page)
    page = signed_in(browser, server, "ann", **look).page
    game = couple[0].game["game"]
    for path, there in PAGES.items():
        page.goto(f"{server.url}/admin{path.format(game=game)}")
        expect(page.locator(there).first).to_be_visible(timeout=60_000)
        if path == "/participants":
            page.locator("[data-session]").first.click()
            expect(page.get_by_role("complementary")).to_contain_text("arrived", timeout=60_000)
        name = re.sub(r"\W+", "-", path.replace("{game}", "")).strip("-") or "overview"
        pictured(page, f"admin-{name}", scheme)
        found[path or "/admin"] = violations(page)
    assert {path: said for path, said in found.items() if said} == {}
