"""Every route there is, knocked at: none opens without the right key, each answer is hardened."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from igym import settings
from igym.domain.access import Role
from igym.services import access, accounts
from igym.services.connect import Deployment, connect
from igym.web import app as web
from igym.web.gate import Gate
from igym.web.pace import Pace

#: Open to everybody, and why.
OPEN = {
    "/": "says that a link is needed",
    "/e/<experiment>": "what a recruiter's link opens",
    "/x/<experiment>": "the same, as links looked before",
    "/api/x/<experiment>/join": "makes a session for whoever opened the link",
    "/api/probe": "measures a participant's line",
    "/api/openapi.json": "describes the API, as its code does",
    "/assets/<package>/<path:name>": "images that participants see",
    "/static/<path:filename>": "the client",
    "/admin/sign-in": "the form",
    "/admin/enter": "takes the key of a link",
    "/healthz": "says that the process lives",
    "/readyz": "says whether it may be sent people",
}

#: What each answer says, whatever it is.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

PARTS = {
    "int:view": "0",
    "int:piece": "0",
    "experiment": "counters",
    "package": "0" * 64,
    "filename": "x.js",
    "path:name": "x.png",
}


@pytest.fixture
def deployment(redis, redis_url: str, tmp_path: Path) -> Deployment:
    env = {"REDIS_URL": redis_url, "IGYM_ENVIRONMENT": "production"}
    return connect(settings.load(env, tmp_path))


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    made = web.routes(deployment)
    made.wsgi_app = Gate(made.wsgi_app, deployment.settings)  # type: ignore[method-assign]
    return made


def rules(app: Flask) -> list[tuple[str, Rule]]:
    """(method, rule) of everything that can be asked for."""
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def path(rule: Rule) -> str:
    """An address that the rule matches."""
    return re.sub(r"<([^>]+)>", lambda part: PARTS.get(part[1], "0123456789ab"), rule.rule)


def test_nothing_opens_without_a_key_but_what_is_said_to_be_open(app):
    browser = app.test_client()
    shut, strange = set(), []
    for method, rule in rules(app):
        if rule.rule in OPEN and not (rule.rule.startswith("/admin") and method == "POST"):
            continue
        answer = browser.open(path(rule), method=method)
        shut.add(rule.rule)
        to_sign_in = answer.status_code == 302 and "/admin/sign-in" in answer.headers["Location"]
        if rule.rule == "/admin/leave":  # whoever is nobody may stop being anybody
            to_sign_in = answer.status_code == 303
        # A form without its token; numbers that strangers need not know of.
        hidden = {"/admin/sign-in": 400, "/metrics": 404}.get(rule.rule)
        refused = answer.status_code in (401, 403, hidden)
        if not refused and not to_sign_in:
            strange.append((method, rule.rule, answer.status))
    assert strange == []
    assert {one for one in shut if one.startswith("/api/")} and "/admin" in shut
    assert OPEN.keys() - {rule.rule for _, rule in rules(app)} == set(), "gone: take it out"


def test_a_token_of_a_participant_or_of_nobody_opens_nothing_of_the_api(app, deployment):
    text, made = access.create(deployment, "Ann", Role.RESEARCHER, ("counters",), 1)
    access.revoke(deployment, made.id)
    for key in (text, text[:-1], "igym_" + "0" * 12 + "_" + "A" * 43, "x" * 8_000):
        browser = app.test_client()
        for method, rule in rules(app):
            if rule.rule.startswith("/api/") and rule.rule not in OPEN:
                headers = {"Authorization": f"Bearer {key}"}
                answer = browser.open(path(rule), method=method, headers=headers)
                assert answer.status_code in (401, 429), (method, rule.rule)


def test_every_route_of_the_admin_pages_that_changes_something_wants_its_own_form(app, deployment):
    browser = app.test_client()
    key = accounts.link(deployment, accounts.OPERATOR)
    assert browser.get(f"/admin/enter?key={key}").status_code == 303
    changing = [
        path(rule) for method, rule in rules(app)
        if rule.rule.startswith("/admin") and method != "GET"
    ]  # fmt: skip
    assert len(changing) > 3

    for where in changing:
        for form in ({}, {"form_token": "guessed"}, {"form_token": "a" * 10_000}):
            answer = browser.post(where, data={**form, "name": "eve", "password": "x" * 20})
            assert answer.status_code == 400, where
    assert browser.get("/admin").status_code == 200, "and nothing was changed: still signed in"


def strict(csp: str) -> bool:
    """Whether nothing is allowed that could run; style attributes are (the survey library's)."""
    left = csp.replace("style-src-attr 'unsafe-inline';", "")
    return "unsafe" not in left and "*" not in left


def test_every_answer_is_hardened(app, deployment):
    signed_in = app.test_client()
    signed_in.get(f"/admin/enter?key={accounts.link(deployment, accounts.OPERATOR)}")
    for browser in (app.test_client(), signed_in):
        for method, rule in rules(app):
            if rule.rule == "/admin/leave":
                continue
            with browser.open(path(rule), method=method) as answer:
                said = answer.headers
                assert {k: said.get(k) for k in HEADERS} == HEADERS, (method, rule.rule)
                csp = said["Content-Security-Policy"]
                assert strict(csp), rule.rule
                assert "script-src 'self';" in csp or csp.startswith("default-src 'none'"), csp
                assert said["Referrer-Policy"] in ("same-origin", "no-referrer")
                assert "camera=()" in said["Permissions-Policy"]
                assert answer.status_code < 500 or answer.status_code == 503, (method, rule.rule)
    for strange in ("/nowhere", "/api/nowhere", "/admin/nowhere", "/e/%00", "/static/../app.py"):
        with app.test_client().get(strange) as answer:
            assert answer.status_code in (308, 400, 404), strange
            assert strict(answer.headers["Content-Security-Policy"]), strange


def test_no_page_of_the_client_holds_what_the_policy_forbids():
    static = Path(web.__file__).parent
    for page in [*static.glob("static/*.html"), *static.glob("templates/**/*.html")]:
        text = page.read_text("utf-8")
        scripts = re.findall(r"<script([^>]*)>", text)
        assert all("src=" in one or 'type="application/json"' in one for one in scripts), page
        assert not re.search(r"\s(on\w+|style)=|<style|javascript:", text), page


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND"])
def test_a_method_that_nothing_takes_is_refused_and_hardened(app, method):
    answer = app.test_client().open("/e/counters", method=method)
    assert answer.status_code in (404, 405)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


#: Not counted by `requests_per_second`, and why.
UNCOUNTED = {
    "/static/<path:filename>": "a page has dozens of them, and a browser asks once",
    "/assets/<package>/<path:name>": "the same",
    "/healthz": "balancers ask often",
    "/readyz": "the same",
}


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def asker(deployment: Deployment, clock: Clock):
    """Asks a gate, behind which everything is fine, for one request a second."""
    gate = Gate(lambda _, start: start("200 OK", []) or [b"in"], deployment.settings)
    gate._pace = Pace(1, clock)

    def ask(
        method: str, path: str, address: str = "203.0.113.9"
    ) -> tuple[int, dict[str, str], str]:
        said = []
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "REMOTE_ADDR": address}
        body = gate(environ, lambda status, headers: said.append((status, dict(headers))))
        ((status, headers),) = said
        return int(status[:3]), headers, b"".join(body).decode()

    ask.gate = gate
    return ask


