"""An answer waits for the disk, as well as the server lets one know how far that is."""

from __future__ import annotations

import threading
import time

from igym.store import durable
from igym.store.client import open_redis
from igym.store.durable import SYNC_S, Disk


def took_s(disk: Disk) -> tuple[bool, float]:
    began_s = time.monotonic()
    return disk.wait(), time.monotonic() - began_s


def test_a_server_that_syncs_before_it_answers_is_not_waited_for(redis):
    redis.config_set("appendfsync", "always")
    try:
        assert durable.promise(redis) == "always"
        disk = Disk(redis, 2.5)
        disk.wait()
        kept, s = took_s(disk)
        assert kept and s < 0.5 and disk.unsure == 0
    finally:
        redis.config_set("appendfsync", "everysec")


def test_a_server_that_syncs_every_second_is_waited_for(redis):
    """Whether WAITAOF of the server at hand can be believed or not."""
    disk = Disk(redis, 4)
    kept, s = took_s(disk)
    assert kept and s < SYNC_S + 2
    assert disk.found in ("waitaof", "fsync")
    if disk.found == "fsync":
        assert s >= SYNC_S


def test_many_answers_wait_together(redis):
    disk, kept = Disk(redis, 4), []
    threads = [threading.Thread(target=lambda: kept.append(disk.wait())) for _ in range(50)]
    before = redis.info("stats")["total_commands_processed"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert kept == [True] * 50
    assert redis.info("stats")["total_commands_processed"] - before < 60


def test_a_server_without_a_file_promises_nothing_and_says_so_once(own_server, caplog):
    redis = open_redis(own_server.url)
    redis.config_set("appendonly", "no")
    assert durable.promise(redis) == "process"
    disk = Disk(redis, 1)
    assert [disk.wait() for _ in range(3)] == [False] * 3
    assert disk.unsure == 3
    assert len([r for r in caplog.records if "does not say" in r.message]) == 1


def test_an_fsync_that_is_under_way_is_not_believed(redis, monkeypatch):
    """A disk that hangs: the answer is given in the end, and counted as nobody's word."""
    monkeypatch.setattr(durable, "promise", lambda redis: "fsync")
    about = {"aof_last_write_status": "ok", "aof_pending_bio_fsync": 1, "aof_buffer_length": 0}
    monkeypatch.setattr(redis, "info", lambda section: about)
    disk = Disk(redis, 1.6)
    kept, s = took_s(disk)
    assert not kept and 1.5 < s < 3 and disk.unsure == 1


def test_whoever_has_no_patience_does_not_wait(redis):
    kept, s = took_s(Disk(redis, 0))
    assert not kept and s < 0.1


def test_redis_away_holds_nobody_for_longer_than_their_patience(own_server):
    redis = open_redis(own_server.url)
    own_server.kill()
    kept, s = took_s(Disk(redis, 1))
    assert not kept and s < 3
