"""What pip installs is everything: no Node, no checkout, no network."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from igym.cli.new import TEMPLATES
from tests.system.client import fetch, join
from tests.system.server import body, serving

pytestmark = [pytest.mark.slow, pytest.mark.stack]

ROOT = Path(__file__).parents[2]


def test_the_wheel_has_every_part(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for part in (
        "igym/py.typed",
        "igym/web/static/index.html",
        "igym/web/static/bench.html",
        "igym/web/static/admin.html",
        "igym/templates/human-AI/policies/follower.onnx",
        *(f"igym/templates/{name}/experiment.py" for name in TEMPLATES),
        "igym/web/static/licenses.md",
        "igym/deploy/nginx/igym.conf.template",
        "workers/games.py",
        "workers/director.py",
    ):
        assert part in names
    here = {p.relative_to(ROOT).as_posix() for p in (ROOT / "igym").rglob("*.lua")}
    assert here and here <= names
    assert any(name.startswith("igym/web/static/assets/game-") for name in names)
    assert any(name.endswith(".woff2") for name in names)
    strange = ("tests/", "client/", "node_modules", "__pycache__", ".part")
    assert not [name for name in names if any(word in name for word in strange)]


def test_the_wheel_alone_runs_a_study(clean, tmp_path):
    # Given an environment of its own, with igym from the wheel and what that depends on
    told = subprocess.run(
        [clean / "python", "-c", "import igym, workers; print(igym.__file__, workers.__file__)"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.count(str(clean.parent)) == 2

    # When a study is run from somewhere else
    with serving("solo", command=(str(clean / "igym"),)) as server:
        # Then its page, its script and a join are served
        page = body(f"{server.url}/x/solo").decode()
        script = page.split('src="')[1].split('"')[0]
        assert b"import" in body(server.url + script)
        assert join(server.url, "solo")
        assert fetch(f"{server.url}/healthz") == (200, {"ok": True})
        assert "Traceback" not in server.log
