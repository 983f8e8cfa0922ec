"""Somebody at the dashboard's client, on a real Redis."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from igym import settings
from igym.domain.access import Role
from igym.services import accounts
from igym.services.connect import Deployment, connect
from igym.store import processes
from igym.web import admin, pages
from tests.web.test_admin import enter, token_of


@pytest.fixture
def deployment(redis, redis_url: str, tmp_path: Path) -> Deployment:
    return connect(settings.load({"REDIS_URL": redis_url, "IGYM_MAX_PACKAGE_MB": "1"}, tmp_path))


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    made = Flask("igym.web", static_folder="static", static_url_path="/static")
    made.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    pages.register(made, deployment)
    admin.register(made, deployment)
    return made


class Visitor:
    """Somebody who is signed in, and their client."""

    def __init__(self, app: Flask, deployment: Deployment, name: str) -> None:
        self.browser = app.test_client()
        enter(self.browser, deployment, name)
        self.token = token_of(self.browser.get("/admin/account"))

    def asks(self, path: str):
        return self.browser.get(path)

    def sends(self, path: str, said: object = None, **how):
        how.setdefault("json", said if said is not None else {})
        headers = {"X-Form-Token": self.token}
        return self.browser.post(path, headers=headers, **how)

    def uploads(self, raw: bytes):
        return self.sends(
            "/admin/packages.json", data=raw, content_type="application/zip", json=None
        )

    def shelf(self) -> dict[str, dict]:
        said = self.asks("/admin/packages.json").json
        return {one["id"]: one for one in said["experiments"]}


@pytest.fixture
def visitors(app, deployment):
    """Who signs in by name; accounts are made without the hashing."""

    def made(name: str, role: Role = Role.ADMIN, *experiments: str, trusted: bool = False):
        accounts.create(
            deployment, name, "correct horse battery", role, experiments, trusted=trusted,
            digest=lambda text: f"no hash of {text}",
        )  # fmt: skip
        return Visitor(app, deployment, name)

    return made


@pytest.fixture
def ann(visitors) -> Visitor:
    return visitors("ann")


def alive(deployment: Deployment, *roles: str) -> None:
    """Processes of those roles say that they are there."""
    for role in roles:
        about = {
            "role": role,
            "node": "n",
            "state": "ready",
            "holds": "0",
            "binding": "",
            "pid": "1",
        }
        processes.say(deployment.redis, f"{role}-1", about)
