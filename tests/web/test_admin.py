"""The operator's page: only a fresh link opens it, and what it shows cannot act."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from flask import Flask

from igym import settings
from igym.services.connect import Deployment, connect, now_ms
from igym.services.sessions import tokens
from igym.services.watching import Watch
from igym.store import keys, lease, records, sockets
from igym.web import admin, pages

NASTY = '"><img src=x onerror=alert(1)></script>'


@pytest.fixture
def deployment(redis, redis_url: str, tmp_path: Path) -> Deployment:
    return connect(settings.load({"REDIS_URL": redis_url}, tmp_path))


def the_app(deployment: Deployment) -> Flask:
    app = Flask("igym.web", static_folder="static", static_url_path="/static")
    app.secret_key = deployment.secret
    pages.register(app, deployment)
    admin.register(app, deployment)
    return app


@pytest.fixture
def browser(deployment: Deployment):
    return the_app(deployment).test_client()


def expire_all(redis) -> None:
    """What a test wrote by hand has a life, as what igym writes has."""
    for name in redis.scan_iter("igym:{*"):
        if b":plan:" not in name and not name.endswith((b":releases", b":versions", b":opening")):
            redis.expire(name, 60, nx=True)


def enter(browser, deployment: Deployment):
    return browser.get(f"/admin/enter?key={tokens.issue_admin(deployment)}")


def test_without_signing_in_the_page_says_how_and_shows_nothing(browser):
    answer = browser.get("/admin")

    assert answer.status_code == 401
    assert "igym admin-link" in answer.text
    assert "password" not in browser.get("/admin").text.replace("no password", "")
    assert browser.get("/admin/overview.json").status_code == 401
    assert browser.get("/admin/overview.json").json["code"] == "bad_token"


def test_a_link_signs_in_once_and_the_key_leaves_the_address(browser, deployment):
    answer = enter(browser, deployment)

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/admin"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.get("/admin").status_code == 200
    assert browser.get("/admin/overview.json").json["queued"] == 0


@pytest.mark.parametrize("public_url", ["", "https://lab.example.org"])
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(redis_url, tmp_path, public_url):
    env = {"REDIS_URL": redis_url, "IGYM_PUBLIC_URL": public_url}
    deployment = connect(settings.load(env, tmp_path))

    cookie = enter(the_app(deployment).test_client(), deployment).headers["Set-Cookie"]

    assert cookie.startswith("igym_admin=")
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    assert "; Path=/admin" in cookie
    assert ("; Secure" in cookie) == public_url.startswith("https")
    assert "Expires=" in cookie


def test_a_forged_or_missing_key_signs_nobody_in(browser, deployment):
    token = tokens.issue_admin(deployment)
    participant = tokens.issue(deployment, "study", "0123456789abcdef")

    for key in ("", "x", "operator", token[:-2], token + "x", participant, "a" * 10_000):
        answer = browser.get("/admin/enter", query_string={"key": key})
        assert answer.status_code == 401
        assert "igym admin-link" in answer.text
        assert "Set-Cookie" not in answer.headers
    assert browser.get("/admin/enter").status_code == 401
    assert browser.get("/admin").status_code == 401


def test_a_link_of_yesterday_signs_nobody_in(browser, deployment, monkeypatch):
    token = tokens.issue_admin(deployment)
    in_13_hours = now_ms() / 1000 + 13 * 3600
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: in_13_hours)

    assert browser.get(f"/admin/enter?key={token}").status_code == 401


def test_signing_in_ends_after_12_hours_however_busy_the_operator_was(
    browser, deployment, monkeypatch
):
    enter(browser, deployment)
    later = now_ms() / 1000 + 11 * 3600
    monkeypatch.setattr("igym.web.admin.time.time", lambda: later)
    assert browser.get("/admin").status_code == 200

    later += 2 * 3600
    assert browser.get("/admin").status_code == 401


def test_signing_out_ends_it(browser, deployment):
    enter(browser, deployment)
    assert browser.post("/admin/leave").status_code == 303
    assert browser.get("/admin").status_code == 401


def test_a_session_of_another_deployment_is_worth_nothing(browser, deployment, redis):
    enter(browser, deployment)
    redis.set(keys.secret(), "another deployment's secret, long enough for everybody")
    other = the_app(connect(deployment.settings)).test_client()
    other.set_cookie("igym_admin", browser.get_cookie("igym_admin", path="/admin").value)

    assert other.get("/admin").status_code == 401


def test_what_a_traceback_says_stays_text(browser, deployment, redis):
    said = {"at_ms": 1.0, "experiment": NASTY, "game": NASTY, "message": NASTY, "where": NASTY}
    records.problem(redis, {**said, "trace": NASTY})
    enter(browser, deployment)

    page = browser.get("/admin")
    data = re.search(r'<script type="application/json" id="first">(.*?)</script>', page.text, re.S)

    assert data is not None
    assert json.loads(data[1])["problems"][0]["trace"] == NASTY
    assert "<" not in html.unescape(data[1])
    assert "<img" not in page.text
    assert "onerror" not in page.text.replace(data[1], "")
    news = browser.get("/admin/overview.json")
    assert news.headers["Content-Type"] == "application/json"
    assert news.json["problems"][0]["message"] == NASTY


def test_a_key_that_says_html_comes_back_as_text(browser):
    assert "<img" not in browser.get("/admin/enter", query_string={"key": NASTY}).text


def test_every_answer_keeps_the_policy_that_forbids_inline_scripts(browser, deployment):
    enter(browser, deployment)
    page = browser.get("/admin")

    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    scripts = re.findall(r"<script([^>]*)>", page.text)
    assert scripts
    assert all("src=" in one or 'type="application/json"' in one for one in scripts)
    assert not re.search(r"\son\w+=", page.text)
    for asset in re.findall(r'(?:src|href)="(/admin/static/[^"]+)"', page.text):
        with browser.get(asset) as answer:
            assert answer.status_code == 200


def test_a_session_is_counted_in_its_phase_and_mode(deployment, redis, slime):
    for number, (mode, phase) in enumerate(
        [("live", "reading"), ("live", "ended"), ("live", "ended"), ("rehearsal", "playing")]
    ):
        redis.hset(keys.session(slime, str(number)), mapping={"mode": mode, "phase": phase})
    redis.hset(keys.session("other", "9"), mapping={"mode": "live", "phase": "playing"})
    expire_all(redis)

    (experiment,) = Watch(deployment).overview()["experiments"]

    assert experiment["whole"]
    by_mode = {one["mode"]: one for one in experiment["modes"]}
    assert by_mode["live"] == {
        "mode": "live", "screening": 0, "reading": 1, "waiting": 0, "choosing": 0, "playing": 0,
        "ended": 2,
    }  # fmt: skip
    assert by_mode["rehearsal"]["playing"] == 1


def test_a_lobby_a_game_and_a_worker_are_seen(deployment, redis, slime):
    lobby = "0123456789abcdef:together:live"
    redis.sadd(keys.lobbies(slime), lobby, "0123456789abcdef:together:pilot")
    redis.zadd(keys.lobby(slime, lobby), {"ann": 1_000, "bob": 2_000, "gone": 3_000})
    for conn, session in enumerate(("ann", "bob")):
        sockets.connect(redis, slime, session, "web-1", conn)
    redis.zadd(keys.games(slime), {"g1": 1_000, "g2": 2_000})
    about = {"scene": "together", "mode": "live", "created_ms": "5000", "generation": "2"}
    redis.hset(
        keys.game(slime, "g1"),
        mapping={**about, "phase": "live", "seats": '{"left":"cat"}', "owner": "games-1"},
    )
    redis.hset(keys.game(slime, "g2"), mapping={**about, "phase": "over", "seats": "{}"})
    redis.sadd("rq:workers", "rq:worker:games-1", "rq:worker:dead")
    lease.beat(redis, "games-1", 5.0, {"pid": "77", "load": "0.25", "games": "1", "still_s": "0"})

    expire_all(redis)

    seen = Watch(deployment).overview()

    (waiting,) = seen["lobbies"]
    assert (waiting["waiting"], waiting["wanted"], waiting["since_ms"]) == (2, 2, 1_000)
    (game,) = seen["games"]
    assert (seen["games_total"], seen["games_hidden"]) == (1, 0), "a game that is over is not live"
    assert (game["id"], game["owner"], game["generation"]) == ("g1", "games-1", "2")
    assert game["seats"] == [{"seat": "left", "session": "cat"}]
    assert [(w["name"], w["pid"], w["load"]) for w in seen["workers"]] == [("games-1", "77", 0.25)]


def test_a_second_look_within_a_moment_costs_nothing(deployment):
    watch = Watch(deployment)
    assert watch.overview() is watch.overview()


@pytest.fixture
def slime(redis) -> str:
    """An experiment with one game scene for two."""
    from igym.domain.plan import Plan, PlayPlan, ScenePlan
    from igym.store import packages

    play = PlayPlan(
        seats=("left", "right"), humans=("left", "right"), policies={}, keys=(), touch=(),
        title="", help="", labels={}, marks={}, aspect=2, background="#000", fps=30, episodes=1,
        max_steps=10, assign="fixed", waits_s=1, countdown_s=1,
        pause_s=1,
    )  # fmt: skip
    scenes = (ScenePlan("together", play=play),)
    packages.publish(redis, Plan("slime", "1", "Slime", "0123456789abcdef" * 4, scenes))
    return "slime"
