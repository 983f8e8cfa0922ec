"""What is kept goes when the operator said so, and nothing that somebody still needs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from igym.archive import parquet
from igym.domain import flow
from igym.domain.outcome import Outcome
from igym.errors import NotFound
from igym.services.connect import now_ms
from igym.services.data import archiving
from igym.services.operations.retiring import retire
from igym.services.packages import pruning
from igym.services.sessions import advancing
from igym.settings import replace
from igym.store import keys, sessions

pytestmark = pytest.mark.slow

DAY_S = 86_400


def age(path: Path, days: float) -> Path:
    then = time.time() - days * DAY_S
    os.utime(path, (then, then))
    return path


def end(lab, **query: str):
    session = lab.arrive(**query)
    plan = lab.deployment.plans.get("counters", session.package)
    advancing.enter(lab.deployment, session, flow.last(plan), outcome=Outcome.WITHDREW)
    return lab.read(session)


def test_ended_sessions_go_after_the_days_that_were_said_and_nobody_else(lab):
    redis = lab.deployment.redis
    old, young, owed = end(lab, PROLIFIC_PID="ann"), end(lab), end(lab)
    playing = lab.arrive()
    assert redis.zcard(keys.ended("counters")) == 3
    long_ago = now_ms() - 8 * DAY_S * 1000
    redis.zadd(keys.ended("counters"), {old.id: long_ago, owed.id: long_ago})
    redis.hset(keys.paying("counters"), owed.id, "{}")
    redis.expire(keys.paying("counters"), 60)
    object.__setattr__(
        lab.deployment, "settings", replace(lab.deployment.settings, retention_days=7)
    )

    assert retire(lab.deployment) == 1
    assert retire(lab.deployment) == 0, "twice is as once"

    with pytest.raises(NotFound):
        lab.read(old)
    for one in (young, owed, playing):
        lab.read(one)
    assert not redis.exists(keys.mail("counters", old.id))
    # Who has taken part is known all the same.
    assert sessions.took_part(redis, "counters", "live", old.participant)
    # And their data were never touched.
    archiving.archive_all(lab.deployment)
    root = parquet.folder(lab.deployment.data, "counters", "1")
    assert old.id in {row["session_id"] for row in parquet.rows(root, "sessions")}


def test_old_exports_and_logs_go_and_the_log_in_use_stays(lab, tmp_path):
    exports = lab.deployment.data / "exports"
    exports.mkdir()
    for name, days in (("old.zip", 4), ("young.zip", 1)):
        (exports / name).write_text("x")
        age(exports / name, days)
    log = tmp_path / "igym.log"
    for name, days in (("igym.log", 9), ("igym.log.1", 1), ("igym.log.2", 4), ("igym.log.bak", 9)):
        (tmp_path / name).write_text("x")
        age(tmp_path / name, days)
    told = replace(lab.deployment.settings, retention_days=3, log_file=str(log))
    object.__setattr__(lab.deployment, "settings", told)

    assert retire(lab.deployment) == 2

    assert [p.name for p in exports.iterdir()] == ["young.zip"]
    assert {p.name for p in tmp_path.glob("igym.log*")} == {
        "igym.log", "igym.log.1", "igym.log.bak",
    }  # fmt: skip


def test_only_packages_that_nothing_needs_are_pruned(lab):
    data = lab.deployment.data
    session = lab.arrive()
    names = {"running": session.package, "recorded": "b" * 64, "orphan": "c" * 64, "new": "d" * 64}
    for name in ("recorded", "orphan", "new"):
        (data / "packages" / names[name]).mkdir()
        (data / "packages" / names[name] / "experiment.py").write_text("x" * 1000)
    for name in ("running", "recorded", "orphan"):
        age(data / "packages" / names[name], 2)
    plans = data / "counters" / "1" / "plans"
    plans.mkdir(parents=True)
    (plans / f"{names['recorded']}.json").write_text("{}")
    libraries = data / "libraries"
    (libraries / "locks").mkdir(parents=True)
    (libraries / ("e" * 40)).mkdir()
    age(libraries / ("e" * 40), 2)
    (libraries / "locks" / f"{names['orphan']}.cp311-linux.txt").write_text("# nothing\n")
    lab.deployment.redis.set(keys.plan("counters", names["orphan"]), "{}")

    would = pruning.prune(lab.deployment, dry=True)
    assert would.packages == (names["orphan"],)
    assert would.libraries == ("e" * 40,)
    assert would.bytes == 1000
    assert (data / "packages" / names["orphan"]).is_dir()

    assert pruning.prune(lab.deployment, dry=False) == would

    left = {p.name for p in (data / "packages").iterdir()}
    assert left == {names["running"], names["recorded"], names["new"]}
    assert not (libraries / ("e" * 40)).exists()
    assert list((libraries / "locks").iterdir()) == []
    assert not lab.deployment.redis.exists(keys.plan("counters", names["orphan"]))
    assert pruning.prune(lab.deployment, dry=False).packages == ()
