"""`make audit` never takes "nobody knows" for "there is none"."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    loader = SourceFileLoader("audit", str(ROOT / "scripts" / "audit"))
    spec = spec_from_loader("audit", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


FINE = {"name": "flask", "version": "3.1.3", "vulns": []}
HOLE = {"name": "rq", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
# What pip-audit 2.10 says, with exit code 0 and "No known vulnerabilities found", where an index
# has no JSON API.
UNKNOWN = {"name": "uv", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def test_a_hole_is_told_with_the_version_that_mends_it(audit):
    assert audit.of_python({"dependencies": [FINE]}) == []
    assert audit.of_python({"dependencies": [FINE, HOLE]}) == ["rq 1.0: PYSEC-1, mended in 1.1"]
    found = {"vulnerabilities": {"vite": {"range": "<8.1", "severity": "high"}}}
    assert audit.of_npm(found) == ["vite <8.1: high"]
    assert audit.of_npm({"vulnerabilities": {"a": {"range": "*", "severity": "low"}}}) == []


@pytest.mark.parametrize("said", [{"dependencies": [FINE, UNKNOWN]}, {"dependencies": []}, {}])
def test_a_library_that_nobody_knows_of_is_not_a_safe_one(audit, said):
    with pytest.raises(audit.Unasked):
        audit.of_python(said)


def test_a_registry_that_refuses_has_not_been_asked(audit):
    with pytest.raises(audit.Unasked, match="405"):
        audit.of_npm({"message": "405 Method Not Allowed - POST …/advisories/bulk"})


def test_what_could_not_be_asked_is_neither_fine_nor_a_hole(audit, monkeypatch, capsys):
    def away() -> list[str]:
        raise audit.Unasked("no network")

    monkeypatch.setattr(audit, "python", away)
    monkeypatch.setattr(audit, "npm", list)
    assert audit.main() == 2
    said = capsys.readouterr()
    assert "PyPI could not be asked: no network" in said.err
    assert "npm: no known holes" in said.out
    monkeypatch.setattr(audit, "npm", lambda: ["vite <8.1: high"])
    assert audit.main() == 1
