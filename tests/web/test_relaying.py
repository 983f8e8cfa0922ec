"""A participant is lent the relay for an hour; nobody else is, and the secret stays here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import replace

import pytest
from flask import Flask

from igym import settings
from igym.domain import secret
from igym.services.connect import connect
from igym.services.sessions import relaying
from igym.store import packages
from igym.web import pages

SECRET = secret.made()
URLS = "turn:lab.example.org:3478,turns:lab.example.org:5349?transport=tcp"


@pytest.fixture
def study(redis, redis_url, tmp_path, compiled):
    """A browser of a deployment with a relay, or without."""
    packages.publish(redis, replace(compiled, package="0" * 64))

    def browser(**told: str):
        env = {"REDIS_URL": redis_url, **told}
        app = Flask("igym.web", static_folder="static", static_url_path="/static")
        pages.register(app, connect(settings.load(env, tmp_path)))
        return app.test_client(use_cookies=False)

    return browser


def test_a_participant_is_lent_the_relay_for_an_hour(study):
    browser = study(IGYM_TURN_URLS=URLS, IGYM_TURN_SECRET=SECRET)
    joined = browser.post("/api/x/counters/join", json={"query": {}}).json

    answer = browser.post("/api/x/counters/relay", json={"token": joined["token"]})

    (server,) = answer.json["iceServers"]
    until, _, name = server["username"].partition(":")
    assert answer.headers["Cache-Control"] == "no-store"
    assert server["urls"] == URLS.split(",")
    assert name == joined["session"]
    assert 3590 < int(until) - time.time() <= 3600
    # As coturn computes it: base64(HMAC-SHA1(static-auth-secret, username))
    made = hmac.digest(SECRET.encode(), server["username"].encode(), hashlib.sha1)
    assert server["credential"] == base64.b64encode(made).decode()
    assert SECRET not in answer.text


def test_a_password_is_the_one_that_is_known_of_that_name():
    # Of `printf %s 1433895918:ann | openssl dgst -binary -sha1 -hmac north | base64`
    assert relaying.password("north", "1433895918:ann") == "zAlhH20kpuDJR8ZKdq5vyQV+Ung="


@pytest.mark.parametrize("token", [None, "", "x", 7, "W10.aaaa.bbbb"])
def test_nobody_else_is(study, token):
    browser = study(IGYM_TURN_URLS=URLS, IGYM_TURN_SECRET=SECRET)
    answer = browser.post("/api/x/counters/relay", json={"token": token})
    assert answer.status_code == 401 and "iceServers" not in answer.text
    assert browser.post("/api/x/counters/relay", data="x").status_code == 401


def test_a_participant_of_another_study_is_not_either(study):
    browser = study(IGYM_TURN_URLS=URLS, IGYM_TURN_SECRET=SECRET)
    token = browser.post("/api/x/counters/join", json={"query": {}}).json["token"]
    assert browser.post("/api/x/other/relay", json={"token": token}).status_code == 401


def test_where_there_is_no_relay_there_is_none_to_lend(study):
    browser = study()
    token = browser.post("/api/x/counters/join", json={"query": {}}).json["token"]
    assert browser.post("/api/x/counters/relay", json={"token": token}).json == {"iceServers": []}
