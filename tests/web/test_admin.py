"""The admin pages: who signed in sees what they may, and no form is taken that is not theirs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask import Flask

from igym import settings
from igym.domain.access import Role
from igym.services import accounts, passwords
from igym.services.connect import Deployment, connect
from igym.services.games.listing import Live
from igym.services.sessions import tokens
from igym.services.watching import Watch
from igym.store import keys, lease, records, sockets
from igym.web import admin, pages

WORDS = "correct horse battery staple"
NASTY = '"><img src=x onerror=alert(1)></script>'


@pytest.fixture
def deployment(redis, redis_url: str, tmp_path: Path) -> Deployment:
    return connect(settings.load({"REDIS_URL": redis_url}, tmp_path))


def the_app(deployment: Deployment) -> Flask:
    app = Flask("igym.web", static_folder="static", static_url_path="/static")
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


def enter(browser, deployment: Deployment, name: str = accounts.OPERATOR):
    return browser.get(f"/admin/enter?key={accounts.link(deployment, name)}")


def token_of(page) -> str:
    """What the forms of that page hold."""
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def told(page) -> dict:
    """What the client begins with."""
    (found,) = re.findall(r'<script type="application/json" id="igym">(.*?)</script>', page.text)
    assert "<" not in found
    return json.loads(found)


def sends(browser, where: str, page: str = "/admin/account", **said):
    """Fill in a form of `page`, and send it to `where`."""
    return browser.post(where, data={"form_token": token_of(browser.get(page)), **said})


def signs_in(browser, name: str = "ann", password: str = WORDS, **query):
    token = token_of(browser.get("/admin/sign-in"))
    data = {"form_token": token, "name": name, "password": password}
    return browser.post("/admin/sign-in", data=data, query_string=query)


def watching(deployment) -> Watch:
    return Watch(deployment, Live(deployment))


def account(deployment, name="ann", role=Role.ADMIN, experiments=()):
    return accounts.create(deployment, name, WORDS, role, experiments)


def test_without_signing_in_there_is_a_form_and_nothing_else(browser):
    answer = browser.get("/admin")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/sign-in")
    page = browser.get("/admin/sign-in")
    assert "igym admin link" in page.text and 'type="password"' in page.text
    assert browser.get("/admin/accounts?x=1").headers["Location"].endswith("accounts?x%3D1")
    assert browser.get("/admin/overview.json").status_code == 401
    assert browser.get("/admin/overview.json").json["code"] == "bad_token"


def test_a_deployment_begins_with_no_login_that_anybody_could_guess(browser, deployment):
    for name in ("admin", "operator", "root", ""):
        for password in ("", "admin", "password", "igym"):
            assert signs_in(browser, name, password).status_code in (401, 429)
    assert not accounts.any_there(deployment)


def test_a_name_and_its_password_sign_in(browser, deployment):
    account(deployment)
    assert signs_in(browser, password="not that one").status_code == 401
    page = signs_in(browser, password="<img src=x>", name="<img src=x>")
    assert "do not go together" in page.text and "<img" not in page.text
    answer = signs_in(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin")
    assert browser.get("/admin").status_code == 200
    assert "ann" in browser.get("/admin/account").text


def test_ten_wrong_passwords_are_enough(browser, deployment):
    account(deployment)
    assert {signs_in(browser, password="no").status_code for _ in range(10)} == {401}
    answer = signs_in(browser)
    assert answer.status_code == 429 and "15 minutes" in answer.text
    assert 14 * 60 < int(answer.headers["Retry-After"]) <= 15 * 60


@pytest.mark.parametrize(
    ("asked", "comes"),
    [
        ("/admin/account", "/admin/account"),
        ("/admin/accounts?x=1", "/admin/accounts?x=1"),
        ("//evil.example/admin", "/admin"),
        ("https://evil.example/admin", "/admin"),
        ("/admin\\..\\evil", "/admin"),
        ("/\\evil.example", "/admin"),
        ("javascript:alert(1)", "/admin"),
        ("/e/study", "/admin"),
    ],
)
def test_after_signing_in_one_is_where_one_was_going_if_that_is_here(
    browser, deployment, asked, comes
):
    account(deployment)
    assert signs_in(browser, next=asked).headers["Location"] == comes


def test_a_link_signs_in_once_and_the_key_leaves_the_address(browser, deployment):
    key = accounts.link(deployment)
    answer = browser.get(f"/admin/enter?key={key}")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/admin"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.get("/admin").status_code == 200
    assert browser.get("/admin/overview.json").json["queued"] == 0
    assert browser.get(f"/admin/enter?key={key}").status_code == 303  # who is in stays in
    again = the_app(deployment).test_client().get(f"/admin/enter?key={key}")
    assert again.status_code == 401 and "opened already" in again.text


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
    key = accounts.link(deployment)
    participant = tokens.issue(deployment, "study", "0123456789abcdef")

    for bad in ("", "x", "operator", key[:-2], key + "x", participant, "a" * 10_000):
        answer = browser.get("/admin/enter", query_string={"key": bad})
        assert answer.status_code == 401
        assert "igym admin link" in answer.text
        assert "Set-Cookie" not in answer.headers
    assert browser.get("/admin/enter").status_code == 401
    assert browser.get("/admin").status_code == 302


def test_a_forged_cookie_is_nobodys(browser, deployment):
    enter(browser, deployment)
    mine = browser.get_cookie("igym_admin", path="/admin").value
    for bad in ("", "x", mine[:-1], mine[::-1]):
        browser.set_cookie("igym_admin", bad, path="/admin")
        assert browser.get("/admin").status_code == 302


def test_a_visit_ends_with_its_life_in_redis(browser, deployment, redis):
    enter(browser, deployment)
    ((name,)) = redis.keys("igym:visit:*")
    assert 0 < redis.ttl(name) <= 12 * 3600
    redis.delete(name)
    assert browser.get("/admin").status_code == 302


def test_signing_out_ends_it_also_for_who_has_the_cookie(browser, deployment):
    enter(browser, deployment)
    cookie = browser.get_cookie("igym_admin", path="/admin").value
    assert sends(browser, "/admin/leave").status_code == 303
    assert browser.get("/admin").status_code == 302
    browser.set_cookie("igym_admin", cookie, path="/admin")
    assert browser.get("/admin").status_code == 302


def test_a_session_of_another_deployment_is_worth_nothing(browser, deployment, redis):
    enter(browser, deployment)
    redis.set(keys.secret(), "another deployment's secret, long enough for everybody")
    other = the_app(connect(deployment.settings)).test_client()
    other.set_cookie("igym_admin", browser.get_cookie("igym_admin", path="/admin").value)

    assert other.get("/admin").status_code == 302


# --- who may do what -------------------------------------------------------------------------


def forms(app: Flask) -> list[str]:
    """Every address of the admin pages that changes something."""
    return sorted(
        rule.rule.replace("<name>", "ann").replace("<what>", "remove").replace("<id>", "0" * 64)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("admin.") and "POST" in (rule.methods or ())
    )


def test_no_form_is_taken_that_no_page_of_ours_has_sent(deployment):
    app = the_app(deployment)
    account(deployment)
    account(deployment, "bob")
    assert len(forms(app)) >= 6
    theirs = app.test_client()
    enter(theirs, deployment, "bob")
    stolen = token_of(theirs.get("/admin/account"))
    for where in forms(app):
        mine = app.test_client()
        enter(mine, deployment, "ann")
        own = token_of(mine.get("/admin/account"))
        evil = {"Origin": "https://evil.example"}
        assert mine.post(where).status_code == 400, where
        assert mine.post(where, data={"form_token": "x"}).status_code == 400, where
        assert mine.post(where, data={"form_token": stolen}).status_code == 400, where
        assert mine.post(where, data={"form_token": own}, headers=evil).status_code == 400, where
        assert mine.get("/admin").status_code == 200, where
    assert {one.name for one in accounts.listed(deployment)} == {"ann", "bob"}


def test_nobody_signed_in_can_send_anything(deployment):
    app = the_app(deployment)
    for where in forms(app):
        answer = app.test_client().post(where, data={"name": "eve", "password": WORDS})
        assert answer.status_code in (400, 401) or where == "/admin/leave", where
    assert not accounts.any_there(deployment)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RESEARCHER])
def test_only_admins_look_after_accounts(browser, deployment, role):
    account(deployment)
    account(deployment, "eve", role, ("*",))
    signs_in(browser, "eve")
    assert browser.get("/admin/accounts").status_code == 403
    assert "Accounts" not in [one["label"] for one in told(browser.get("/admin"))["pages"]]
    for where in ("/admin/accounts", "/admin/accounts/eve/role", "/admin/accounts/ann/remove"):
        said = {"name": "x", "password": WORDS, "role": "admin"}
        assert sends(browser, where, **said).status_code == 403
    assert accounts.listed(deployment)[1].role is role and len(accounts.listed(deployment)) == 2


def test_an_admin_makes_changes_and_removes_accounts(browser, deployment):
    enter(browser, deployment)
    new = {"name": "eve", "password": WORDS, "role": "viewer", "experiments": "kitchen, garden"}
    assert told(browser.get("/admin"))["alone"]
    assert sends(browser, "/admin/accounts", "/admin/accounts", **new).status_code == 303
    assert not told(browser.get("/admin"))["alone"]
    (eve,) = accounts.listed(deployment)
    assert (eve.role, eve.experiments) == (Role.VIEWER, ("garden", "kitchen"))
    answer = sends(browser, "/admin/accounts", "/admin/accounts", **new)
    assert answer.status_code == 409 and "an account &#39;eve&#39; already" in answer.text
    other = the_app(deployment).test_client()
    signs_in(other, "eve")
    assert sends(browser, "/admin/accounts/eve/role", role="admin").status_code == 303
    assert other.get("/admin/accounts").status_code == 200
    answer = sends(browser, "/admin/accounts/eve/remove")
    assert answer.status_code == 400 and "only admin" in answer.text
    assert sends(browser, "/admin/accounts/eve/sign-out").status_code == 303
    assert other.get("/admin").status_code == 302
    assert sends(browser, "/admin/accounts/eve/nonsense").status_code == 400


def test_one_changes_ones_password_and_is_out_everywhere_else(browser, deployment):
    account(deployment)
    other = the_app(deployment).test_client()
    signs_in(browser), signs_in(other)
    new = "a wholly other four words"
    where = "/admin/account/password"
    assert sends(browser, where, old="wrong", new=new).status_code == 400
    assert sends(browser, where, old=WORDS, new="short").status_code == 400
    assert other.get("/admin").status_code == 200
    assert sends(browser, where, old=WORDS, new=new).status_code == 303
    assert browser.get("/admin").status_code == 200
    assert other.get("/admin").status_code == 302
    assert signs_in(other, password=new).status_code == 303


def test_guesses_at_the_password_so_far_are_counted_as_when_signing_in(
    browser, deployment, monkeypatch
):
    account(deployment)
    signs_in(browser)
    asked = []
    monkeypatch.setattr(passwords, "matches", lambda *said: asked.append(said) or False)
    monkeypatch.setattr(passwords, "digest", lambda _: pytest.fail("hashed for nothing"))
    where = "/admin/account/password"
    new = "a wholly other four words"

    said = [sends(browser, where, old=f"guess {n}", new=new).status_code for n in range(12)]

    assert said == [400] * 10 + [429] * 2
    assert len(asked) == 10, "one hash for each try that counted, none for the others"


def test_one_signs_out_a_browser_that_is_somewhere_else(browser, deployment):
    account(deployment)
    other = the_app(deployment).test_client()
    signs_in(browser), signs_in(other)
    (end,) = re.findall(
        r'action="(/admin/account/visits/\w+/end)"', browser.get("/admin/account").text
    )
    assert sends(browser, end).status_code == 303
    assert other.get("/admin").status_code == 302 and browser.get("/admin").status_code == 200
    assert sends(browser, end).status_code == 404


def test_a_researcher_sees_their_own_experiments(browser, deployment, slime, redis):
    account(deployment, "eve", Role.RESEARCHER, ("other",))
    account(deployment, "sue", Role.VIEWER, (slime,))
    records.problem(redis, {"at_ms": 1.0, "experiment": slime, "message": "broken"})
    expire_all(redis)
    for name, sees in (("eve", 0), ("sue", 1)):
        there = the_app(deployment).test_client()
        signs_in(there, name)
        seen = there.get("/admin/overview.json").json
        listed = there.get("/admin/problems.json").json["problems"]
        trace = there.get("/admin/trace.json", query_string={"id": "1.0 "})
        assert (len(seen["experiments"]), seen["problems"]["total"], len(listed)) == (sees,) * 3
        assert trace.status_code == (200 if sees else 404)


# --- what is shown ---------------------------------------------------------------------------


def test_what_a_traceback_says_stays_text(browser, deployment, redis):
    said = {"at_ms": 1.0, "experiment": NASTY, "game": NASTY, "message": NASTY, "where": NASTY}
    records.problem(redis, {**said, "trace": NASTY})
    enter(browser, deployment)

    page = browser.get("/admin")
    assert told(page)["seen"]["problems"]["latest"][0]["message"] == NASTY
    assert "<img" not in page.text
    trace = browser.get("/admin/trace.json", query_string={"id": f"1.0 {NASTY}"})
    assert trace.headers["Content-Type"] == "application/json"
    assert trace.json["trace"] == NASTY


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
    for text in (page.text, browser.get("/admin/account").text):
        assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
        assert any(one.endswith(".css") for one in assets)
        for asset in assets:
            with browser.get(asset) as answer:
                assert answer.status_code == 200


def test_a_session_is_counted_in_its_phase_and_mode(deployment, redis, slime):
    redis.sadd(keys.releases(slime), "1")
    for mode, said in (
        ("live", {"now:reading": 1, "now:ended": 2}),
        ("rehearsal", {"now:playing": 1}),
    ):
        redis.hset(keys.counts(slime, "1", mode), mapping=said)
    redis.hset(keys.counts("other", "1", "live"), mapping={"now:playing": 1})

    (experiment,) = watching(deployment).overview()["experiments"]

    by_mode = {one["mode"]: one for one in experiment["modes"]}
    assert (by_mode["live"]["reading"], by_mode["live"]["ended"]) == (1, 2)
    assert by_mode["rehearsal"]["playing"] == 1 and by_mode["live"]["playing"] == 0


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

    seen = watching(deployment).overview()

    (waiting,) = seen["lobbies"]
    assert (waiting["waiting"], waiting["wanted"], waiting["since_ms"]) == (2, 2, 1_000)
    (game,) = Live(deployment).games(lambda name: True)
    assert seen["games"][slime]["count"] == 1, "a game that is over is not live"
    assert (game["id"], game["owner"], game["generation"]) == ("g1", "games-1", "2")
    assert [(s["seat"], s["session"], s["away"]) for s in game["seats"]] == [
        ("left", "cat", "gone")
    ]
    assert [(w["name"], w["pid"], w["load"]) for w in seen["workers"]] == [("games-1", "77", 0.25)]


def test_a_second_look_within_a_moment_costs_nothing(deployment):
    watch = watching(deployment)
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
