"""A template is a package of one's own at once, and what will not do is refused in words."""

from __future__ import annotations

import re
import tomllib

import pytest

from igym.cli import new
from igym.errors import BadPackage, NotFound


@pytest.mark.parametrize("template", new.TEMPLATES)
def test_a_new_package_has_its_own_id_and_codes_nobody_else_has(template, tmp_path):
    made = new.make(template, tmp_path / "demo")
    other = new.make(template, tmp_path / "again")

    about = tomllib.loads((made.folder / "experiment.toml").read_text("utf-8"))
    assert about["id"] == made.experiment == "demo"
    assert {"experiment.py", "experiment.toml", "README.md"} <= set(made.files)
    codes = [
        set(re.findall(r'"([A-Z2-9]{8})"', (each.folder / "experiment.py").read_text("utf-8")))
        for each in (made, other)
    ]
    assert codes[0] and codes[1] and not codes[0] & codes[1]
    assert "CODE-" not in (made.folder / "experiment.py").read_text("utf-8")


def test_every_template_says_in_a_line_what_it_is():
    assert set(new.described()) == set(new.TEMPLATES)
    assert all(new.described().values())


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("two-players", "two-player"), ("human-ai", "human-AI"), ("survey", "survey-only")],
)
def test_a_template_that_does_not_exist_is_refused_with_the_nearest(asked, meant, tmp_path):
    with pytest.raises(NotFound, match=asked) as refused:
        new.make(asked, tmp_path / "demo")
    assert f"Did you mean {meant}" in refused.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["My Study", "café", "packages", "x" * 41])
def test_a_name_that_will_not_do_as_an_id_is_refused_with_one_that_does(name, tmp_path):
    with pytest.raises(BadPackage) as refused:
        new.make("two-player", tmp_path / name)
    assert refused.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "mine.txt").write_text("mine")
    with pytest.raises(BadPackage, match="is there already"):
        new.make("two-player", tmp_path / "demo")
    assert [p.name for p in (tmp_path / "demo").iterdir()] == ["mine.txt"]
