"""Who reads what browsers and processes log: whoever may read answers, of their own experiments."""

from __future__ import annotations

import json

import pytest

from igym.domain.access import Role
from igym.services.operations import tailing
from igym.store import keys, tails
from tests.web.test_admin import (  # noqa: F401 - fixtures
    NASTY,
    account,
    browser,
    deployment,
    enter,
    expire_all,
    signs_in,
    slime,
    the_app,
    token_of,
)


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch):
    monkeypatch.setattr(tailing, "FRESH_S", 0)


def process_says(redis, **about: str) -> None:
    said = {"level": "error", "message": NASTY, "role": "web", "name": "web-1", "logger": "igym"}
    tails.warned(redis, [{"line": json.dumps({**said, **about}), "dropped": 0}])


def test_each_reads_of_their_own_experiments_and_admins_all(deployment, redis, slime):  # noqa: F811
    process_says(redis)
    process_says(redis, experiment=slime)
    line = {"session": "s", "participant": "p", "level": NASTY, "text": NASTY}
    tails.heard(redis, slime, [{**line, "browser_ms": 1, "dropped": 0}])
    expire_all(redis)
    account(deployment, "ann")
    account(deployment, "eve", Role.RESEARCHER, ("other",))
    account(deployment, "sue", Role.RESEARCHER, (slime,))
    account(deployment, "vic", Role.VIEWER, (slime,))
    for name, sees in (("ann", (1, 2)), ("sue", (1, 1)), ("eve", (0, 0))):
        there = the_app(deployment).test_client()
        signs_in(there, name)
        said = [there.get(f"/admin/logs/{of}.json") for of in ("browsers", "server")]
        assert {one.headers["Content-Type"] for one in said} == {"application/json"}
        assert tuple(len(one.json["lines"]) for one in said) == sees, name
    there = the_app(deployment).test_client()
    signs_in(there, "vic")
    for of in ("browsers", "server"):
        assert there.get(f"/admin/logs/{of}.json").status_code == 403
    assert "Logs" not in there.get("/admin").text


def test_only_a_page_of_ours_has_somebody_followed(browser, deployment, redis):  # noqa: F811
    enter(browser, deployment)
    assert browser.post("/admin/logs/follow.json", data={"id": "g1"}).status_code == 400
    head = {"X-Form-Token": token_of(browser.get("/admin/account"))}

    assert (
        browser.post("/admin/logs/follow.json", data={"id": " "}, headers=head).status_code == 400
    )
    answer = browser.post("/admin/logs/follow.json", data={"id": "g1"}, headers=head)

    assert answer.json == {"followed": ["g1"]}
    assert redis.hkeys(keys.followed()) == [b"g1"]
