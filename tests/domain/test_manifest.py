"""Every field of experiment.toml: wrong type, missing, contradictory, unknown."""

from __future__ import annotations

import tomllib

import pytest

from igym.domain.manifest import FIELDS, distribution, problems

GOOD = 'id = "study"\nversion = "1"\ntitle = "A study"\n'

WRONG = {str: "[1]", int: '"x"', float: '"x"', list: '"x"', dict: '"x"'}


def told(text: str):
    return problems(tomllib.loads(text), text)


def test_a_good_manifest_has_no_problems():
    assert told(GOOD) == []
    assert told(GOOD + 'dependencies = ["slimevb>=0.1,<1", "a[b]; python_version > \'3\'"]') == []


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_of_the_wrong_type_says_which_was_expected_and_on_which_line(name):
    lines = [line for line in GOOD.splitlines() if not line.startswith(f"{name} ")]
    value = next(v for v in ("true", "1979-05-27") if v)
    found = told("\n".join([*lines, f"{name} = {value}"]))

    assert [(f.level, f.line) for f in found] == [("error", len(lines) + 1)]
    assert FIELDS[name].expected in found[0].message
    assert found[0].hint


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.needed])
def test_a_missing_field_is_named_with_a_line_to_add(name):
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{name} "))
    (found,) = told(text)

    assert found.level == "error"
    assert f"has no {name}" in found.message
    assert f"{name} = " in found.hint
    (empty,) = told(f'{text}\n{name} = " "')
    assert f"has no {name}" in empty.message


def test_a_misspelt_field_is_told_with_the_nearest_name():
    missing, unknown = told(GOOD.replace("version", "verison"))
    assert "has no version" in missing.message and "verison" in missing.hint
    assert unknown.level == "warning" and "Did you mean version" in unknown.hint
    assert unknown.line == 2


def test_a_field_of_ones_own_is_only_noted():
    (found,) = told(GOOD + 'ethics_board = "2026-11"\n')
    assert (found.level, found.line) == ("note", 4)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('id = "../up"', "will not do"),
        ('id = "My Study"', "will not do"),
        ('id = "redis"', "a folder igym keeps for itself"),
        ('version = "1/2"', "will not do"),
        ('version = ".."', "will not do"),
        (f'title = "{"x" * 201}"', "201 characters"),
    ],
)
def test_a_value_that_cannot_be_used_is_an_error_on_its_line(line, said):
    name = line.partition(" ")[0]
    text = "\n".join([*(x for x in GOOD.splitlines() if not x.startswith(f"{name} ")), line])
    (found,) = told(text)
    assert found.level == "error" and said in found.message and found.line == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('dependencies = ["slimevb>=1", "SlimeVB<1"]', "about the same package"),
        ('dependencies = ["not a name!"]', "names no Python package"),
        ("dependencies = [7]", "names no Python package"),
        ('licence = "MIT"\nlicense = "GPL"', "contradict each other"),
    ],
)
def test_what_contradicts_itself_is_an_error(more, said):
    (found,) = told(GOOD + more)
    assert found.level == "error" and said in found.message


def test_a_version_written_as_a_number_is_warned_of():
    (found,) = told(GOOD.replace('"1"', "1.10"))
    assert found.level == "warning" and "1.1" in found.message


@pytest.mark.parametrize(
    ("requirement", "name"),
    [("Slime_VB >= 0.1", "slime-vb"), ("a.b[c]==1", "a-b"), ("x @ file:///y", "x"), ("!", "")],
)
def test_a_requirement_is_about_one_package(requirement, name):
    assert distribution(requirement) == name
