"""The data on the dashboard: looked at, exported and erased by who may, of their experiments."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from igym.archive import parquet
from igym.domain.access import Role
from igym.domain.deeds import Did
from igym.domain.plan import Plan, ScenePlan
from igym.services import auditing
from igym.services.data import browsing, erasures, exporting
from igym.services.data.browsing import SHOWN
from igym.store import errands, exports, keys, packages
from tests.web.desk import ann, app, deployment, visitors

__all__ = ["ann", "app", "deployment", "visitors"]

NASTY = '"><img src=x onerror=alert(1)>'
WHO = "a-recruiters-id"


@pytest.fixture
def study(deployment, redis) -> str:
    """An experiment in which somebody took part."""
    plan = Plan("kitchen", "1", NASTY, "0" * 64, (ScenePlan("thanks"),))
    packages.publish(redis, plan)
    redis.hset(keys.counts("kitchen", "1", "live"), "ever:arrived", 1)
    root = parquet.folder(deployment.data, "kitchen", "1")
    day_ms = 86_400_000.0
    rows = [
        ("sessions", {"session_id": "s", "participant_id": "p", "day_ms": day_ms}),
        ("answers", {"session_id": "s", "visit": 0, "item": NASTY, "day_ms": day_ms}),
    ]
    parquet.merge(root, rows)
    return "kitchen"


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Look in this process, as the one of its own would."""
    from igym.archive import browse

    monkeypatch.setattr(browsing, "_apart", browse.looked)


def test_what_there_is_and_its_rows_are_shown(ann, study):
    (one,) = ann.asks("/admin/data.json").json["experiments"]
    assert (one["title"], one["may_export"], one["may_erase"]) == (NASTY, True, True)
    (version,) = one["versions"]
    assert (version["people"], version["standing"]) == ({"live": 1}, "active")
    amounts = ann.asks("/admin/data/kitchen/1.json").json["tables"]
    assert {name: one["rows"] for name, one in amounts.items()} == {"sessions": 1, "answers": 1}
    page = ann.asks("/admin/data/kitchen/1/answers.json").json
    (row,) = page["rows"]
    assert row[page["columns"].index("item")] == NASTY, "as it is: whoever shows it makes it text"
    assert "<img" not in ann.asks("/admin/data").text


@pytest.mark.parametrize(
    "path",
    [
        "/admin/data/kitchen/2.json",
        "/admin/data/kitchen/../garden.json",
        "/admin/data/kitchen/%2e%2e%2fgarden.json",
        "/admin/data/kitchen/1/recruiter_ids.json",
        "/admin/data/kitchen/1/ticks.json",
        "/admin/data/kitchen/1/..%2fvault.json",
        "/admin/data/garden/1.json",
        "/admin/data/kitchen/exports/0123456789abcdef.zip",
        "/admin/data/kitchen/erased/0123456789abcdef.json",
    ],
)
def test_there_is_nothing_beside_it(ann, study, path):
    assert ann.asks(path).status_code == 404


def test_a_row_is_named_by_a_number(ann, study):
    for at in ("-1", "x", "1e3", "²", "9" * 20):
        assert ann.asks(f"/admin/data/kitchen/1/sessions.json?at={at}").status_code == 400


def test_everybody_sees_and_does_what_their_role_may(ann, visitors, study, deployment):
    who = {
        "ann": ann,
        "trusted": visitors("tom", Role.RESEARCHER, study, trusted=True),
        "researcher": visitors("rex", Role.RESEARCHER, study),
        "viewer": visitors("vic", Role.VIEWER, study),
        "stranger": visitors("sue", Role.RESEARCHER, "garden", trusted=True),
    }
    asked = {"who": WHO, "again": WHO, "how": "erase"}
    came = {}
    for name, one in who.items():
        for each in exports.waiting(deployment.redis):
            exports.put(deployment.redis, replace(each, state="failed"))
        came[name] = [
            one.asks("/admin/data/kitchen/1.json").status_code,
            one.asks("/admin/data/kitchen/1/sessions.json").status_code,
            one.asks("/admin/data/kitchen/1/answers.json").status_code,
            one.sends("/admin/data/kitchen/exports.json", {"version": "1"}).status_code,
            one.sends("/admin/data/kitchen/erase.json", asked).status_code,
        ]
    assert came == {
        "ann": [200, 200, 200, 200, 200],
        "trusted": [200, 200, 200, 200, 200],
        "researcher": [200, 200, 200, 200, 403],
        "viewer": [200, 200, 403, 403, 403],
        "stranger": [403, 403, 403, 403, 403],
    }
    assert who["stranger"].asks("/admin/data.json").json["experiments"] == []
    said = who["viewer"].asks("/admin/data.json").json
    assert "answers" not in said["tables"] and said["experiments"][0]["exports"] == []
    assert set(who["ann"].asks("/admin/data.json").json["tables"]) == set(SHOWN)


def test_an_export_is_asked_for_followed_and_fetched(ann, study, deployment):
    for bad in ({"modes": []}, {"formats": ["exe"]}, {"version": "../x"}, {"more": 1}):
        assert ann.sends("/admin/data/kitchen/exports.json", bad).status_code == 400
    made = ann.sends("/admin/data/kitchen/exports.json", {"version": "1", "modes": ["live"]}).json
    where = f"/admin/data/kitchen/exports/{made['id']}.zip"
    assert ann.asks(where).status_code == 409

    one = exporting.find(deployment, "kitchen", made["id"])
    path = exporting.path(deployment, one)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PK")
    exports.put(deployment.redis, replace(one, state="done", share=1.0, size=2))

    (study_of,) = ann.asks("/admin/data.json").json["experiments"]
    assert [(e["id"], e["state"]) for e in study_of["exports"]] == [(made["id"], "done")]
    with ann.asks(where) as file:
        assert (file.data, file.content_type) == (b"PK", "application/zip")
        assert "kitchen-1.zip" in file.headers["Content-Disposition"]
    (deed, *_) = auditing.read(deployment, experiment="kitchen")
    assert (deed.did, deed.who, deed.what) == (Did.EXPORTED, "ann", made["id"])


def test_who_is_to_be_erased_is_said_twice_and_then_kept_nowhere_it_need_not_be(
    ann, study, deployment, redis
):
    where = "/admin/data/kitchen/erase.json"
    for bad in (
        {"who": WHO, "again": "b", "how": "erase"},
        {"who": "", "again": "", "how": "erase"},
        {"who": "x" * 200, "again": "x" * 200, "how": "erase"},
        {"who": WHO, "again": WHO, "how": "burn"},
        {},
    ):
        assert ann.sends(where, bad).status_code == 400
    assert not erasures.look(deployment)
    id = ann.sends(where, {"who": f" {WHO} ", "again": WHO, "how": "erase"}).json["id"]

    assert erasures.look(deployment)
    (waiting,) = errands.going(redis, "erase")
    assert waiting.about["ids"][0] == WHO and len(waiting.about["ids"]) > 1
    told = ann.asks(f"/admin/data/kitchen/erased/{id}.json")
    assert told.json["state"] == "waiting" and WHO not in told.text

    errands.put(redis, replace(waiting, about={"how": "erase"}, state="doing", due_ms=1.0))
    assert not erasures.look(deployment), "it is not begun a second time"
    lost = ann.asks(f"/admin/data/kitchen/erased/{id}.json").json
    assert lost["state"] == "failed" and "Ask for it again" in lost["hint"]
    assert WHO not in json.dumps([d.after for d in auditing.read(deployment)])
