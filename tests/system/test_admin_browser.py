"""The admin's client in a real Chromium, beside people who play."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from igym import settings
from igym.domain.access import Role
from igym.services import accounts
from igym.services.connect import connect
from igym.store import keys
from tests.system.browser import Tab, running
from tests.system.client import Client, join
from tests.system.conftest import two
from tests.system.looks import pictured, violations
from tests.system.server import Server, package, serving

pytestmark = [pytest.mark.stack, pytest.mark.browser]

WORDS = "correct horse battery staple"
NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """Two web workers, and an experiment whose title would like to be a script."""
    study = package(tmp_path_factory.mktemp("study"), "pair")
    toml = study / "experiment.toml"
    toml.write_text(toml.read_text().replace("A pair", NASTY))
    acted = package(tmp_path_factory.mktemp("acted"), "pair")
    (acted / "experiment.toml").write_text('id = "acted"\nversion = "1"\ntitle = "Acted on"\n')
    words = (acted / "experiment.py").read_text().replace('hold("15 s")', 'hold("15 s", Random())')
    words = words.replace("import Experiment", "import Random, Experiment")
    words = words.replace('"left": "GONE"', '"left": "GONE", "ended_by_researcher": "ENOUGH"')
    (acted / "experiment.py").write_text(words)
    with serving(study, acted, "breaks_step", WEB="2", GAMES="1", IGYM_BROWSER_LOGS="info") as made:
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
def browser(chromium) -> Iterator[Browser]:
    with running(chromium) as browser:
        yield browser


def signed_in(browser: Browser, server: Server, name: str, **context: Any) -> Tab:
    tab = Tab(browser, **context)
    tab.page.goto(f"{server.url}/admin")
    tab.page.get_by_label("Name").fill(name)
    tab.page.get_by_label("Password").fill(WORDS)
    tab.page.get_by_role("button", name="Sign in").click()
    expect(tab.page.get_by_role("heading", name="Experiments")).to_be_visible(timeout=60_000)
    return tab


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


def test_what_a_browser_logs_is_read_as_text_and_without_what_is_secret(browser, server, admin):
    somebody = Tab(browser)
    somebody.page.goto(f"{server.url}/e/pair?PROLIFIC_PID=5f1")
    expect(somebody.page.locator("main button").first).to_be_visible(timeout=60_000)
    told = Tab.until(somebody, lambda: somebody.all("state"), within_s=60, what="a state")[-1]
    say = f"console.warn({NASTY!r}, location.href, sessionStorage); console.debug('not this')"
    somebody.page.evaluate(say)

    page = admin.page
    page.goto(f"{server.url}/admin/logs?about={told['session']}")
    line = page.locator(".log li", has_text=NASTY)
    expect(line).to_have_count(1, timeout=60_000)
    expect(line).to_contain_text("/e/pair?***")
    expect(line.locator(f"[title='{told['session']}']")).to_be_visible()
    assert "5f1" not in line.inner_text() and "not this" not in page.locator(".log").inner_text()
    assert page.locator("img").count() == 0
    page.get_by_label("Level").select_option("error")
    expect(line).to_have_count(0)
    somebody.context.close()


def test_what_an_environment_raises_is_told_with_its_game_and_to_nobody_who_plays(server, admin):
    raised = "a wall that is not there"
    with Client(server.url, join(server.url, "breaks_step")) as one:
        one.to_game()
        end = one.wait("state", lambda state: state["phase"] == "ended", within_s=30)
        assert end["view"]["outcome"] == "technical_problem"
        assert not any(w in str(heard.said) for heard in one.heard for w in (raised, "Traceback"))
        game = one.game["game"]

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
def test_axe_finds_nothing_serious(browser, server, couple, scheme):
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


def test_what_an_admin_does_arrives_and_the_admin_sees_that_it_did(admin, browser, server):
    page, somebody = admin.page, Tab(browser)
    their = somebody.page
    their.goto(f"{server.url}/e/acted")
    their.locator("main button").first.click(timeout=60_000)
    with Client(server.url, join(server.url, "acted")) as other:
        other.to_game(within_s=60)
        their.locator("canvas").wait_for(timeout=60_000)
        somebody.until(lambda: somebody.stage() == "playing", within_s=60, what="the game")
        session, seat = somebody.state["session"], somebody.state["view"]["seat"]

        def asks(label: str, words: str = "") -> None:
            """Press a button of the open page, and answer its question."""
            page.get_by_role("button", name=label, exact=True).first.click()
            dialog = page.get_by_role("dialog")
            if words:
                dialog.locator("textarea, input").fill(words)
            dialog.get_by_role("button", name=label, exact=True).click()
            expect(dialog).to_have_count(0, timeout=60_000)

        page.goto(f"{server.url}/admin/participants")
        page.locator(f"[data-session='{session}']").click(timeout=60_000)
        asks("Message", f"{NASTY} Two more rounds.")
        expect(their.locator(".announcement-text")).to_have_text(f"{NASTY} Two more rounds.")
        assert their.locator(".announcement img").count() == 0
        assert their.evaluate("document.activeElement.closest('.announcement')") is None
        told = page.locator("[data-command=message]")
        expect(told).to_contain_text("on their screen", timeout=60_000)
        their.get_by_role("button", name="Got it").click()
        expect(their.locator(".announcement")).to_have_count(0)
        expect(told).to_contain_text("read", timeout=60_000)

        page.goto(f"{server.url}/admin/games")
        game = page.locator("[data-game]", has_text=session[:8])
        expect(game).to_be_visible(timeout=60_000)
        mine = page.get_by_role("group", name=f"Act on game {other.game['game']}")

        def steers(label: str) -> None:
            mine.get_by_role("button", name=label, exact=True).click()
            dialog = page.get_by_role("dialog")
            dialog.get_by_role("button", name=label, exact=True).click()
            expect(dialog).to_have_count(0, timeout=60_000)

        steers("Pause game")
        expect(their.get_by_role("heading", name="A short break")).to_be_visible(timeout=60_000)
        expect(page.locator("tr[data-command=pause]")).to_have_attribute(
            "data-state", "done", timeout=60_000
        )
        steers("Go on")
        expect(their.locator(".overlay[data-stage]")).to_be_hidden(timeout=60_000)
        steers(f"Policy in {seat}")
        expect(their.locator(".note-chip", has_text="plays in your place")).to_be_visible(
            timeout=60_000
        )

        page.goto(f"{server.url}/admin/participants")
        page.locator(f"[data-session='{session}']").click(timeout=60_000)
        asks("Remove", "Thank you, that is enough.")
        expect(their.get_by_text("Thank you, that is enough.")).to_be_visible(timeout=60_000)
        expect(their.locator("#code")).to_have_text("ENOUGH")
        expect(page.locator("[data-command=remove]")).to_contain_text("ENOUGH", timeout=60_000)

        page.goto(f"{server.url}/admin")
        card = page.locator("[data-experiment=acted]")
        card.get_by_role("button", name="Close recruitment").click(timeout=60_000)
        page.get_by_role("dialog").get_by_role("button", name="Close recruitment").click()
        expect(card.locator("[data-recruitment=closed]")).to_be_visible(timeout=60_000)
        third = Tab(browser)
        third.page.goto(f"{server.url}/e/acted")
        expect(third.page.get_by_text("takes nobody new")).to_be_visible(timeout=60_000)
        third.context.close()

        page.goto(f"{server.url}/admin/games")
        expect(mine).to_be_visible(timeout=60_000)
        steers("End game")
        state = other.wait("state", lambda s: s["phase"] == "ended", within_s=60)
        assert state["view"]["code"] == "ENOUGH"
    somebody.context.close()
    assert not any("alert" in said for said in admin.errors)
