"""Accounts, and the visits of people signed in. Here are only hashes of passwords and cookies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from redis import Redis

from igym.domain.accounts import Account
from igym.errors import Conflict, NotFound
from igym.store import keys


@dataclass(frozen=True, slots=True)
class Known:
    """An account as it is stored."""

    account: Account
    digest: str  # Argon2 of its password


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is signed in somewhere."""

    id: str
    account: str
    made_ms: float
    seen_ms: float
    browser: str


_known = msgspec.json.Decoder(Known).decode


def add(redis: Redis, known: Known) -> None:
    """Remember a new account. Raises `Conflict` where there is one of that name."""
    name = known.account.name
    if not redis.hsetnx(keys.accounts(), name, msgspec.json.encode(known)):
        raise Conflict(f"There is an account {name!r} already.", hint="Choose another name.")


def put(redis: Redis, known: Known) -> None:
    """Change an account, or make it."""
    redis.hset(keys.accounts(), known.account.name, msgspec.json.encode(known))


def read(redis: Redis, name: str) -> Known:
    """The account of that name. Raises `NotFound`."""
    raw: Any = redis.hget(keys.accounts(), name)
    if raw is None:
        raise NotFound(f"There is no account {name!r}.", hint="List them: igym admin list")
    return _known(raw)


def listed(redis: Redis) -> list[Account]:
    """Everybody who may sign in, by name."""
    raw: Any = redis.hvals(keys.accounts())
    return sorted((_known(one).account for one in raw), key=lambda account: account.name)


def any_there(redis: Redis) -> bool:
    """Whether anybody has an account."""
    return bool(redis.hlen(keys.accounts()))


def remove(redis: Redis, name: str) -> None:
    """Forget an account, and end its visits. Raises `NotFound`."""
    if not redis.hdel(keys.accounts(), name):
        raise NotFound(f"There is no account {name!r}.", hint="List them: igym admin list")
    end_all(redis, name)


# --- visits ----------------------------------------------------------------------------------


def begin(redis: Redis, visit: Visit) -> None:
    """Somebody has signed in."""
    life_s = keys.visit.ttl_s
    with redis.pipeline() as pipe:
        pipe.hset(
            keys.visit(visit.id),
            mapping={
                "account": visit.account,
                "made_ms": str(visit.made_ms),
                "seen_ms": str(visit.seen_ms),
                "browser": visit.browser,
            },
        )
        pipe.expire(keys.visit(visit.id), life_s)
        pipe.zremrangebyscore(keys.visits(visit.account), "-inf", visit.made_ms)
        pipe.zadd(keys.visits(visit.account), {visit.id: visit.made_ms + life_s * 1000})
        pipe.expire(keys.visits(visit.account), life_s)
        pipe.execute()


def _visit(id: str, raw: dict[bytes, bytes]) -> Visit:
    return Visit(
        id,
        raw[b"account"].decode(),
        float(raw[b"made_ms"]),
        float(raw[b"seen_ms"]),
        raw[b"browser"].decode(),
    )


def visit(redis: Redis, id: str) -> Visit:
    """That visit. Raises `NotFound` once it is over."""
    raw: Any = redis.hgetall(keys.visit(id))
    if b"account" not in raw:
        raise NotFound("That visit is over.")
    return _visit(id, raw)


def seen(redis: Redis, id: str, at_ms: float) -> None:
    """They were there just now. Does not make a visit longer, nor one that is over begin again."""
    if redis.exists(keys.visit(id)):
        redis.hset(keys.visit(id), "seen_ms", str(at_ms))


def visits(redis: Redis, account: str) -> list[Visit]:
    """Where somebody is signed in, the last to come first."""
    ids: Any = redis.zrevrange(keys.visits(account), 0, -1)
    with redis.pipeline(transaction=False) as pipe:
        for id in ids:
            pipe.hgetall(keys.visit(id.decode()))
        read = pipe.execute()
    return [
        _visit(id.decode(), raw) for id, raw in zip(ids, read, strict=True) if b"account" in raw
    ]


def end(redis: Redis, visit: Visit) -> None:
    """Sign out."""
    with redis.pipeline() as pipe:
        pipe.delete(keys.visit(visit.id))
        pipe.zrem(keys.visits(visit.account), visit.id)
        pipe.execute()


def end_all(redis: Redis, account: str) -> int:
    """Sign out everywhere. Returns how many visits that ends."""
    ids: Any = redis.zrange(keys.visits(account), 0, -1)
    with redis.pipeline() as pipe:
        for id in ids:
            pipe.delete(keys.visit(id.decode()))
        pipe.delete(keys.visits(account))
        pipe.execute()
    return len(ids)


# --- tries -----------------------------------------------------------------------------------


def wrong(redis: Redis, *whose: str) -> None:
    """Count a wrong password for each of these."""
    with redis.pipeline() as pipe:
        for one in whose:
            pipe.incr(keys.wrong_passwords(one))
            pipe.expire(keys.wrong_passwords(one), keys.wrong_passwords.ttl_s, nx=True)
        pipe.execute()


def tries(redis: Redis, *whose: str) -> list[tuple[int, int]]:
    """For each: (wrong passwords lately, seconds until they are forgotten)."""
    with redis.pipeline(transaction=False) as pipe:
        for one in whose:
            pipe.get(keys.wrong_passwords(one))
            pipe.ttl(keys.wrong_passwords(one))
        read = pipe.execute()
    return [(int(n or 0), max(0, ttl)) for n, ttl in zip(read[::2], read[1::2], strict=True)]


def right(redis: Redis, whose: str) -> None:
    """Forget the wrong ones: they have got it."""
    redis.delete(keys.wrong_passwords(whose))


# --- links -----------------------------------------------------------------------------------


def add_link(redis: Redis, id: str, account: str) -> None:
    """A link that signs in `account`, once."""
    redis.set(keys.admin_link(id), account, ex=keys.admin_link.ttl_s)


def open_link(redis: Redis, id: str) -> str | None:
    """Whom that link signs in, and from now on nobody; None where it was opened or has run out."""
    raw: Any = redis.getdel(keys.admin_link(id))
    return None if raw is None else raw.decode()
