"""A disk that is full costs nobody anything: rows wait in Redis until it is mended."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest

from igym.archive import parquet
from igym.archive.export import export
from igym.domain import answers as rules
from igym.errors import BadMessage
from igym.services.data import archiving
from igym.services.data.archiving import VOLUME
from igym.store import games, keys, records
from igym.store.games import episode_id
from tests.services.test_playing import assert_whole, tables
from tests.services.test_recovering import planned

pytestmark = pytest.mark.slow


def archive(lab, most_bytes: int = 0) -> None:
    """The archiver's own process, once; no file it writes may be longer than so many bytes."""

    def limits() -> None:
        if most_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    path = lab.deployment.redis.connection_pool.connection_kwargs["path"]
    env = os.environ | {"REDIS_URL": f"unix://{path}", "IGYM_DATA_DIR": str(lab.deployment.data)}
    subprocess.run(
        [sys.executable, "-m", "workers", "archive", "--parent", str(os.getpid()), "--once"],
        env=env, preexec_fn=limits, timeout=120, check=True, capture_output=True,
    )  # fmt: skip


def waiting(lab) -> tuple[int, list[str]]:
    redis = lab.deployment.redis
    return redis.xlen(keys.records("counters", "1")), games.closed(redis, "counters", 99)


def test_a_full_disk_is_told_of_and_loses_nothing(lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    before = waiting(lab)
    assert before[0] > 10 and len(before[1]) == 2

    for _ in range(2):
        archive(lab, most_bytes=300)

    assert waiting(lab) == before
    told = [p for p in records.problems(lab.deployment.redis) if p["where"] == VOLUME]
    assert len(told) == 1, "once, not once a round"
    assert "data volume" in told[0]["message"] and "wait in Redis" in told[0]["message"]
    assert not list(lab.deployment.data.rglob("*.part"))
    # Those who take part notice nothing of it.
    assert lab.to_lobby().phase == "waiting"

    archive(lab)
    assert waiting(lab) == (0, [])
    data = tables(lab)
    assert_whole(data)
    assert len(data["ticks"]) == 2 * 2 * 10


def test_an_episode_whose_game_has_run_out_in_redis_is_written_all_the_same(lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    # A disk that was full for days: the rows are written first, the game's record has expired.
    for release in records.releases(lab.deployment.redis, "counters"):
        while archiving._rows(lab.deployment, "counters", release):
            pass
    lab.deployment.redis.delete(keys.game("counters", game.id))
    lab.deployment.redis.expire(keys.log("counters", episode_id(game.id, 0)), 60)

    archiving.archive_all(lab.deployment)

    assert waiting(lab) == (0, [])
    assert len(parquet.rows(parquet.folder(lab.deployment.data, "counters", "1"), "ticks")) == 40


def test_a_megabyte_of_text_is_refused_and_the_longest_answer_reaches_every_export(lab, tmp_path):
    session = lab.advance(lab.arrive())
    with pytest.raises(BadMessage, match="too long"):
        lab.advance(session, age=30, why="a" * 1_000_000)
    text = "=ä" * (rules.MOST_CHARS // 2 - 2)

    lab.advance(session, age=30, why=text)
    archiving.archive_all(lab.deployment)
    export(lab.deployment.data, "counters", to=tmp_path / "out")

    lines = (tmp_path / "out/jsonl/answers.jsonl").read_text("utf-8").splitlines()
    assert text in [json.loads(json.loads(line)["value"]) for line in lines]
    assert text in (tmp_path / "out/csv/answers.csv").read_text("utf-8")


def test_what_seats_observe_is_in_the_data_where_the_scene_asks_for_it(lab):
    planned(lab, observations=True)
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    data = tables(lab)
    assert len(data["observations"]) == 2 * 2 * 11
    for row in data["observations"]:
        earlier = [
            tick["action"] for tick in data["ticks"]
            if (tick["episode_id"], tick["seat"]) == (row["episode_id"], row["seat"])
            and tick["tick"] < row["ticks"]
        ]  # fmt: skip
        assert json.loads(row["observation"]) == sum(earlier)
        assert row["infos"] is None
