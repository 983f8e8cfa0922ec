"""A package is known by its content, refused in words, and shown without what could hurt."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from igym import Onnx, Sample
from igym.errors import BadPackage
from igym.services.packages import compiling, publishing
from igym.services.packages.loading import load
from tests.services.conftest import PACKAGES

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the tiny study, to spoil."""
    return Path(shutil.copytree(PACKAGES / "counters", tmp_path / "counters"))


def compiled(root: Path):
    return compiling.compile_package(root, publishing.fingerprint(root))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_fingerprint_changes_with_content_and_name_and_with_nothing_else(root, tmp_path):
    first = publishing.fingerprint(root)
    (root / "__pycache__").mkdir()
    (root / "__pycache__" / "x.pyc").write_bytes(b"x")
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("x")
    assert publishing.fingerprint(root) == first
    assert publishing.fingerprint(Path(shutil.copytree(root, tmp_path / "elsewhere"))) == first

    (root / "hello.md").rename(root / "hallo.md")
    renamed = publishing.fingerprint(root)
    (root / "hallo.md").write_text("# Hi")
    assert len({first, renamed, publishing.fingerprint(root)}) == 3


def test_content_cannot_pass_for_a_name(tmp_path):
    for folder, files in {"a": {"x": "yz"}, "b": {"xy": "z"}, "c": {"x": "y", "z": ""}}.items():
        (tmp_path / folder).mkdir()
        for name, content in files.items():
            (tmp_path / folder / name).write_text(content)
    assert len({publishing.fingerprint(tmp_path / folder) for folder in "abc"}) == 3


def test_a_published_plan_is_read_back_as_it_was_compiled(lab, compiled):
    plan = lab.deployment.plans.get("counters", compiled.package)
    assert plan == compiled
    assert [scene.name for scene in plan.scenes] == ["consent", "about", "count", "thanks"]
    stored = lab.deployment.package_root(plan.package)
    assert publishing.fingerprint(stored) == plan.package
    assert publishing.publish(lab.deployment, PACKAGES / "counters") == plan  # twice is once


def test_a_package_that_does_not_compile_changes_nothing(deployment, root):
    (root / "hello.md").unlink()
    with pytest.raises(BadPackage, match=r"hello\.md is not in the package"):
        publishing.publish(deployment, root)
    assert deployment.redis.keys("igym:*") == []


def test_a_folder_that_is_not_there_is_refused(deployment, tmp_path):
    with pytest.raises(BadPackage, match="is not a folder"):
        publishing.publish(deployment, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("experiment.toml", 'id = "counters"', 'id = "../up"', "will not do"),
        ("experiment.toml", 'id = "counters"', 'id = "Counters"', "will not do"),
        ("experiment.toml", 'id = "counters"', "", "has no id"),
        ("experiment.toml", 'version = "1"', 'version = "1/2"', "will not do"),
        ("experiment.toml", 'version = "1"', 'version = ".."', "will not do"),
        ("experiment.toml", 'id = "counters"', "id = ", "Invalid value"),
        ("experiment.py", "experiment = Exp", "other = Exp", "has no experiment"),
        ("experiment.py", '"hello.md"', '"../../hello.md"', "is outside the package"),
        ("experiment.py", '"hello.md"', '"gone.md"', r"gone\.md is not in the package"),
        ("experiment.py", '"left": "left"', '"left": "sun"', "'sun' is no shape's id"),
        ("counters.py", '("left", "right")})', '("left", "up")})', "are not agents"),
        ("about.json", '"name": "why"', '"name": "age"', "two questions named 'age'"),
        ("about.json", '"name": "why"', '"title": "why"', "without a usable name"),
        ("about.json", "elements", "nothing", "has no questions"),
        ("about.json", "}]}", "", r"about\.json:\d+:"),
        ("counters.py", "def draw(self)", "def sketch(self)", "cannot be drawn"),
    ],
)
def test_what_will_not_do_is_refused_with_the_file_or_scene(root, file, old, new, told):
    edit(root / file, old, new)
    with pytest.raises(BadPackage, match=told):
        compiled(root)


