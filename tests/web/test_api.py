"""The API: nobody without a token, everybody within their rights, and every refusal a sentence."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from dataclasses import replace

import pytest
from flask import Flask

from igym.domain.package import Standing
from igym.services import access
from igym.services.data import exporting
from igym.services.packages import examining, packing, submitting
from igym.store import exports, jobs, keys, packages, records, submissions
from igym.wire import api as wire
from tests.services.conftest import PACKAGES
from tests.web.api import (
    Caller,
    admin,
    ann,
    app,
    checks,
    deployment,
    edited,
    people,
    quickly,
    raw,
    toml,
)

__all__ = ["admin", "ann", "app", "checks", "deployment", "people", "quickly", "raw"]

#: Answered without a token: participants have theirs in the body, and the description is public.
OPEN = {
    "/api/openapi.json", "/api/x/<experiment>/join", "/api/x/<experiment>/relay", "/api/probe",
}  # fmt: skip


# --- who gets in ---------------------------------------------------------------------------------


def routes(app: Flask) -> list[tuple[str, str]]:
    """Every method and path below /api/, filled in."""
    filled = {
        "<export>": "0" * 16,
        "<experiment>": "counters",
        "<package>": "a" * 64,
        "<token>": "0" * 12,
    }
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and rule.rule not in OPEN:
            path = rule.rule
            for name, value in filled.items():
                path = path.replace(name, value)
            assert "<" not in path, path
            found += [(method, path) for method in rule.methods]
    return found


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer igym_{'0' * 12}_{'x' * 43}"}],
    ids=["none", "malformed", "forged"],
)
def test_every_route_is_refused_without_a_token_whatever_else_is_sent(app, headers):
    browser = app.test_client()
    browser.set_cookie("igym_admin", "somebody")
    assert len(routes(app)) >= len(wire.ROUTES)
    for method, path in routes(app):
        answer = browser.open(path, method=method, headers=headers, data=b"{}")
        assert answer.status_code in (401, 429), (method, path)
        if method != "HEAD":
            assert answer.json["code"] in ("bad_token", "too_much")
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_declared_route_is_there_and_described(app):
    described = app.test_client().get("/api/openapi.json").json
    assert described["openapi"] == "3.1.0"
    assert {
        (method.upper(), path) for path, item in described["paths"].items() for method in item
    } == {(route.method, route.path) for route in wire.ROUTES}


MAY = {  # route -> who may, of: a researcher, a trusted one, an admin
    "whoami": (1, 1, 1), "list_tokens": (0, 0, 1), "make_token": (0, 0, 1),
    "revoke_token": (0, 0, 1), "list_audit": (0, 0, 1),
    "list_packages": (1, 1, 1), "submit_package": (1, 1, 1),
    "get_package": (1, 1, 1), "get_report": (1, 1, 1), "activate_package": (0, 1, 1),
    "retire_package": (0, 1, 1), "list_experiments": (1, 1, 1), "get_experiment": (1, 1, 1),
    "count_sessions": (1, 1, 1), "recruit": (0, 1, 1),
    "give_command": (1, 1, 1), "list_commands": (1, 1, 1),
    "start_export": (1, 1, 1), "get_export": (1, 1, 1), "download_export": (1, 1, 1),
}  # fmt: skip


@pytest.mark.parametrize("route", wire.ROUTES, ids=lambda route: route.name)
def test_each_role_may_what_is_written_here_and_nothing_else(people, checks, admin, raw, route):
    _, said = admin.submit(raw)
    checks()
    package = said["package"]["package"]
    path = route.path.format(
        experiment="counters", package=package, token="0" * 12, export="0" * 16
    )
    for caller, may in zip((people(), people(trusted=True), admin), MAY[route.name], strict=True):
        bodies = {"recruit": {"open": True}, "give_command": {"id": "0" * 32, "what": "pause"}}
        body = {"json": bodies[route.name]} if route.name in bodies else {}
        status, said = caller(route.method, path, **body)
        assert (status == 403) == (not may), (route.name, said)


def test_somebody_elses_experiment_is_as_if_it_were_not_there(people, checks, ann, raw):
    _, said = ann.submit(raw)
    checks()
    bob = people(experiments=("garden",), trusted=True)
    package = said["package"]["package"]
    for method, path in [
        ("GET", f"/api/packages/{package}"), ("GET", f"/api/packages/{package}/report"),
        ("POST", f"/api/packages/{package}/activate"), ("POST", f"/api/packages/{package}/retire"),
    ]:  # fmt: skip
        assert bob(method, path)[0] == 404
        assert bob(method, path)[1] == bob(method, path.replace(package, "f" * 64))[1]
    assert bob("GET", "/api/experiments/counters")[0] == 403
    assert bob("GET", "/api/packages")[1] == {"packages": []}
    assert bob("GET", "/api/packages?experiment=counters")[1] == {"packages": []}
    assert bob("GET", "/api/experiments")[1] == {"experiments": []}


def test_a_token_that_expired_or_was_revoked_is_told_so(people, admin, monkeypatch):
    bob = people()
    _, mine = bob("GET", "/api/token")
    assert admin("DELETE", f"/api/tokens/{mine['id']}")[0] == 200
    status, said = bob("GET", "/api/token")
    assert (status, said["code"]) == (401, "bad_token") and "revoked" in said["text"]
    assert admin("DELETE", f"/api/tokens/{mine['id']}")[0] == 404

    eve = people(days=0.5)
    later = access.now_ms() + 86_400_000
    monkeypatch.setattr(access, "now_ms", lambda: later)
    assert "expired" in eve("GET", "/api/token")[1]["text"]


def test_a_token_is_shown_once_and_an_admins_is_not_made_over_the_network(admin, app, deployment):
    new = {"name": "Bob", "experiments": ["counters"], "days": 7}
    status, said = admin("POST", "/api/tokens", json=new)
    assert status == 201 and said["token"]["role"] == "researcher"
    assert Caller(app, deployment, said["text"])("GET", "/api/token")[1]["name"] == "Bob"
    listed = json.dumps(admin("GET", "/api/tokens")[1])
    assert "Bob" in listed and said["text"] not in listed
    assert admin("POST", "/api/tokens", json={**new, "role": "admin"})[0] == 400
    assert admin("POST", "/api/tokens", json={**new, "experiments": ["../x"]})[0] == 400
    assert admin("POST", "/api/tokens", data=b"{" * 10_000)[0] == 400
    assert admin("POST", "/api/tokens", data=b" " * 70_000)[0] == 413


# --- submitting ----------------------------------------------------------------------------------


def test_submit_check_activate_and_roll_back(ann, admin, checks, raw, deployment):
    status, said = ann.submit(raw)
    assert (status, said["new"], said["package"]["standing"]) == (201, True, "stored")
    assert said["package"]["package"] == packing.fingerprint(PACKAGES / "counters")
    one = said["package"]["package"]
    assert ann("GET", f"/api/packages/{one}/report")[1]["state"] == "waiting"
    assert admin("POST", f"/api/packages/{one}/activate")[0] == 409  # not before its check

    assert checks() == 1

    report = ann("GET", f"/api/packages/{one}/report")[1]
    assert report["state"] == "passed" and report["igym"]
    assert [scene["name"] for scene in report["scenes"]] == ["consent", "about", "count", "thanks"]
    seen = ann("GET", f"/api/packages/{one}")[1]
    assert seen["standing"] == "checked" and "mode=preview&package=" in seen["preview"]
    assert ann("POST", f"/api/packages/{one}/activate")[0] == 403
    assert admin("POST", f"/api/packages/{one}/activate")[1]["standing"] == "active"

    two = ann.submit(edited(raw, experiment=toml(version="2")))[1]["package"]["package"]
    checks()
    assert admin("POST", f"/api/packages/{two}/activate")[1]["standing"] == "active"
    assert ann("GET", f"/api/packages/{one}")[1]["standing"] == "retired"
    assert admin("POST", f"/api/packages/{one}/activate")[1]["standing"] == "active"
    assert packages.active_package(deployment.redis, "counters") == one
    assert [p["version"] for p in ann("GET", "/api/packages")[1]["packages"]] == ["2", "1"]
    assert admin("POST", f"/api/packages/{one}/retire")[1]["standing"] == "retired"
    assert ann("GET", "/api/experiments/counters")[1]["active"] == ""


def test_the_same_files_again_are_taken_once_and_checked_once(ann, checks, raw, deployment):
    first = ann.submit(raw)[1]["package"]
    status, again = ann.submit(raw)
    assert (status, again["new"], again["package"]) == (200, False, first)
    assert checks() == 1
    assert ann.submit(raw)[1]["package"]["standing"] == "checked"
    assert checks() == 0
    assert [p.name for p in (deployment.data / "packages").iterdir()] == [first["package"]]


def test_other_files_under_the_same_version_are_refused_and_leave_nothing(
    ann, checks, raw, deployment
):
    first = ann.submit(raw)[1]["package"]
    checks()
    status, said = ann.submit(edited(raw, hello="# Other"))
    assert (status, said["code"]) == (409, "conflict")
    assert "Raise the version" in said["hint"]
    assert [p.name for p in (deployment.data / "packages").iterdir()] == [first["package"]]


def test_a_failed_check_says_why_keeps_no_files_and_may_be_mended(ann, checks, raw, deployment):
    bad = ann.submit(edited(raw, hello="FAIL"))[1]["package"]["package"]
    checks()
    report = ann("GET", f"/api/packages/{bad}/report")[1]
    (finding,) = report["findings"]
    assert report["state"] == "failed"
    assert finding["message"] == "ValueError: no counters.py" and finding["hint"] == "Mend it."
    assert (finding["file"], finding["line"]) == ("counters.py", 3)
    assert "counters.py:3" in finding["trace"]
    assert ann("GET", f"/api/packages/{bad}")[1]["standing"] == "refused"
    assert not deployment.package_root(bad).exists()

    mended = ann.submit(raw)[1]
    assert mended["new"]
    checks()
    assert ann("GET", f"/api/packages/{mended['package']['package']}")[1]["standing"] == "checked"


def test_a_check_whose_worker_dies_is_begun_again_and_not_for_ever(
    ann, checks, raw, deployment, monkeypatch
):
    package = ann.submit(raw)[1]["package"]["package"]
    redis = deployment.redis
    for tries in range(examining.MOST_TRIES):
        assert examining.look(deployment) == 1
        assert examining.look(deployment) == 0  # it is somebody's turn
        with monkeypatch.context() as killed:
            killed.setattr(examining, "examined", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                examining.check(deployment, package)
        waiting = submissions.read(redis, package)
        assert waiting is not None and waiting.tries == tries + 1
        submissions.put(redis, replace(waiting, due_ms=0))
    assert jobs.asked(redis) == examining.MOST_TRIES
    assert examining.look(deployment) == 0
    report = ann("GET", f"/api/packages/{package}/report")[1]
    assert "never came to an end" in report["findings"][0]["message"]
    assert submissions.waiting(redis) == []


def test_a_trusted_researcher_may_have_it_activated_by_its_check(people, ann, checks, raw):
    status, said = ann.submit(raw, "?activate=yes")
    assert (status, said["code"]) == (403, "not_yours")
    assert ann("GET", "/api/packages")[1] == {"packages": []}

    trusted = people(trusted=True)
    package = trusted.submit(raw, "?activate=yes")[1]["package"]["package"]
    checks()
    assert ann("GET", f"/api/packages/{package}")[1]["standing"] == "active"
    assert trusted.submit(raw, "?activate=perhaps")[0] == 400


def test_files_that_changed_on_the_disk_do_not_pass(ann, checks, raw, deployment):
    package = ann.submit(raw)[1]["package"]["package"]
    (deployment.package_root(package) / "hello.md").write_text("# Bye")
    checks()
    assert "not the ones that were sent" in str(ann("GET", f"/api/packages/{package}/report")[1])


def bad_zip(name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("experiment.toml", toml())
        if name == "bomb":
            new.writestr("zeros", b"\0" * (80 << 20))
        elif name == "link":
            info = zipfile.ZipInfo("link")
            info.external_attr = 0o120777 << 16
            new.writestr(info, "/etc/passwd")
        else:
            new.writestr(name, b"x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("make", "status", "told"),
    [
        (lambda raw: b"", 422, "not a ZIP"),
        (lambda raw: b"<html>", 422, "not a ZIP"),
        (lambda raw: raw[:-100], 422, "not a ZIP"),
        (lambda raw: bad_zip("../../../../tmp/evil"), 422, "points out of the package"),
        (lambda raw: bad_zip("/etc/evil"), 422, "points out of the package"),
        (lambda raw: bad_zip("..\\evil"), 422, "characters"),
        (lambda raw: bad_zip("C:/evil"), 422, "characters"),
        (lambda raw: bad_zip("bomb"), 422, "times its size"),
        (lambda raw: bad_zip("link"), 422, "link or a device"),
        (lambda raw: edited(raw, experiment='id = "counters"'), 422, "version"),
        (lambda raw: edited(raw, experiment="id = "), 422, "Invalid value"),
        (lambda raw: edited(raw, experiment=toml("../x")), 422, "will not do"),
        (lambda raw: edited(raw, experiment=toml("packages")), 422, "keeps for itself"),
        (lambda raw: edited(raw, experiment=toml("garden")), 403, "none of yours"),
        (lambda raw: b"x" * 1_000_001, 413, "larger than 1 MB"),
    ],
    ids=[
        "empty", "html", "cut", "climbs", "absolute", "backslash", "drive", "bomb", "link",
        "no version", "no toml", "bad id", "reserved", "foreign", "large",
    ],
)  # fmt: skip
def test_what_is_no_package_is_refused_in_a_sentence_and_leaves_nothing(
    ann, raw, deployment, make, status, told
):
    got, said = ann.submit(make(raw))
    assert got == status, said
    assert told in said["text"]
    assert str(deployment.data) not in json.dumps(said)
    left = deployment.data / "packages"
    assert not left.exists() or list(left.iterdir()) == []
    assert packages.known(deployment.redis) == []
    assert submissions.waiting(deployment.redis) == []


@pytest.mark.slow
def test_a_zip_is_unpacked_in_a_process_with_limits_and_without_secrets(
    ann, raw, deployment, monkeypatch
):
    monkeypatch.setenv("IGYM_SECRET_KEY", "x" * 40)
    seen = {}
    run = submitting.subprocess.run

    def spy(command, **how):
        seen.update(how["env"])
        return run(command, **how)

    monkeypatch.setattr(submitting.subprocess, "run", spy)
    assert ann.submit(raw)[0] == 201
    assert "PATH" in seen and "IGYM_SECRET_KEY" not in seen
    assert ann.submit(bad_zip("bomb"))[0] == 422

    monkeypatch.setattr(submitting, "UNPACK_BYTES", 1 << 20)  # it does not even start
    status, said = ann.submit(edited(raw, experiment=toml(version="2")))
    assert (status, said["text"]) == (422, "The ZIP takes too much time or memory to unpack.")


def test_a_full_disk_is_said_before_anything_is_read(ann, raw, monkeypatch):
    full = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(submitting.shutil, "disk_usage", lambda _: full)
    status, said = ann.submit(raw)
    assert (status, said["code"]) == (503, "unavailable") and "nearly full" in said["text"]


# --- experiments ---------------------------------------------------------------------------------


@pytest.fixture
def running(admin, checks, raw):
    package = admin.submit(raw)[1]["package"]["package"]
    checks()
    admin("POST", f"/api/packages/{package}/activate")
    return package


def test_an_experiment_says_what_newcomers_meet(ann, admin, running):
    status, said = ann("GET", "/api/experiments/counters")
    assert status == 200
    assert (said["active"], said["open"], said["versions"]) == ("1", True, 1)
    assert said["link"] == "http://localhost/e/counters"

    assert ann("PUT", "/api/experiments/counters/recruitment", json={"open": False})[0] == 403
    _, said = admin("PUT", "/api/experiments/counters/recruitment", json={"open": False})
    assert said["open"] is False and said["closed_ms"] > 0
    assert admin("PUT", "/api/experiments/nobody/recruitment", json={"open": True})[0] == 404
    for body in ({}, {"open": "yes"}, {"open": True, "x": 1}, [], None):
        assert admin("PUT", "/api/experiments/counters/recruitment", json=body)[0] == 400


def test_sessions_are_counted_by_mode_phase_and_outcome(ann, running, redis):
    counted = {
        "now:reading": 1, "now:ended": 3, "ever:arrived": 4, "ever:ended": 3,
        "outcome:complete": 2, "outcome:left": 1,
    }  # fmt: skip
    (version,) = records.releases(redis, "counters")
    redis.hset(keys.counts("counters", version, "live"), mapping=counted)
    said = ann("GET", "/api/experiments/counters/sessions")[1]
    assert said["modes"] == [
        {
            "mode": "live",
            "phases": {"reading": 1, "ended": 3},
            "reached": {"arrived": 4, "ended": 3},
            "outcomes": {"complete": 2, "left": 1},
        }
    ]


def test_an_export_is_asked_for_waited_for_and_fetched(ann, people, running, deployment):
    at = "/api/experiments/counters/exports"
    status, said = ann("POST", at, json={"formats": ["csv"]})
    assert (status, said["state"], said["share"]) == (202, "waiting", 0)
    mine = f"{at}/{said['id']}"
    assert ann("GET", f"{mine}/download")[0] == 409
    assert people(experiments=("garden",))("GET", mine)[0] == 403

    waiting = exporting.find(deployment, "counters", said["id"])
    file = exporting.path(deployment, waiting)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"PK of data")
    exports.put(deployment.redis, replace(waiting, state="done", version="1", size=10))

    assert ann("GET", mine)[1]["state"] == "done"
    mine_alone = {"Authorization": f"Bearer {ann.text}"}
    with ann.browser.get(f"{mine}/download", headers=mine_alone) as answer:
        assert (answer.status_code, answer.data) == (200, b"PK of data")
        assert "counters-1.zip" in answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "no-store"
    for body in ({"modes": []}, {"modes": ["all"]}, {"formats": ["xls"]}, {"version": "../x"}):
        assert ann("POST", at, json=body)[0] == 400


def test_what_is_no_route_is_answered_as_the_rest(ann, app):
    browser = app.test_client()
    assert browser.get("/api/nothing").json["code"] == "not_found"
    answer = browser.patch("/api/packages")
    assert answer.status_code == 405 and answer.json["code"] == "refused"
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert ann("GET", f"/api/packages/{'A' * 64}")[0] == 400
    assert ann("GET", "/api/packages/x%0a")[0] == 400


def test_a_redis_that_is_away_is_a_sentence(app, deployment, people, monkeypatch):
    bob = people()

    def away(*_: object) -> None:
        from igym.store import RedisError

        raise RedisError("gone")

    monkeypatch.setattr(access, "identify", away)
    assert bob("GET", "/api/token")[1]["code"] == "unavailable"


def test_standing_is_one_word_everywhere():
    assert {one.value for one in Standing} == {
        "stored", "refused", "checked", "active", "retired",
    }  # fmt: skip


def test_only_an_admin_reads_who_did_what(ann, admin):
    assert ann("GET", "/api/audit")[0] == 403
    said = admin("GET", "/api/audit")[1]["deeds"]
    assert [one["did"] for one in said] == ["token_made"] * 2
    older = admin("GET", f"/api/audit?before={said[0]['id']}")[1]["deeds"]
    assert older == said[1:]
