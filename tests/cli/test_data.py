"""The verbs about data say what they did, in words or as JSON, and need no running deployment."""

from __future__ import annotations

import json
import subprocess

import pytest
from typer.testing import CliRunner

from igym.archive import parquet, vault
from igym.cli import embedded
from igym.cli.main import app
from igym.errors import NotFound
from igym.store import keys, records
from igym.store.client import open_redis


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data volume whose deployment has stopped, with somebody's rows still in its Redis."""
    data = tmp_path / "data"
    rows = [
        ("sessions", {"session_id": "s1", "participant_id": "p1", "mode": "live", "day_ms": 1e12}),
        ("recruiter_ids", {"session_id": "s1", "name": "id", "value": "lab-7", "day_ms": 1e12}),
    ]  # fmt: skip
    parquet.merge(parquet.folder(data, "study", "1"), rows)
    vault.merge(data, "study", "1", rows)
    socket = embedded.socket_path(data)
    if len(str(data / "redis" / "redis.sock")) >= embedded.LONGEST:
        pytest.fail("the temporary folder's name is too long for a socket")
    server = subprocess.Popen(embedded.command(data, socket), stdout=subprocess.DEVNULL)
    embedded.wait(socket, server)
    redis = open_redis(f"unix://{socket}")
    redis.hset(keys.experiments(), "study", "1")
    redis.sadd(keys.releases("study"), "1")
    late = records.event_row(1e12, "error", session="s1", detail="late")
    records.add(redis, "study", "1", [late])
    redis.connection_pool.disconnect()
    server.terminate()
    server.wait()
    monkeypatch.setenv("IGYM_DATA_DIR", str(data))
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return data


def igym(*words: str):
    done = CliRunner().invoke(app, list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_person_is_shown_and_erased_where_no_deployment_runs(home, tmp_path):
    assert "3 rows in lab-7.json" in igym("participant", "export", "lab-7", "-x", "study").output
    told = json.loads((tmp_path / "lab-7.json").read_text())
    assert (tmp_path / "lab-7.json").stat().st_mode & 0o077 == 0
    assert [row["detail"] for row in told[0]["tables"]["events"]] == ["late"]  # it was in Redis

    asked = CliRunner().invoke(app, ["participant", "erase", "lab-7", "-x", "study"], input="n\n")
    assert asked.exit_code == 1 and vault.recruiter_ids(home, "study", "1")
    done = json.loads(
        igym("participant", "erase", "lab-7", "-x", "study", "--yes", "--json").output
    )
    assert (done["sessions"], done["log_rewritten"]) == (1, True)
    assert vault.recruiter_ids(home, "study", "1") == {}
    again = igym("participant", "erase", "lab-7", "-x", "study", "--yes")
    assert "nothing of lab-7" in again.output
    with pytest.raises(NotFound):
        igym("participant", "export", "lab-7", "-x", "study")


def test_an_export_says_what_is_in_it(home):
    told = json.loads(igym("export", "study", "--format", "csv", "--json").output)
    assert (told["to"], told["rows"]["sessions"], len(told["sha256"])) == ("study-1.zip", 1, 64)
    assert "study-1.zip" in igym("export", "study", "--format", "csv").output
    with pytest.raises(NotFound, match="no data of an experiment"):
        igym("export", "other")


def test_a_replay_wants_one_episode_or_all(home):
    assert igym("replay").exit_code == 2 and igym("replay", "x", "--all").exit_code == 2
