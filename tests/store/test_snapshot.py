"""What one Redis holds, another one holds after it: same values, same ends, whoever made it."""

from __future__ import annotations

import io
import mmap
import tempfile

import pytest

from igym.errors import BadExport, Unavailable
from igym.store import Redis, keys, rdb, snapshot
from igym.store.client import open_redis

#: Short and long of everything, so that each is there in both its encodings.
TEXTS = ["", "a", "q" * 60, "w" * 64, "e" * 3_000, "5", "-3", "4000", "-4000", "30000", "-70000",
         "9999999", str(2**40), str(-(2**40))]  # fmt: skip


def fill(redis: Redis) -> None:
    redis.set("igym:text", "x" * 5_000, ex=500)
    redis.set("igym:number", -12345)
    redis.set(f"igym:{'long and the same again, ' * 9}", "a name that is packed")
    redis.hset("igym:hash", mapping={"a": "1"})
    redis.hset("igym:long_hash", mapping={f"f{n}": "v" * n for n in range(600)})
    redis.sadd("igym:numbers", 1, 2, 300_000)
    redis.sadd("igym:set", *TEXTS)
    redis.sadd("igym:long_set", *(f"m{n}" for n in range(1_000)))
    redis.zadd("igym:zset", {"a": 1.5, "b": -2})
    redis.zadd("igym:long_zset", {f"m{n}": n * 1.1 for n in range(1_000)})
    redis.rpush("igym:list", *TEXTS)
    redis.rpush("igym:long_list", *["y" * 100 for _ in range(3_000)])
    for n in range(500):
        redis.xadd("igym:stream", {"t": "games", "d": f"row {n}"})
    redis.xtrim("igym:stream", maxlen=100)
    redis.xadd("igym:emptied", {"t": "x"})
    redis.xtrim("igym:emptied", maxlen=0)


def content(redis: Redis) -> dict[bytes, tuple[object, bool]]:
    read = {
        b"string": redis.get, b"hash": redis.hgetall, b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"stream": lambda key: (redis.xrange(key), redis.xinfo_stream(key)["last-generated-id"]),
    }  # fmt: skip
    return {key: (read[redis.type(key)](key), redis.ttl(key) > 0) for key in redis.scan_iter("*")}


def taken(redis: Redis) -> bytes:
    file = io.BytesIO()
    assert snapshot.take(redis, file) == len(file.getvalue())
    return file.getvalue()


@pytest.fixture
def first(own_server) -> Redis:
    return open_redis(own_server.url)


def test_everything_is_there_again_and_ends_when_it_should(first):
    fill(first)
    before, ends = content(first), first.pexpiretime("igym:text")
    raw = taken(first)
    # As a file of its own, too, and out of a mapped one.
    with tempfile.TemporaryFile() as file:
        rdb.write(file, rdb.entries(raw))
        file.flush()
        first.flushall()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        with mapped, memoryview(mapped) as view:
            assert snapshot.put(first, rdb.entries(view)) == len(before)

    assert content(first) == before
    assert first.pexpiretime("igym:text") == ends


def test_what_is_only_going_on_just_now_is_left_out(first):
    kept = [keys.secret(), keys.session("kitchen", "s1"), keys.plan("kitchen", "h"),
            keys.lease_token("matching")]  # fmt: skip
    passing = [keys.lease("matching"), keys.worker("games-1"), keys.bench("kitchen"), "rq:workers"]
    for name in (*kept, *passing):
        first.set(name, "x")

    found = [one.key.decode() for one in rdb.entries(taken(first)) if snapshot.lasts(one.key)]

    assert sorted(found) == sorted(kept)


def test_a_file_that_is_cut_or_something_else_is_refused(first):
    fill(first)
    raw = taken(first)

    for wrong in (b"", b"PK\x03\x04 a ZIP file", raw[: len(raw) // 2], raw[:200], raw[:-9]):
        with pytest.raises(BadExport):
            list(rdb.entries(wrong))


def test_a_server_that_does_not_give_it_says_what_is_needed(first):
    first.execute_command("ACL", "SETUSER", "plain", "on", ">word", "~*", "&*", "+@all", "-sync")
    path = first.connection_pool.connection_kwargs["path"]
    plain = Redis(unix_socket_path=path, username="plain", password="word", protocol=2)

    with pytest.raises(Unavailable, match="SYNC"):
        snapshot.take(plain, io.BytesIO())


def test_the_checksum_is_redis_s_own():
    assert rdb.crc64(b"123456789") == 0xE9C6D914C4B8D9CA
