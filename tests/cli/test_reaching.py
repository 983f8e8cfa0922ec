"""`igym experiments`, `igym audit` and `igym export --server`, against a real server and here."""

from __future__ import annotations

import json
import threading
import zipfile

import pytest

from igym.archive import parquet
from igym.cli import deeds, experiments, fetch, reach, remote
from igym.errors import BadExport, NotFound, Refused, Unavailable
from igym.services.data import exporting
from igym.store import packages
from tests.cli.test_submit import app, checks, compiled, deployment, quickly, token, url

__all__ = ["app", "checks", "compiled", "deployment", "quickly", "token", "url"]


@pytest.fixture
def study(deployment, compiled):
    """A study with a row of data."""
    packages.publish(deployment.redis, compiled)
    root = parquet.folder(deployment.data, "counters", "1")
    row = {"session_id": "s1", "day_ms": 1.8e12, "mode": "live", "package": compiled.package}
    parquet.merge(root, [("sessions", row)])
    return deployment


@pytest.fixture
def making(study):
    """Somebody who makes the exports that are asked for."""
    stop = threading.Event()

    def run() -> None:
        from igym.store import exports

        while not stop.wait(0.02):
            for one in exports.waiting(study.redis):
                exporting.make(study, one.experiment, one.id)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


def test_newcomers_are_kept_out_and_let_in_over_the_wire_and_here(
    study, url, token, capsys, monkeypatch
):
    monkeypatch.setattr(reach, "here", lambda: study)
    for to, by in ((url, token), (None, None)):
        experiments.recruit("counters", to, by, is_open=False, as_json=True)
        assert json.loads(capsys.readouterr().out)["experiment"]["open"] is False
        experiments.list_experiments(to, by, as_json=False)
        assert "nobody" in capsys.readouterr().out
        experiments.recruit("counters", to, by, is_open=True, as_json=False)
        assert "are let in" in capsys.readouterr().out
    with pytest.raises(NotFound):
        experiments.recruit("unheard", None, None, is_open=True, as_json=True)
    # And all four are in the log, wherever it is read.
    deeds.print_deeds("counters", 3, url, token, as_json=True)
    there = json.loads(capsys.readouterr().out)["deeds"]
    deeds.print_deeds("counters", 50, None, None, as_json=True)
    here = json.loads(capsys.readouterr().out)["deeds"]
    assert [d["did"] for d in here] == ["opened", "closed"] * 2 and there == here[:3]
    assert [d["who"] for d in here] == ["local", "local", "Ann", "Ann"]
    deeds.print_deeds("", 50, None, None, as_json=False)
    read = capsys.readouterr().out.splitlines()
    assert "local  opened  counters  open: False → True" in read[0]
    assert "local  token_made" in read[-1] and "role: admin" in read[-1]


@pytest.mark.slow
def test_an_export_is_fetched_whole(study, making, url, token, tmp_path, capsys, monkeypatch):
    there = remote.Remote(url, token)
    to = tmp_path / "new" / "mine.zip"
    fetch.export(there, "counters", "", str(to), "live,pilot", "csv", as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["to"] == str(to) and said["size"] == to.stat().st_size
    with zipfile.ZipFile(to) as made:
        assert b"s1" in made.read("csv/sessions.csv")

    # What cannot be had is refused, and what came otherwise is not kept
    with pytest.raises(Refused, match="ZIP file here"):
        fetch.export(there, "counters", "", "s3://lab/a.zip", "live", "csv", as_json=True)
    with pytest.raises(Refused, match="Minari"):
        fetch.export(there, "counters", "", "", "live", "minari", as_json=True)
    with pytest.raises(Unavailable, match="no data of version"):
        fetch.export(there, "counters", "9", "", "live", "csv", as_json=True)
    other = tmp_path / "other.zip"
    download = there.download

    def cut(path, into, progress):
        download(path, into, progress)
        into.write_bytes(into.read_bytes()[:-30])

    monkeypatch.setattr(there, "download", cut)
    with pytest.raises(BadExport, match="not the one"):
        fetch.export(there, "counters", "", str(other), "live", "csv", as_json=True)
    assert not other.exists() and [p.name for p in tmp_path.glob("*.zip")] == []
    assert {p.name for p in to.parent.iterdir()} == {"mine.zip"}
