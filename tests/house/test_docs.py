"""The documentation is something that can fail: what there is, is in it, and what it says, runs."""

from __future__ import annotations

import importlib.util
import re
import shutil
import struct
import sys
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest

import igym
import igym.draw
import igym.forms
from igym import settings, wire
from igym.archive import parquet
from igym.archive.choice import EPISODIC
from igym.archive.tables import TABLES
from igym.domain.outcome import GameOutcome, Outcome
from igym.domain.participant import Phase
from igym.services.packages import publishing
from igym.sim.draw import Shape

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])


def load_build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


build = load_build()


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text(page), re.M | re.S)


# --- everything is mentioned ---------------------------------------------------------------


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_generated_parts_are_current(page):
    assert page.read_text("utf-8") == build.built(page), "run: python docs/build.py"


def test_every_setting_has_its_line():
    page = text("docs/settings.md")
    for field in settings.fields():
        assert f"`{field.variable}`" in page
        assert field.description in page


def test_every_message_has_its_line():
    page = text("docs/wire.md")
    for kind in (*wire.FROM_BROWSER, *wire.FROM_SERVER):
        assert f"| `{kind.event}` | `{kind.__name__}` |" in page


def test_every_verb_has_its_heading():
    page = text("docs/cli.md")
    names = [name for name, _ in build.verbs()]
    assert "igym up" in names
    assert "igym worker games" in names
    for name in names:
        assert re.search(rf"^### `{name}[ `]", page, re.M), name


@pytest.mark.parametrize("name", TABLES)
def test_every_table_and_column_has_its_line(name):
    (section,) = re.findall(
        rf"^### {name}\n(.*?)(?=^### |^<!-- end)", text("docs/data.md"), re.M | re.S
    )
    for column, (_, meaning) in TABLES[name].columns.items():
        assert f"| `{column}` |" in section
        assert meaning in section


@pytest.mark.parametrize(
    ("module", "where"),
    [(igym, "packages"), (igym.draw, "packages"), (igym.forms, "forms")],
    ids=["igym", "igym.draw", "igym.forms"],
)
def test_every_public_name_has_its_heading_and_every_argument_is_there(module, where):
    page = text(f"docs/{where}.md")
    for name in module.__all__:
        (section,) = re.findall(rf"^### `{name}`\n(.*?)(?=^###? |^<!-- end)", page, re.M | re.S)
        made = getattr(module, name)
        if callable(made) and made is not Shape:
            call = build.signature(name, made)
            assert call in section


def test_every_outcome_and_phase_is_explained():
    for outcome in (*Outcome, *GameOutcome):
        assert re.search(rf"^\| `{outcome}` \| \w", text("docs/data.md"), re.M), outcome
    for phase in Phase:
        assert f"`{phase}`" in text("docs/architecture.md")


def test_every_error_has_a_code_of_its_own_and_a_line():
    page = text("docs/running.md")
    for kind in build.error_classes():
        assert f"| `{kind.code}` | {kind.status} | `{kind.__name__}` |" in page
    codes = re.findall(
        r'^    code(?:: ClassVar\[str\])?(?:, status)? = "(\w+)"', text("igym/errors.py"), re.M
    )
    assert sorted(codes) == sorted(set(codes)), "two errors share a code"


def test_every_decision_says_what_was_measured():
    numbers = []
    for page in sorted((DOCS / "decisions").glob("*.md")):
        numbers.append(int(page.name[:3]))
        assert "## Measured" in page.read_text("utf-8"), page.name
        assert "## Decision" in page.read_text("utf-8"), page.name
    assert numbers == sorted(set(numbers)), "two records share a number"


# --- what it says is so --------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    content = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", content):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        to = (page.parent / file).resolve() if file else page
        assert to.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", to.read_text("utf-8"), re.M)
            slugs = {re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in headings}
            assert anchor in slugs, target


def test_pictures_are_small_and_of_the_size_they_say():
    for name in ("match", "lobby"):
        content = (DOCS / "images" / f"{name}.png").read_bytes()
        assert len(content) <= 200_000
        assert struct.unpack(">II", content[16:24]) == (1280, 800)


def test_the_example_of_the_readme_is_an_experiment(tmp_path):
    example = blocks("README.md")[0]
    assert len(example.splitlines()) <= 32
    (tmp_path / "pages").mkdir()
    (tmp_path / "experiment.toml").write_text('id = "hill"\nversion = "1"\ntitle = "Hill"\n')
    (tmp_path / "experiment.py").write_text(example, "utf-8")
    for page in ("welcome.md", "thanks.md"):
        (tmp_path / "pages" / page).write_text("# Hello")
    (tmp_path / "pages" / "after.json").write_text('{"elements": [{"type": "text", "name": "q"}]}')

    plan = publishing.compile_apart(tmp_path, publishing.fingerprint(tmp_path))

    assert [scene.name for scene in plan.scenes] == ["welcome", "drive", "after", "thanks"]


def test_the_example_of_the_guide_is_an_experiment(tmp_path):
    package = tmp_path / "package"
    shutil.copytree(ROOT / "examples" / "slime_volleyball", package)
    (package / "experiment.py").write_text(blocks("docs/packages.md")[0], "utf-8")

    plan = publishing.compile_apart(package, publishing.fingerprint(package))

    assert [scene.name for scene in plan.scenes][-1] == "thanks"


@pytest.mark.parametrize(
    "block",
    [*blocks("docs/packages.md")[1:], *blocks("docs/forms.md"), *blocks("docs/flow.md")],
    ids=lambda block: block[:24],
)
def test_pieces_of_the_guide_run(block):
    exec(compile(block, "packages.md", "exec"), {})


@pytest.fixture(scope="module")
def a_study(tmp_path_factory) -> Path:
    """One row in each table, as the archiver writes it."""
    home = tmp_path_factory.mktemp("study")
    known = {
        "session_id": "s1", "participant_id": "p1", "game_id": "g1", "episode_id": "g1-000",
        "seat": "left", "mode": "live", "outcome": "complete", "visit": 0, "item": "q",
        "value": '"yes"', "tick": 0, "reward": 1.5, "generation": 1, "late_ms": 0.1,
        "wall_ms": 1.0, "order": 0, "event_id": "1-0", "line": 1, "name": "id", "unit_id": "s1",
        "treatment": "skill", "decision_id": "d1", "proposal_id": "m1",
    }  # fmt: skip
    root = parquet.folder(home / "data", "slime_volleyball", "1")
    for name, table in TABLES.items():
        if name in EPISODIC:
            rows = pa.Table.from_pylist([known], schema=table.schema)
            parquet.write_episodes(root, {(name, "g1-000"): parquet.packed(rows)})
        else:
            parquet.merge(root, [(name, {**known, "day_ms": 86_400_000})])
    return home


@pytest.mark.parametrize(
    "block",
    [*blocks("docs/data.md"), blocks("README.md")[1]],
    ids=lambda block: block.splitlines()[-1][:24],
)
def test_lines_of_pandas_run_on_what_the_archiver_writes(block, a_study, monkeypatch, capsys):
    pytest.importorskip("pandas")
    monkeypatch.chdir(a_study)
    made: dict[str, object] = {}

    exec(compile(block, "data.md", "exec"), made)

    if "ticks" in made:
        assert len(made["ticks"]) == 1  # type: ignore[arg-type]
    assert "Empty DataFrame" not in capsys.readouterr().out
