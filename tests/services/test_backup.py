"""A backup is a deployment that can go on elsewhere: nobody loses their place, no datum is lost."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from igym import settings as settings_module
from igym.archive import parquet
from igym.errors import BadExport, BadTarget, Conflict
from igym.services.connect import connect
from igym.services.data import archiving
from igym.services.operations.backing import backup
from igym.services.operations.restoring import restore
from igym.services.sessions import tokens
from igym.settings import Settings
from igym.store import games, keys, processes, records, sessions
from igym.store.client import open_redis

pytestmark = pytest.mark.slow

ABOUT = {"role": "games", "node": "lab", "pid": "7", "binding": "", "state": "ready", "holds": "0"}


@pytest.fixture
def study(lab):
    """A game that is over and archived, one that runs, and an answer that waits in Redis."""
    done = lab.pair()
    lab.connect(done, "left", "right")
    assert lab.play(done) == "finished"
    archiving.archive_all(lab.deployment)
    lab.playing = lab.pair()
    lab.session = lab.advance(lab.arrive(PROLIFIC_PID="prolific-of-ann"))
    lab.token = tokens.issue(lab.deployment, "counters", lab.session.id)
    # As connect() does where settings have no secret.
    lab.deployment.redis.set(keys.secret(), lab.deployment.secret)
    (lab.deployment.data / "redis").mkdir(exist_ok=True)
    (lab.deployment.data / "redis" / "server.log").write_text("not the deployment's")
    connect(settings_module.replace(lab.deployment.settings, redis_url=url(lab)))
    return lab


def url(lab) -> str:
    return f"unix://{lab.deployment.redis.connection_pool.connection_kwargs['path']}"


def save(lab, to: Path | str, **how: bool):
    return backup(lab.deployment.redis, lab.deployment.data, str(to), **how)


def elsewhere(own_server, tmp_path: Path) -> Settings:
    return Settings(redis_url=own_server.url, data_dir=tmp_path / "elsewhere")


@pytest.mark.parametrize("name", ["copy", "copy.zip", "memory://backups/copy"])
def test_another_deployment_goes_on_where_this_one_was(study, own_server, tmp_path, name):
    to = name if "://" in name else str(tmp_path / name)
    made = save(study, to, secrets=True)
    there = elsewhere(own_server, tmp_path)

    found = restore(open_redis(there.redis_url), there.data_dir, to)

    assert (found.keys, found.files, found.secrets, found.replaced) == (
        made.keys, made.files, True, "",
    )  # fmt: skip
    other = connect(there)
    assert tokens.identify(other, study.token) == ("counters", study.session.id)
    assert sessions.read(other.redis, "counters", study.session.id) == study.read(study.session)
    assert games.read(other.redis, "counters", study.playing.id).seats == study.playing.seats
    plan = other.plans.get("counters", study.session.package)
    assert (other.package_root(plan.package) / "experiment.py").is_file()
    # What was archived is there, and what waits can still be: the answers of who goes on.
    root = parquet.folder(other.data, "counters", "1")
    assert parquet.rows(root, "ticks") == parquet.rows(
        parquet.folder(study.deployment.data, "counters", "1"), "ticks"
    )
    before = len(parquet.rows(root, "sessions"))
    archiving.archive_all(other)
    assert len(parquet.rows(root, "sessions")) == before + 3
    assert records.waiting(other.redis, "counters", "1", 9)[1] == []
    assert not (other.data / "redis").exists()


def test_secrets_are_in_it_only_where_they_were_asked_for(study, own_server, tmp_path):
    save(study, tmp_path / "copy.zip")

    with zipfile.ZipFile(tmp_path / "copy.zip") as file:
        everything = b"".join(map(file.read, file.namelist()))
    assert study.deployment.secret.encode() not in everything
    assert (tmp_path / "copy.zip").stat().st_mode & 0o077 == 0

    there = elsewhere(own_server, tmp_path)
    secret = connect(there).secret  # a deployment that was started, and nobody came
    restore(open_redis(there.redis_url), there.data_dir, str(tmp_path / "copy.zip"))
    assert connect(there).secret == secret


def test_what_is_there_is_not_written_over_by_chance(study, own_server, tmp_path):
    save(study, tmp_path / "copy")
    there = elsewhere(own_server, tmp_path)
    redis = open_redis(there.redis_url)
    redis.set(keys.plan("kitchen", "h"), "somebody's")

    with pytest.raises(Conflict, match="kitchen"):
        restore(redis, there.data_dir, str(tmp_path / "copy"))
    redis.delete(keys.plan("kitchen", "h"))
    (there.data_dir / "kitchen").mkdir()
    (there.data_dir / "kitchen" / "rows").write_text("somebody's")
    with pytest.raises(Conflict, match="kitchen"):
        restore(redis, there.data_dir, str(tmp_path / "copy"))
    assert list(redis.scan_iter("*")) == []

    made = restore(redis, there.data_dir, str(tmp_path / "copy"), force=True)

    assert (Path(made.replaced) / "kitchen" / "rows").read_text() == "somebody's"
    assert not (there.data_dir / "kitchen").exists()
    with pytest.raises(BadTarget, match="written over"):
        save(study, tmp_path / "copy")


def test_nothing_is_restored_under_a_running_deployment(study, own_server, tmp_path):
    save(study, tmp_path / "copy")
    there = elsewhere(own_server, tmp_path)
    redis = open_redis(there.redis_url)
    processes.say(redis, "games-1", ABOUT)

    with pytest.raises(Conflict, match="games-1 on lab"):
        restore(redis, there.data_dir, str(tmp_path / "copy"), force=True)

    processes.gone(redis, "games-1")
    restore(redis, there.data_dir, str(tmp_path / "copy"))


@pytest.mark.parametrize("how", ["changed", "missing", "outside", "newer", "cut", "none"])
def test_a_damaged_backup_changes_nothing(study, own_server, tmp_path, how):
    copy = tmp_path / "copy"
    save(study, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    victim = next(name for name in manifest["files"] if "ticks" in name)
    match how:
        case "changed":
            (copy / victim).write_bytes(b"x" * (copy / victim).stat().st_size)
        case "missing":
            (copy / victim).unlink()
        case "outside":
            manifest["files"]["data/../../evil"] = manifest["files"][victim]
        case "newer":
            manifest["layout"] = 99
        case "cut":
            raw = (copy / "redis.rdb").read_bytes()[:-50]
            (copy / "redis.rdb").write_bytes(raw)
        case "none":
            copy.rename(tmp_path / "moved")
    if how in ("outside", "newer"):
        (copy / "manifest.json").write_text(json.dumps(manifest))
    there = elsewhere(own_server, tmp_path)
    redis = open_redis(there.redis_url)
    redis.set(keys.plan("kitchen", "h"), "somebody's")

    with pytest.raises(BadExport):
        restore(redis, there.data_dir, str(copy), force=True)

    assert redis.get(keys.plan("kitchen", "h")) == b"somebody's"
    assert [p.name for p in there.data_dir.iterdir()] == []
    assert not (tmp_path / "evil").exists()


def test_rights_stay_as_they_were(study, own_server, tmp_path):
    archiving.archive_all(study.deployment)  # who came by a recruiter's link is in the vault now
    save(study, tmp_path / "copy.zip")
    there = elsewhere(own_server, tmp_path)
    restore(open_redis(there.redis_url), there.data_dir, str(tmp_path / "copy.zip"))

    def modes(data: Path) -> dict[str, int]:
        found = [*data.rglob("*.parquet"), data / "vault", *(data / "vault").rglob("*")]
        return {str(p.relative_to(data)): p.stat().st_mode & 0o777 for p in found}

    assert modes(there.data_dir) == modes(study.deployment.data)
    assert any(mode == 0o600 for mode in modes(there.data_dir).values()), "the vault's"
