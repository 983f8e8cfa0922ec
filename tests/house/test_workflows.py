"""What the public CI runs is there, is pinned, and may do no more than it must."""

from __future__ import annotations

import os
import re
import runpy
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(name: str) -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows" / name).read_text("utf-8"))
    return loaded


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_action_is_pinned_and_each_script_is_there(file):
    workflow = load(file.name)
    assert workflow["permissions"] == {"contents": "read"}
    for step in steps(workflow):
        if "uses" in step:
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
        for script in re.findall(r"(?:^|\s)((?:\.ci|scripts)/\w+)", step.get("run", "")):
            assert os.access(ROOT / script, os.X_OK), script
        for lock in re.findall(r"\S+\.lock", step.get("run", "")):
            assert (ROOT / lock).is_file(), lock


def test_every_python_we_say_we_run_on_runs_the_tests():
    said = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    ours = [one.rpartition(" ")[2] for one in said if re.search(r":: 3\.\d+$", one)]
    job = load("ci.yml")["jobs"]["tests"]
    assert job["strategy"]["matrix"]["python"] == ours
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]


def test_only_the_job_that_publishes_may_ask_for_an_identity_and_it_runs_nothing_of_ours():
    jobs = load("release.yml")["jobs"]
    may = {name for name, job in jobs.items() if "id-token" in job.get("permissions", {})}
    assert may == {"publish"}
    assert jobs["publish"]["environment"] == "pypi" and jobs["publish"]["needs"] == "build"
    assert not [step for step in jobs["publish"]["steps"] if "run" in step]


def test_a_wheel_of_another_version_or_without_the_client_is_not_published(tmp_path):
    released = runpy.run_path(str(ROOT / "scripts" / "released"), run_name="released")
    whole = (*released["INSIDE"], "igym/web/static/assets/main-abc.js")

    def wheel(*names: str) -> Path:
        path = tmp_path / "igym-0.2.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as made:
            for name in names:
                made.writestr(name, "")
        return path

    wrong = released["wrong"]
    assert wrong("v0.2.0", wheel(*whole)) == []
    assert "says 0.2.0" in wrong("v0.3.0", wheel(*whole))[0]
    assert wrong("v0.2.0", wheel(*whole[:-1])) == ["the client's script is not in it"]
    assert wrong("v0.2.0", wheel(*whole[1:])) == ["igym/web/static/index.html is not in it"]
