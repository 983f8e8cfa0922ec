"""An export over the API: made apart, once, and for as long as it can be fetched."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace

import pytest

from igym.archive import parquet
from igym.errors import TooMuch
from igym.services.data import exporting
from igym.store import exports, jobs, keys


def ordered(deployment, experiment: str = "kitchen", version: str = "1"):
    return exporting.order(
        deployment, experiment, "Ann", version=version, modes=("live",), formats=("csv",)
    )


def rows(deployment) -> None:
    """A session in the tables, as the archiver writes it."""
    about = {
        "session_id": "s1", "participant_id": "p1", "mode": "live", "day_ms": 86_400_000,
        "package": "a" * 64,
    }  # fmt: skip
    parquet.merge(parquet.folder(deployment.data, "kitchen", "1"), [("sessions", about)])


@pytest.mark.slow
def test_an_export_is_made_in_a_process_of_its_own_and_can_be_fetched(deployment, redis):
    rows(deployment)
    mine = ordered(deployment)
    assert exporting.look(deployment) == 1 and jobs.asked(redis) == 1
    assert exporting.look(deployment) == 0  # it is somebody's turn

    exporting.make(deployment, "kitchen", mine.id)

    done = exporting.find(deployment, "kitchen", mine.id)
    assert (done.state, done.share, done.text) == ("done", 1.0, "")
    with zipfile.ZipFile(exporting.path(deployment, done)) as made:
        assert "csv/sessions.csv" in made.namelist()
        assert b"s1" in made.read("csv/sessions.csv")
    assert done.size == exporting.path(deployment, done).stat().st_size and len(done.sha256) == 64
    assert exports.waiting(redis) == []
    before = exporting.path(deployment, done).stat().st_mtime_ns
    exporting.make(deployment, "kitchen", mine.id)  # again is the same as once
    assert exporting.path(deployment, done).stat().st_mtime_ns == before


@pytest.mark.slow
def test_data_that_are_not_there_are_a_sentence(deployment):
    mine = ordered(deployment)
    exporting.make(deployment, "kitchen", mine.id)
    failed = exporting.find(deployment, "kitchen", mine.id)
    assert failed.state == "failed" and "no data of an experiment 'kitchen'" in failed.text
    assert str(deployment.data) not in failed.text


def test_a_volume_that_cannot_be_written_is_a_sentence(deployment):
    mine = ordered(deployment)
    deployment.data.mkdir(exist_ok=True)
    (deployment.data / "exports").write_text("in the way")
    exporting.make(deployment, "kitchen", mine.id)
    failed = exporting.find(deployment, "kitchen", mine.id)
    assert (failed.state, failed.text) == ("failed", "The data volume cannot be written.")
    assert failed.hint == "File exists"


def test_too_many_at_once_are_refused(deployment):
    for _ in range(exporting.MOST_OF_ONE):
        ordered(deployment)
    with pytest.raises(TooMuch):
        ordered(deployment)
    assert ordered(deployment, "garden")


def test_one_whose_worker_died_twice_is_given_up(deployment, redis):
    mine = ordered(deployment)
    exports.put(redis, replace(mine, tries=exporting.MOST_TRIES))
    assert exporting.look(deployment) == 0
    assert exporting.find(deployment, "kitchen", mine.id).state == "failed"


def test_old_ones_are_swept_away(deployment):
    mine = ordered(deployment)
    file = exporting.path(deployment, mine)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    assert exporting.sweep(deployment) == 0
    old_s = file.stat().st_mtime - keys.export.ttl_s - 1
    os.utime(file, (old_s, old_s))
    assert exporting.sweep(deployment) == 1 and not file.exists()
