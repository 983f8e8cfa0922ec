"""What leaves igym as JSON is described: plans, and what `igym check` finds."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import jsonschema
import pytest

from igym.cli import new
from igym.services.packages import checking
from igym.services.packages.tryout import tried
from igym.store import packages, schema

ROOT = Path(__file__).parents[2]

#: Every package that a researcher could copy.
COPIED = [
    *(path.parent for path in sorted((ROOT / "examples").glob("*/experiment.toml"))),
    *(ROOT / "igym" / "templates" / name for name in new.TEMPLATES),
]


@pytest.mark.parametrize("name", schema.SCHEMAS)
def test_the_schema_in_the_docs_is_the_one_that_the_types_write(name):
    page = ROOT / "docs" / f"{name}.schema.json"
    assert page.read_text("utf-8") == schema.written(name), "run: python docs/build.py"
    jsonschema.Draft202012Validator.check_schema(schema.schema(name))


@pytest.mark.slow
@pytest.mark.parametrize("root", COPIED, ids=lambda root: root.name)
def test_every_package_to_copy_checks_clean_and_is_plain_data_that_the_schema_describes(
    root, monkeypatch
):
    plans = []

    def kept(*args, **how):
        found, plan = tried(*args, **how)
        plans.append(plan)
        return found, plan

    monkeypatch.setattr(checking, "tried", kept)
    report = checking.examine(root)

    assert [found for found in report.findings if found.level != "note"] == []
    assert report.ok
    assert report.scenes[0].kind in ("page", "survey") and report.scenes[-1].kind == "ending"
    assert report.took_s < 60  # 15 on a machine that does nothing else
    (plan,) = plans
    plain = json.loads(packages.encode(plan))
    jsonschema.validate(plain, schema.schema("plan"))
    assert packages.decode(json.dumps(plain).encode()) == plan  # and nothing is lost on the way


def test_a_plan_of_another_shape_is_refused_by_the_schema():
    with pytest.raises(jsonschema.ValidationError, match="is a required property"):
        jsonschema.validate({"experiment": "x", "version": "1"}, schema.schema("plan"))


def test_a_report_is_as_its_schema_says(tmp_path):
    (tmp_path / "experiment.py").write_text("x = = 1")
    report = checking.examine(tmp_path)

    plain = json.loads(json.dumps({**asdict(report), "ok": report.ok}))
    jsonschema.validate(plain, schema.schema("check"))
    assert not plain["ok"]
    assert {found["code"] for found in plain["findings"]} == {"manifest", "syntax"}


def test_every_kind_of_finding_is_explained():
    page = (ROOT / "docs" / "packages.md").read_text("utf-8")
    (section,) = re.findall(r"^## What `igym check` finds\n(.*?)^## ", page, re.M | re.S)
    explained = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", section, re.M))))

    sources = [
        ROOT / "igym/services/packages" / f"{n}.py" for n in ("checking", "trying", "tryout")
    ]
    told = {
        code
        for file in sources
        for code in re.findall(
            r'(?:Finding|found)\(\s*(?:level|"(?:error|warning|note)"),\s*"(\w+)"',
            file.read_text("utf-8"),
        )
    }
    assert len(told) > 15
    assert told - explained == set()
