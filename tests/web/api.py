"""A web worker's API on a real Redis, and somebody who calls it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from igym import settings
from igym.domain.access import Role
from igym.domain.package import Version
from igym.domain.report import Finding, Report, SceneReport
from igym.services import access
from igym.services.connect import Deployment, connect
from igym.services.packages import examining, packing, submitting, unpacking
from igym.store import submissions
from igym.web import api, pages, probing
from tests.services.conftest import PACKAGES


@pytest.fixture
def deployment(redis, redis_url: str, tmp_path: Path) -> Deployment:
    return connect(settings.load({"REDIS_URL": redis_url, "IGYM_MAX_PACKAGE_MB": "1"}, tmp_path))


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    made = Flask("igym.web", static_folder="static", static_url_path="/static")
    made.secret_key = deployment.secret
    made.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    pages.register(made, deployment)
    probing.register(made)
    api.register(made, deployment)
    return made


class Caller:
    """Somebody with a token."""

    def __init__(self, app: Flask, deployment: Deployment, text: str) -> None:
        self.app, self.deployment, self.text = app, deployment, text
        self.browser = app.test_client(use_cookies=False)

    def __call__(self, method: str, path: str, **how) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {self.text}", **how.pop("headers", {})}
        answer = self.browser.open(path, method=method, headers=headers, **how)
        assert answer.content_type == "application/json", answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        if answer.status_code >= 400:
            assert set(answer.json) == {"code", "text", "hint"}
            assert readable(answer.json["text"]), answer.json
        return answer.status_code, answer.json

    def submit(self, raw: bytes, query: str = "") -> tuple[int, dict]:
        return self("POST", f"/api/packages{query}", data=raw, content_type="application/zip")


def readable(text: str) -> bool:
    return text[0].isalnum() and text.rstrip()[-1] in ".!?)" and "Traceback" not in text


@pytest.fixture
def people(app, deployment):
    """Callers by role."""

    def made(role=Role.RESEARCHER, experiments=("counters",), days=1.0, **how) -> Caller:
        text, _ = access.create(deployment, "Ann", role, experiments, days, **how)
        return Caller(app, deployment, text)

    return made


@pytest.fixture
def ann(people) -> Caller:
    return people()


@pytest.fixture
def admin(people) -> Caller:
    return people(Role.ADMIN)


@pytest.fixture
def raw(tmp_path) -> bytes:
    """The tiny study as a ZIP."""
    packing.pack(PACKAGES / "counters", tmp_path / "counters.zip")
    return (tmp_path / "counters.zip").read_bytes()


def edited(raw: bytes, **files: str) -> bytes:
    """The same ZIP with other content in files, named without their suffix `.toml` or `.md`."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = files.get(Path(name).stem if name.endswith((".toml", ".md")) else "")
            new.writestr(name, old.read(name) if content is None else content)
    return made.getvalue()


def toml(id: str = "counters", version: str = "1") -> str:
    return f'id = "{id}"\nversion = "{version}"\ntitle = "Counting"\n'


@pytest.fixture(autouse=True)
def quickly(request, monkeypatch):
    """Unpack in this process, except where a test is about that."""
    if not request.node.get_closest_marker("slow"):

        def unpack(archive: Path, to: Path):
            return unpacking.answer(archive, to, submitting.MOST_BYTES)

        monkeypatch.setattr(submitting, "unpack_apart", unpack)


@pytest.fixture
def checks(deployment, compiled, monkeypatch):
    """What the director and the checks worker do, without their processes. Returns how often."""

    def examined(_: object, version: Version):
        root = deployment.package_root(version.package)
        report = Report(str(root), "0", took_s=1.0)
        if "FAIL" in (root / "hello.md").read_text():
            found = Finding(
                "error", "raised", f"ValueError: no {root}/counters.py", "Mend it.",
                "counters.py", 3, trace="Traceback: counters.py:3",
            )  # fmt: skip
            return replace(report, findings=(found,)), None
        plan = replace(compiled, package=version.package, version=version.version)
        scenes = tuple(SceneReport(one.name, "other", "") for one in plan.scenes)
        return replace(report, scenes=scenes), plan

    monkeypatch.setattr(examining, "examined", examined)

    def run() -> int:
        asked = examining.look(deployment)
        for waiting in submissions.waiting(deployment.redis):
            examining.check(deployment, waiting.package)
        return asked

    return run
