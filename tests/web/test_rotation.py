"""Keys that sign are exchanged while people play: nobody is signed out or becomes another."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask

from igym import settings
from igym.domain import secret
from igym.errors import BadToken
from igym.services import accounts
from igym.services.connect import Deployment, connect
from igym.services.sessions import identity, tokens
from igym.store import keys, packages
from igym.web import admin, pages

OLD, NEW = secret.made(), secret.made()

#: A rotation as the docs say it: first all learn the new key, then it signs, then the old one goes.
STEPS = (f"{OLD}", f"{OLD},{NEW}", f"{NEW},{OLD}", f"{NEW}")

ANN = ("PROLIFIC_PID", "ann")


@pytest.fixture
def told(redis, redis_url: str, tmp_path, compiled):
    """A web worker that was started with those keys."""

    def started(keys: str) -> Deployment:
        env = {"REDIS_URL": redis_url, "IGYM_SECRET_KEY": keys}
        return connect(settings.load(env, tmp_path))

    packages.publish(redis, replace(compiled, package="0" * 64))
    return started


def browser_of(deployment: Deployment):
    app = Flask("igym.web", static_folder="static", static_url_path="/static")
    pages.register(app, deployment)
    admin.register(app, deployment)
    return app.test_client()


def joined(browser, token: str | None = None) -> tuple[str, str]:
    said = browser.post("/api/x/counters/join", json={"query": {}, "token": token}).json
    return said["token"], said["session"]


@pytest.mark.parametrize("before", [0, 1, 2])
def test_during_a_rolling_step_each_worker_takes_what_the_other_signed(told, before):
    workers = [told(STEPS[before]), told(STEPS[before + 1])]
    if before == 2:  # the old key goes a month after it last signed
        workers[0] = told(STEPS[2])
        assert_takes(workers[1], workers[0])
        return
    assert_takes(workers[0], workers[1])
    assert_takes(workers[1], workers[0])


def assert_takes(taker: Deployment, signer: Deployment) -> None:
    """A participant and an operator of one web worker come to the other."""
    token, session = joined(browser_of(signer))
    assert joined(browser_of(taker), token)[1] == session

    there, here = browser_of(signer), browser_of(taker)
    key = accounts.link(signer, accounts.OPERATOR)
    assert there.get(f"/admin/enter?key={key}").status_code == 303
    form = re.search(r'name="form_token" value="([^"]+)"', there.get("/admin/account").text)
    here.set_cookie("igym_admin", there.get_cookie("igym_admin", path="/admin").value)
    assert here.get("/admin").status_code == 200
    assert form is not None
    assert here.post("/admin/leave", data={"form_token": form[1]}).status_code == 303


def test_a_key_that_was_taken_away_opens_nothing(told):
    token = tokens.issue(told(STEPS[0]), "counters", "ann")
    assert tokens.identify(told(STEPS[2]), token) == ("counters", "ann")
    with pytest.raises(BadToken):
        tokens.identify(told(STEPS[3]), token)


def test_a_person_who_comes_back_after_a_rotation_is_the_same_participant(told, redis):
    first = identity.participant(told(STEPS[0]), ANN)
    assert {identity.participant(told(step), ANN) for step in STEPS} == {first}
    assert re.fullmatch("[0-9a-f]{16}", first)

    # And on a Redis that has lost everything, while the key is the old one
    redis.delete(keys.pepper())
    assert identity.participant(told(STEPS[0]), ANN) == first


def test_without_keys_in_the_settings_all_share_one_and_it_is_read_when_it_is_needed(told, redis):
    one, other = told(""), told("")
    assert not redis.exists(keys.secret())

    token = tokens.issue(one, "counters", "ann")

    assert tokens.identify(other, token) == ("counters", "ann")
    assert one.secret == other.secret and len(one.secret) >= secret.LEAST
