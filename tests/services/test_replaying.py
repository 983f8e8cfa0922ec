"""An episode is its log: from an export alone, in another process, it is what it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from igym.archive import export as exporting
from igym.archive import parquet, reading
from igym.cli.main import app
from igym.errors import BadExport, BadTarget, NotFound
from igym.services.data import offline
from igym.services.data.replaying import Replayer
from igym.services.data.showing import show
from igym.store.games import episode_id

pytestmark = pytest.mark.slow


@dataclass
class Study:
    """A data volume on which two people have played."""

    data: Path
    episode: str  # the first of two


_kept: list[tuple[Path, str]] = []


@pytest.fixture
def study(request, tmp_path, tmp_path_factory) -> Study:
    """A volume of each test's own. The game is played once, by whoever needs it first."""
    if not _kept:
        lab, game = request.getfixturevalue("lab"), request.getfixturevalue("played")
        kept = tmp_path_factory.mktemp("played") / "data"
        shutil.copytree(lab.deployment.data, kept)
        _kept.append((kept, episode_id(game.id, 0)))
    kept, episode = _kept[0]
    shutil.copytree(kept, tmp_path / "volume")
    return Study(tmp_path / "volume", episode)


@pytest.fixture
def zipped(study, tmp_path) -> Path:
    exporting.export(study.data, "counters", to=tmp_path / "out.zip")
    return tmp_path / "out.zip"


def spoil(study: Study, **columns) -> None:
    """Write other values into the ticks of the episode: column=(row, value)."""
    root = parquet.folder(study.data, "counters", "1")
    table = pq.read_table(root / "ticks" / f"{study.episode}.parquet")
    rows = table.to_pylist()
    for column, (row, value) in columns.items():
        rows[row][column] = value
    spoiled = pa.Table.from_pylist(rows, schema=table.schema)
    parquet.write_episodes(root, {("ticks", study.episode): parquet.packed(spoiled)})