@pytest.mark.parametrize("file", ["experiment.toml", "experiment.py"])
def test_a_missing_file_is_named(root, file):
    (root / file).unlink()
    with pytest.raises(BadPackage, match=f"has no {file}"):
        compiled(root)


def test_a_missing_policy_is_named_with_the_ones_there_are(root):
    edit(root / "experiment.py", "import Experiment, Human", "import Experiment, Human, Onnx")
    edit(root / "experiment.py", '"right": Human', '"right": Onnx("p.onnx")')
    with pytest.raises(BadPackage, match="There is no policy file"):
        compiled(root)
    (root / "p.onnx").write_bytes(b"not a model")
    with pytest.raises(BadPackage, match="not a model"):
        compiled(root)


def test_a_module_that_is_not_installed_is_named_with_how_to_install_it(root):
    edit(root / "counters.py", "from gymnasium", "import nosuchmodule\nfrom gymnasium")
    with pytest.raises(BadPackage, match="needs nosuchmodule") as refused:
        publishing.compile_apart(root, publishing.fingerprint(root))
    assert 'dependencies = ["nosuchmodule"]' in refused.value.hint


def test_a_researchers_error_comes_with_the_traceback(root):
    edit(root / "counters.py", "self.resets = 0", "self.resets = 1 / 0")
    with pytest.raises(BadPackage, match="ZeroDivisionError") as refused:
        publishing.compile_apart(root, publishing.fingerprint(root))
    assert "counters.py" in refused.value.message


def test_printing_at_import_does_not_spoil_the_plan(root):
    edit(root / "counters.py", "from gymnasium", 'print("hello")\nfrom gymnasium')
    assert publishing.compile_apart(root, "ff").experiment == "counters"


def test_compiling_does_not_see_our_secrets(root, monkeypatch):
    monkeypatch.setenv("IGYM_SECRET_KEY", "x" * 40)
    edit(
        root / "counters.py",
        "from gymnasium",
        'import os\nassert "IGYM_SECRET_KEY" not in os.environ\nfrom gymnasium',
    )
    publishing.compile_apart(root, "ff")


@pytest.mark.parametrize("name", ["hello.md", "hello.html"])
def test_pages_keep_their_words_and_lose_what_could_hurt(root, name):
    edit(root / "experiment.py", "hello.md", name)
    (root / name).write_text(
        "<h1>Hello</h1>\n\n<script>alert(1)</script><style>*{}</style>\n"
        '<img src="x" onerror="alert(2)"><a href="javascript:alert(3)">link</a>\n'
        '<form action="/"><input></form><iframe src="/"></iframe>\n\n<b>bold</b>\n'
    )
    html = compiled(root).scenes[0].page.html
    assert "<h1>Hello</h1>" in html and "<b>bold</b>" in html and "link" in html
    for hurt in ("script", "onerror", "alert(", "style", "<form", "<input", "iframe"):
        assert hurt not in html, hurt


def test_two_versions_of_a_package_live_side_by_side(root):
    one = load(root, "side_one")
    edit(root / "experiment.py", "fps=120", "fps=60")
    assert (one.scene("count").fps, load(root, "side_two").scene("count").fps) == (120, 60)


def test_a_package_whose_import_failed_can_be_mended_and_loaded(root):
    edit(root / "counters.py", "from gymnasium", "1 / 0\nfrom gymnasium")
    with pytest.raises(ZeroDivisionError):
        load(root, "mended")
    edit(root / "counters.py", "1 / 0\n", "")
    assert load(root, "mended").scene("count")


def test_the_survey_knows_its_questions_and_their_comments(root):
    survey = compiled(root).scenes[1].survey
    assert survey.items == ("age", "age-Comment", "why", "why-Comment")
    assert survey.form == json.loads((root / "about.json").read_text())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("share", "share"),
        (1.5, "1.5"),
        ({"speed": 2}, "{'speed': 2}"),
        (Onnx("policies/a.onnx", choose=Sample(6), every=3),
         "onnx:policies/a.onnx:sample@6:every@3"),
        (len, "len"),
        (object(), "<object object>"),
        ("x" * 500, "x" * 200 + "…"),
    ],
)  # fmt: skip
def test_what_a_cell_stands_for_is_said_in_words_that_stay_the_same(value, words):
    assert compiling.in_words(value) == words
