"""Every verb says what it does, and what reports does so for machines too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from igym.cli import main

ROOT = Path(__file__).parents[2]

#: Verbs that run until they are stopped, or become another process: they report nothing.
STAY = {"up", "run", "web", "director", "worker games", "worker inference"}

#: Verbs that do one thing and have nothing to tell but that it is done.
ACT = {
    "token revoke", "admin create", "admin role", "admin password", "admin remove",
    "admin sign-out", "admin hash", "deploy init",
}  # fmt: skip


def verbs(group: Any, prefix: str = "") -> dict[str, Any]:
    found = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= verbs(command, f"{prefix}{name} ")
        else:
            found[f"{prefix}{name}"] = command
    return found


VERBS = verbs(typer.main.get_command(main.app))


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_has_a_sentence_and_every_argument_has_one(name):
    command = VERBS[name]
    assert command.help and command.help.rstrip().endswith(".")
    for param in command.params:
        if param.param_type_name == "argument":
            assert param.help, f"{name} {param.name}"


@pytest.mark.parametrize("name", sorted(set(VERBS) - STAY - ACT))
def test_a_verb_that_reports_has_json(name):
    assert any("--json" in param.opts for param in VERBS[name].params), name


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_in_the_docs(name):
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert re.search(rf"^### `igym {name}[ `]", page, re.M)


@pytest.mark.parametrize(
    "words", [["new", "two-player", "demo"], ["version"], ["config"], ["check", "demo"]]
)
def test_json_is_one_object_and_nothing_else(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir() if words[0] == "check" else None
    answer = CliRunner().invoke(main.app, [*words, "--json"])

    assert isinstance(json.loads(answer.stdout), dict)
    assert answer.exit_code == (1 if words[0] == "check" else 0)  # the folder is empty


def test_a_shell_can_be_told_to_complete_verbs():
    answer = CliRunner().invoke(main.app, ["--help"])
    assert "--install-completion" in answer.output
    assert "--install-completion" in (ROOT / "docs" / "cli.md").read_text("utf-8")
