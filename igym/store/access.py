"""API tokens: what each opens, by id. Of the secret only a hash is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from redis import Redis

from igym.domain.access import Access
from igym.errors import NotFound
from igym.store import keys

_access = msgspec.json.Decoder(Access).decode

#: An expired token is remembered so long, so that its holder is told what happened.
REMEMBERED_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Known:
    """A token as it is stored."""

    access: Access
    digest: str  # SHA-256 of its secret, hex
    used_ms: float = 0


def add(redis: Redis, access: Access, digest: str) -> None:
    """Remember a new token."""
    name = keys.api_token(access.id)
    with redis.pipeline() as pipe:
        pipe.hset(name, mapping={"access": msgspec.json.encode(access), "digest": digest})
        pipe.expireat(name, int(access.expires_ms / 1000) + REMEMBERED_S)
        pipe.zadd(keys.api_tokens(), {access.id: access.expires_ms})
        pipe.expire(keys.api_tokens(), keys.api_tokens.ttl_s)
        pipe.execute()


def _known(raw: dict[bytes, bytes]) -> Known:
    return Known(_access(raw[b"access"]), raw[b"digest"].decode(), float(raw.get(b"used_ms", 0)))


def read(redis: Redis, id: str) -> Known:
    """The token of that id, whether it has expired or not. Raises `NotFound`."""
    raw: Any = redis.hgetall(keys.api_token(id))
    if b"access" not in raw:
        raise NotFound(f"There is no token {id!r}.")
    return _known(raw)


def used(redis: Redis, id: str, at_ms: float) -> None:
    """Remember when a token was last used, if it still is there."""
    name = keys.api_token(id)
    if redis.exists(name):
        redis.hset(name, "used_ms", str(at_ms))


def listed(redis: Redis) -> list[Known]:
    """Every token that can still be used, the next to expire first."""
    ids: Any = redis.zrange(keys.api_tokens(), 0, -1)
    with redis.pipeline(transaction=False) as pipe:
        for id in ids:
            pipe.hgetall(keys.api_token(id.decode()))
        return [_known(raw) for raw in pipe.execute() if b"access" in raw]


def revoke(redis: Redis, id: str) -> None:
    """Forget a token: from now on it opens nothing. Raises `NotFound`."""
    with redis.pipeline() as pipe:
        pipe.delete(keys.api_token(id))
        pipe.zrem(keys.api_tokens(), id)
        gone, _ = pipe.execute()
    if not gone:
        raise NotFound(f"There is no token {id!r}.", hint="List them: igym token list")


def failed(redis: Redis, address: str) -> int:
    """Count a refused token from `address`. Returns how many there were in this minute."""
    name = keys.api_failures(address)
    with redis.pipeline() as pipe:
        pipe.incr(name)
        pipe.expire(name, keys.api_failures.ttl_s, nx=True)
        count, _ = pipe.execute()
    return int(count)