def test_every_route_but_files_answers_one_address_only_so_often(app, deployment):
    sockets = [("GET", "/socket.io/", "/socket.io/")]
    table = [(method, rule.rule, path(rule)) for method, rule in rules(app)] + sockets
    assert len(table) > 50
    for method, rule, where in table:
        ask = asker(deployment, Clock())
        got = [ask(method, where)[0] for _ in range(30)]
        counted = [200] * 20 + [429] * 10
        assert got == ([200] * 30 if rule in UNCOUNTED else counted), (method, rule)


def test_who_asked_too_often_is_told_when_to_come_back_and_may_then(deployment):
    clock = Clock()
    ask = asker(deployment, clock)
    for _ in range(20):
        ask("GET", "/")
    status, headers, said = ask("GET", "/")
    assert (status, headers["Retry-After"]) == (429, "1")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "try again in 1 s" in said
    code = json.loads(ask("POST", "/api/x/counters/join")[2])["code"]
    assert code == "too_much"
    # A socket is refused before it is one, and asking whether it would be costs nothing.
    upgrade = {
        "PATH_INFO": "/socket.io/",
        "REMOTE_ADDR": "203.0.113.9",
        "HTTP_UPGRADE": "websocket",
    }
    assert ask.gate.refuses(upgrade)
    # Neither somebody else nor this machine suffers from it.
    assert ask("GET", "/", "198.51.100.7")[0] == 200
    assert [ask("GET", "/", "127.0.0.1")[0] for _ in range(40)] == [200] * 40

    clock.now_s += 1
    assert not ask.gate.refuses(upgrade)
    assert not ask.gate.refuses(upgrade)
    assert [ask("GET", "/")[0] for _ in range(2)] == [200, 429]
    clock.now_s += 1_000
    assert [ask("GET", "/")[0] for _ in range(21)] == [200] * 20 + [429]


def test_however_many_addresses_ask_they_take_the_room_of_a_few(deployment):
    pace = Pace(100)
    room = len(pace._empty_at) * pace._empty_at.itemsize
    for n in range(20_000):
        pace.wait_s(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(pace._empty_at) * pace._empty_at.itemsize == room == 512 * 1024
