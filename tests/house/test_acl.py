"""Who may touch which key of Redis is decided for each key, and nobody's work is forgotten."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from igym.store import acl, keys
from igym.store.acl import Tier

ROOT = Path(__file__).parents[2]
FILES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for folder in ("igym", "workers")
    for file in (ROOT / folder).rglob("*.py")
}

#: Where the processes of a tier begin.
BEGINS = {
    Tier.WEB: ("igym.web.__main__",),
    Tier.GAME: ("workers.games", "igym.cli.binding", "igym.services.games.leasing"),
    Tier.INFERENCE: ("workers.inference",),
    Tier.DIRECTOR: ("workers.director", "workers.archive", "workers.erase"),
    Tier.CHECKS: ("workers.checks",),
}

#: Keys of modules that a tier loads for something else, and has no business with.
WITHHELD = {
    Tier.WEB: "answer fence hooked log starter",
    Tier.GAME: "secret pepper experiments packages versions opening releases hooked orders fence "
    "fills lease lease_token commands",
    Tier.INFERENCE: "secret pepper experiments packages versions opening releases hooked replies "
    "commands_for",
    Tier.DIRECTOR: "secret pepper written",
    Tier.CHECKS: "secret pepper bindings starter games game links log closed finished",
}


@cache
def imports(module: str) -> frozenset[str]:
    found = set()
    for node in ast.walk(ast.parse(FILES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found & FILES.keys())


def loaded(*begin: str) -> set[str]:
    """Every module of ours that those import, and what those import, wherever in the file."""
    found: set[str] = set()
    ahead = list(begin)
    while ahead:
        if (module := ahead.pop()) not in found:
            found.add(module)
            ahead += imports(module)
    return found


def touched(tier: Tier) -> set[str]:
    """Keys that the code of that tier names."""
    text = "\n".join(FILES[module].read_text("utf-8") for module in loaded(*BEGINS[tier]))
    return set(re.findall(r"\bkeys\.(\w+)", text)) & keys.ALL.keys()


@pytest.mark.parametrize("tier", BEGINS)
def test_each_tier_may_touch_what_its_code_names(tier):
    allowed = acl.WRITES[tier] | acl.READS[tier] | {"inbox"}
    forgotten = touched(tier) - allowed - set(WITHHELD[tier].split())
    assert forgotten == set(), "add them to igym/store/acl.py, or withhold them here"


@pytest.mark.parametrize("tier", BEGINS)
def test_what_is_withheld_or_allowed_is_declared_and_not_both(tier):
    withheld, allowed = set(WITHHELD[tier].split()), acl.WRITES[tier] | acl.READS[tier]
    assert (withheld | allowed) - keys.ALL.keys() == set()
    assert withheld & allowed == set()
    assert acl.WRITES[tier] & acl.READS[tier] == set()


def test_every_key_has_a_tier_that_writes_it():
    written = set().union(*acl.WRITES.values())
    assert {name for name, key in keys.ALL.items() if key.kind != "channel"} - written == set()