def igym(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command line with nothing but igym: no settings, no data volume, no Redis."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("IGYM", "REDIS"))}
    env["PYTHONPATH"] = str(Path(__file__).parents[2])
    code = "from igym.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_every_episode_is_what_it_was_with_nothing_but_the_zip(study, zipped, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = zipped.rename(elsewhere / "a.zip")

    all = igym("replay", "--all", "--from", "a.zip", "--json", cwd=elsewhere)

    assert all.returncode == 0, all.stdout + all.stderr
    told = json.loads(all.stdout)
    assert (told["episodes"], told["same"], told["ticks"]) == (2, 2, 20)
    assert told["digests"] >= 2 and told["damaged"] == [] and told["failed"] == {}

    out = elsewhere / "one.json"
    one = CliRunner().invoke(app, ["replay", study.episode, "--from", str(moved), "--to", "json",
                                   "--out", str(out)])  # fmt: skip
    assert one.exit_code == 0 and "10 ticks as they were" in one.output
    made = json.loads(out.read_text())
    assert len(made["moments"]) == 11 and made["differs"] is None
    assert made["moments"][0]["observations"] == {"left": 0, "right": 0}
    assert made["moments"][-1]["terminated"]
    assert sorted(p.name for p in elsewhere.iterdir()) == ["a.zip", "one.json"]


def test_a_volume_a_folder_and_a_zip_tell_the_same(study, zipped, tmp_path):
    exporting.export(study.data, "counters", to=tmp_path / "out")
    for place in (study.data, tmp_path / "out", zipped):
        with reading.opened(place, study.episode) as archive:
            found = Replayer(archive).verify(study.episode)
            assert (found.ticks, found.logged, found.same) == (10, 10, True)
            assert archive.damaged() == []


@pytest.mark.parametrize(
    ("column", "value", "said", "seat"),
    [
        ("reward", 0.25, "the reward", "right"),
        ("digest", "0" * 16, "what is observed", "right"),
        ("action_json", "1", "what is observed", "right"),
    ],
)
def test_the_first_difference_is_named_by_tick_and_seat(study, column, value, said, seat):
    last = 2 * 9 + 1  # row of the right seat at the last tick, where there is a digest
    spoil(study, **{column: (last, value)})
    with reading.opened(study.data, study.episode) as archive:
        found = Replayer(archive).verify(study.episode)
    assert not found.same and (found.tick, found.ticks) == (10, 9)
    assert said in found.differs and "after 10 ticks" in found.differs
    assert found.seat == seat and seat in found.differs


def test_pictures_and_a_film_of_an_episode(study, tmp_path):
    with reading.opened(study.data, study.episode) as archive:
        replayer = Replayer(archive)
        assert show(replayer, study.episode, "png", tmp_path / "png").same
        assert show(replayer, study.episode, "mp4", tmp_path / "a.mp4").same
        with pytest.raises(BadTarget, match="not empty"):
            show(replayer, study.episode, "png", tmp_path / "png")
    pictures = sorted((tmp_path / "png").iterdir())
    assert [p.name for p in pictures] == [f"{n:06d}.png" for n in range(11)]
    assert pictures[0].read_bytes() != pictures[-1].read_bytes()
    assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_an_unknown_episode_and_a_log_with_holes_are_refused(study, zipped):
    with pytest.raises(NotFound, match="no episode nobody-000"):
        reading.opened(study.data, "nobody-000").__enter__()
    with reading.opened(zipped) as archive, pytest.raises(NotFound, match="nobody-000"):
        Replayer(archive).verify("nobody-000")
    root = parquet.folder(study.data, "counters", "1")
    table = pq.read_table(root / "ticks" / f"{study.episode}.parquet")
    parquet.write_episodes(root, {("ticks", study.episode): parquet.packed(table.slice(0, 7))})
    lacks = pytest.raises(BadExport, match="lacks actions at tick 3")
    with reading.opened(study.data, study.episode) as archive, lacks:
        Replayer(archive).verify(study.episode)


def test_what_is_no_export_or_half_of_one_is_refused(zipped, tmp_path):
    whole = zipped.read_bytes()
    half, foreign, text = tmp_path / "half.zip", tmp_path / "foreign.zip", tmp_path / "a.zip"
    half.write_bytes(whole[: len(whole) // 2])
    text.write_text("not a zip")
    with zipfile.ZipFile(foreign, "w") as file:
        file.writestr("holiday.txt", "sun")
    for place in (half, foreign, text, tmp_path / "png"):
        with pytest.raises((BadExport, NotFound)):
            reading.opened(place).__enter__()
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadExport, match="neither an export nor a data volume"):
        reading.opened(tmp_path / "folder").__enter__()


def test_a_zip_whose_package_was_changed_runs_nothing_of_it(study, zipped, tmp_path):
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(zipped) as old, zipfile.ZipFile(changed, "w") as new:
        for about in old.infolist():
            content = old.read(about)
            if about.filename.endswith("counters.py"):
                content += b"\nraise SystemExit('owned')\n"
            new.writestr(about, content)
        new.writestr("packages/" + "0" * 64 + "/../../../evil.py", "x")
    with reading.opened(changed) as archive:
        with pytest.raises(BadExport, match="not what its manifest says"):
            Replayer(archive).verify(study.episode)
        with pytest.raises(BadExport, match="leads out"):
            archive.package("0" * 64)
        assert any(name.endswith("counters.py") for name in archive.damaged())


def test_one_line_of_minari_loads_what_a_seat_saw_did_and_got(study, tmp_path, monkeypatch):
    minari = pytest.importorskip("minari")
    monkeypatch.chdir(tmp_path)
    made = offline.export(study.data, "counters", to=Path("sets"))
    assert made.datasets == {"count/left": 2, "count/right": 2} and made.left_out == {}

    left = minari.MinariDataset(tmp_path / "sets" / "count" / "left")

    assert (left.total_episodes, left.total_steps) == (2, 20)
    with reading.opened(study.data, study.episode) as archive:
        ticks = archive.table("ticks", episode=study.episode).to_pylist()
    mine = [row for row in ticks if row["seat"] == "left"]
    first, _ = left.iterate_episodes()
    assert first.actions.tolist() == [row["action"] for row in mine]
    assert first.rewards.tolist() == [0.5] * 10 and first.terminations.tolist()[-1]
    counted = [sum(first.actions[:n].tolist()) for n in range(11)]
    assert first.observations.reshape(-1).tolist() == counted


def test_an_episode_that_does_not_come_out_as_it_was_is_in_no_dataset(study, tmp_path):
    spoil(study, reward=(5, 9.0))
    made = offline.export(study.data, "counters", to=tmp_path / "sets")
    assert made.datasets == {"count/left": 1, "count/right": 1}
    assert "the reward of seat right" in made.left_out[study.episode]
    with pytest.raises(BadTarget, match="there already"):
        offline.export(study.data, "counters", to=tmp_path / "sets")
    with pytest.raises(NotFound, match="Nobody has played 'hill'"):
        offline.export(study.data, "counters", to=tmp_path / "more", scenes=["hill"])


def test_of_an_environment_that_does_not_repeat_itself_a_dataset_has_what_was_kept(study, tmp_path):
    root = parquet.folder(study.data, "counters", "1")
    (file,) = (root / "plans").iterdir()
    plan = file.read_text()
    file.write_text(plan.replace('"deterministic":true', '"deterministic":false'))
    assert file.read_text() != plan
    seen = [
        {"episode_id": study.episode, "game_id": study.episode.rsplit("-", 1)[0], "ticks": n,
         "seat": seat, "observation": str(100 + n)}
        for n in range(11) for seat in ("left", "right")
    ]  # fmt: skip
    parquet.write_episode(root, study.episode, "observations", seen)

    made = offline.export(study.data, "counters", to=tmp_path / "sets")

    assert made.datasets == {"count/left": 1, "count/right": 1}
    (why,) = made.left_out.values()
    assert "was not kept" in why and "observations=True" in why
    minari = pytest.importorskip("minari")
    (one,) = minari.MinariDataset(tmp_path / "sets" / "count" / "left").iterate_episodes()
    assert one.observations.reshape(-1).tolist() == list(range(100, 111))
