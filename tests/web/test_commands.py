"""The dashboard's buttons, as requests: of our own page, by who may, about what is theirs."""

from __future__ import annotations

import itertools
import json

import pytest

from igym.domain.access import Role
from igym.domain.commands import KINDS, What
from igym.services import accounts
from igym.services.sessions import arriving
from igym.store import packages, sessions
from tests.services.paper import E, a_plan, a_play
from tests.web.test_admin import (
    NASTY,
    WORDS,
    account,
    browser,
    deployment,
    signs_in,
    the_app,
    token_of,
)

__all__ = ["browser", "deployment"]

_ids = itertools.count(1)


@pytest.fixture
def session(deployment):
    """Somebody who has just arrived in a study of which ann is the admin."""
    packages.publish(deployment.redis, a_plan(play=a_play()))
    account(deployment)
    return sessions.read(deployment.redis, E, arriving.join(deployment, E, {}, None)[1])


def give(there, experiment=E, headers=None, **wanted):
    """Press a button of the page that this browser has open."""
    made = {"id": f"{next(_ids):032x}", **wanted}
    own = {"X-Form-Token": token_of(there.get("/admin/account"))}
    return there.post(
        f"/admin/commands/{experiment}.json", data=json.dumps(made),
        headers={**own, **(headers or {})}, content_type="application/json",
    )  # fmt: skip


def sign_in(deployment, name, role, experiments, trusted=False):
    accounts.create(deployment, name, WORDS, role, experiments, trusted=trusted)
    there = the_app(deployment).test_client()
    signs_in(there, name)
    return there


def test_each_role_is_refused_what_is_not_its_own(deployment, session):
    viewer = sign_in(deployment, "viv", Role.VIEWER, (E,))
    stranger = sign_in(deployment, "sam", Role.RESEARCHER, ("other",), trusted=True)
    researcher = sign_in(deployment, "res", Role.RESEARCHER, (E,))
    for what in What:
        to = KINDS[what].to
        asked = {"what": what, "sessions": [session.id], "game": "none", "text": "1", "number": 60}
        own = {"session": 202, "game": 404, "experiment": 403}[to]  # there is no such game
        for there, status in ((viewer, 403), (stranger, 403), (researcher, own)):
            assert give(there, **asked).status_code == status, what
    assert viewer.get("/admin/commands.json").status_code == 403


def test_no_other_page_can_press_a_button(browser, deployment, session):
    signs_in(browser)
    for headers in (
        {"X-Form-Token": ""},
        {"X-Form-Token": "forged"},
        {"Origin": "https://evil.example"},
    ):
        assert (
            give(browser, what="remove", sessions=[session.id], headers=headers).status_code == 400
        )
    assert sessions.read(deployment.redis, E, session.id).outcome == ""
    asked = the_app(deployment).test_client().post(f"/admin/commands/{E}.json", data="{}")
    assert asked.status_code == 401


def test_somebody_of_another_experiment_is_not_there(browser, deployment, session):
    signs_in(browser)
    assert give(browser, "elsewhere", what="remove", sessions=[session.id]).status_code == 404
    assert give(browser, what="remove", sessions=["nobody"]).status_code == 404
    assert give(browser, what="nonsense").status_code == 400
    assert give(browser, what="message", sessions=[session.id], text="x" * 501).status_code == 400


def test_what_was_asked_is_listed_for_who_may_see_it(browser, deployment, session):
    signs_in(browser)
    said = give(browser, what="message", sessions=[session.id], text=NASTY)
    assert said.status_code == 202 and said.json["commands"][0]["state"] == "pending"
    assert said.headers["Cache-Control"] == "no-store"
    listed = browser.get("/admin/commands.json")
    assert listed.headers["Content-Type"] == "application/json"
    assert listed.json["commands"][0]["text"] == NASTY
    stranger = sign_in(deployment, "sam", Role.RESEARCHER, ("other",))
    assert stranger.get("/admin/commands.json").json["commands"] == []
