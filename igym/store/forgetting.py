"""Forgetting a person: no key, field, member or entry of an experiment names them afterwards.

Looks at every key of the experiment, so that a kind of key that is added tomorrow is looked at too.
For the rare request of one person, not for every day.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from igym.store import keys


def sweep(redis: Redis, experiment: str, names: Mapping[str, str]) -> int:
    """Take out whatever names one of the ids; a game keeps its seats, under the aliases.

    Args:
        names: id -> alias.

    Returns:
        How many keys, fields, members and entries were taken out or changed.
    """
    ids = [id.encode() for id in names]
    changed = 0
    for key in redis.scan_iter(f"igym:{{{experiment}}}:*", count=500):
        if _names(key, ids):
            redis.delete(key)
            changed += 1
            continue
        kind: Any = redis.type(key)
        if kind == b"hash" and key.startswith(keys.game(experiment, "").encode()):
            changed += _game(redis, key, names, ids)
        elif kind in _TAKE:
            changed += _TAKE[kind](redis, key, ids)
    for key, take in ((keys.problems(), _listed), (keys.server_lines(), _entries)):
        changed += take(redis, key.encode(), ids)
    return changed + _fields(redis, keys.followed().encode(), ids)


def _names(text: bytes, ids: list[bytes]) -> bool:
    return any(id in text for id in ids)


def _game(redis: Redis, key: bytes, names: Mapping[str, str], ids: list[bytes]) -> int:
    changed = 0
    found: Any = redis.hgetall(key)
    for name, value in found.items():
        if _names(value, ids):
            for id, alias in names.items():
                value = value.replace(id.encode(), alias.encode())
            redis.hset(key, name, value)
            changed += 1
    return changed


def _fields(redis: Redis, key: bytes, ids: list[bytes]) -> int:
    gone = [n for n, v in redis.hscan_iter(key) if _names(n, ids) or _names(v, ids)]
    return int(redis.hdel(key, *gone)) if gone else 0


def _ranked(redis: Redis, key: bytes, ids: list[bytes]) -> int:
    gone = [member for member, _ in redis.zscan_iter(key) if _names(member, ids)]
    return int(redis.zrem(key, *gone)) if gone else 0


def _members(redis: Redis, key: bytes, ids: list[bytes]) -> int:
    gone = [member for member in redis.sscan_iter(key) if _names(member, ids)]
    return int(redis.srem(key, *gone)) if gone else 0


def _listed(redis: Redis, key: bytes, ids: list[bytes]) -> int:
    found: Any = redis.lrange(key, 0, -1)
    return sum(int(redis.lrem(key, 0, one)) for one in found if _names(one, ids))


def _entries(redis: Redis, key: bytes, ids: list[bytes]) -> int:
    gone = [
        entry
        for entry, fields in _stream(redis, key)
        if any(_names(n, ids) or _names(v, ids) for n, v in fields.items())
    ]
    return int(redis.xdel(key, *gone)) if gone else 0


def _stream(redis: Redis, key: bytes) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
    after = b"-"
    while True:
        found: Any = redis.xrange(key, min=after, count=1_000)
        yield from found
        if len(found) < 1_000:
            return
        after = b"(" + found[-1][0]


def _text(redis: Redis, key: bytes, ids: list[bytes]) -> int:
    found: Any = redis.get(key)
    return int(redis.delete(key)) if found is not None and _names(found, ids) else 0


_TAKE: dict[bytes, Callable[[Redis, bytes, list[bytes]], int]] = {
    b"hash": _fields,
    b"zset": _ranked,
    b"set": _members,
    b"list": _listed,
    b"stream": _entries,
    b"string": _text,
}


def rewrite_log(redis: Redis, patience_s: float = 60.0) -> bool:
    """Have Redis write its append-only file anew, without what was deleted.

    Returns:
        Whether it did; a managed server may not let us, and says no more of it.
    """
    try:
        redis.bgrewriteaof()
    except ResponseError:
        return False
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        about: Any = redis.info("persistence")
        if not about.get("aof_rewrite_in_progress") and not about.get("aof_rewrite_scheduled"):
            return bool(about.get("aof_last_bgrewrite_status") == "ok")
        time.sleep(0.05)
    return False
