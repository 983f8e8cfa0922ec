"""`igym check`: every kind of mistake is a sentence with a place, and a good package has none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from igym.domain.plan import Plan
from igym.errors import BadPackage
from igym.services.packages import checking
from igym.services.packages.checking import examine, judged
from tests.services.conftest import PACKAGES

slow = pytest.mark.slow


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGES / "counters", tmp_path / "counters"))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def only(report, code: str):
    (found,) = [each for each in report.findings if each.code == code]
    return found


def test_a_syntax_error_is_told_with_file_and_line_without_running_anything(root, monkeypatch):
    monkeypatch.setattr(checking, "tried", lambda *_, **__: pytest.fail("nothing is run"))
    (root / "broken.py").write_text("x = 1\nif x\n    pass\n")
    report = examine(root)

    found = only(report, "syntax")
    assert (found.level, found.file, found.line) == ("error", "broken.py", 2)
    assert not report.ok and report.scenes == ()


def test_a_dependency_that_does_not_exist_is_told_with_its_line(root, monkeypatch):
    monkeypatch.setattr(checking, "tried", lambda *_, **__: pytest.fail("nothing is run"))
    with (root / "experiment.toml").open("a") as file:
        file.write('dependencies = ["gymnasum>=1", "no-such-thing-at-all"]\n')
    near, none = (f for f in examine(root).findings if f.code == "dependency")

    assert near.level == none.level == "error"
    assert "Did you mean gymnasium?" in near.hint
    assert near.line == none.line == 4
    assert 'pip install "no-such-thing-at-all"' in none.hint


@pytest.fixture
def spared(monkeypatch):
    """Nothing is compiled: what can be read is told all the same."""
    monkeypatch.setattr(checking, "tried", lambda *_, **__: ([], None))


def test_an_import_that_is_not_listed_is_warned_of(root, spared):
    (root / "more.py").write_text("import os\nimport rich\nfrom rich.table import Table\n")
    found = only(examine(root), "dependency")
    assert (found.level, found.file, found.line) == ("warning", "more.py", 2)
    assert '["rich"]' in found.hint


def test_what_nobody_means_to_hand_in_is_warned_of(root, spared, tmp_path):
    (root / ".env").write_text("TOKEN=secret")
    (root / "away").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("x")
    (root / "film.bin").write_bytes(b"\0" * (checking.LARGE_BYTES + 1))
    report = examine(root)

    assert only(report, "private").file == ".env"
    assert only(report, "outside").level == "error"
    assert only(report, "size").file == "film.bin"


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadPackage, match="is not a folder"):
        examine(tmp_path / "nowhere")


@slow
def test_all_missing_files_are_told_at_once_with_the_line_that_names_them(root):
    edit(root / "experiment.py", '"hello.md"', '"helo.md"')
    edit(root / "experiment.py", '"about.json"', '"gone.json"')
    (root / "thanks.md").write_text("# Thanks\n\n![you](images/you.png)\n")
    found = [f for f in examine(root).findings if f.code == "missing_file"]

    assert [(f.file, f.line, f.scene) for f in found] == [
        ("experiment.py", 8, "consent"),
        ("experiment.py", 9, "about"),
        ("thanks.md", 3, "thanks"),
    ]
    assert found[0].hint == "Did you mean hello.md?"
    assert all(f.level == "error" for f in found)


@slow
@pytest.mark.parametrize(
    ("file", "old", "new_text", "code", "line", "said"),
    [
        ("experiment.py", "fps=120", "fps=1200", "package", 10, "fps=1200"),
        ("counters.py", "self.resets = 0", "1 / 0", "raised", 17, "ZeroDivisionError"),
        ("experiment.py", '"left": "left"', '"left": "sun"', "package", 11, "'sun'"),
        ("experiment.py", ', "hello.md")', ")", "raised", 8, "missing 1 required"),
        ("experiment.toml", 'id = "counters"', "id = ", "manifest", 1, "not TOML"),
    ],
    ids=["value", "environment", "mark", "argument", "manifest"],
)
def test_a_mistake_is_told_on_the_authors_own_line(root, file, old, new_text, code, line, said):
    edit(root / file, old, new_text)
    report = examine(root)
    found = only(report, code)

    assert found.level == "error" and not report.ok
    assert said in found.message
    assert (found.file, found.line) == (file, line)


# --- what is judged of a plan ---------------------------------------------------------------------


@pytest.fixture
def judge(compiled: Plan):
    """What is said of the tiny study, were its game or its ending different."""

    def made(play: dict | None = None, codes: dict | None = None) -> list:
        scenes = []
        for scene in compiled.scenes:
            if scene.play is not None and play:
                scene = replace(scene, play=replace(scene.play, **play))
            if scene.end is not None and codes is not None:
                scene = replace(scene, end=replace(scene.end, codes=codes))
            scenes.append(scene)
        return judged(replace(compiled, scenes=tuple(scenes)), PACKAGES / "counters")

    return made


@slow
@pytest.mark.parametrize(
    ("play", "level", "code"),
    [
        ({"tick_ms": 9.0, "longest_ms": 12.0}, "error", "too_slow"),
        ({"tick_ms": 1.0, "longest_ms": 12.0}, "warning", "slow"),
        ({"deterministic": False, "found": "Two runs differ."}, "warning", "not_repeatable"),
        ({"recovery": "restart"}, "warning", "restart"),
        ({"found": "Its state cannot be saved."}, "note", "replay"),
    ],
)
def test_what_was_measured_of_a_game_is_judged_against_its_fps(judge, play, level, code):
    play = {"tick_ms": 0.1, "longest_ms": 0.2, "found": "", **play}
    found = next(f for f in judge(play) if f.code == code)
    assert (found.level, found.scene, found.file) == (level, "count", "experiment.py")
    assert found.line == 11
    assert found.hint


@slow
def test_an_outcome_without_a_code_and_a_code_without_an_outcome_are_told(judge):
    codes = {"complete": "A", "no_partner": "B", "partner_lft": "B"}
    *missing, unknown, twice = (
        f for f in judge(codes=codes) if "code" in f.code or "out" in f.code
    )

    said = " ".join(each.message for each in missing)
    assert {each.code for each in missing} == {"no_code"}
    assert "withdrew" in said and "partner_left" in said and "complete" not in said
    assert "partner_lft" in unknown.message and "Did you mean partner_left" in unknown.hint
    assert twice.level == "note"
