"""How long round trips are and who looks away, as web workers know it, for admins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis

from igym.store import keys


def write(redis: Redis, experiment: str, felt: Mapping[str, tuple[float, str]]) -> None:
    """Session -> its round trip in ms (below 0: not known) and where they look: "hidden" where
    the tab is in the background, "blur" where they use another window, else ""."""
    if felt:
        with redis.pipeline(transaction=False) as pipe:
            for session, (rtt_ms, away) in felt.items():
                pipe.hset(keys.felt(experiment), session, f"{rtt_ms:.0f}|{away}")
            pipe.expire(keys.felt(experiment), keys.felt.ttl_s)
            pipe.execute()


def forget(redis: Redis, experiment: str, sessions: Sequence[str]) -> None:
    """Their sockets are closed: nothing is known of the line any more."""
    if sessions:
        redis.hdel(keys.felt(experiment), *sessions)


def read(
    redis: Redis, experiment: str, sessions: Sequence[str]
) -> dict[str, tuple[int | None, str]]:
    """Session -> its round trip in ms, None where it is not known, and where they look."""
    if not sessions:
        return {}
    found: Any = redis.hmget(keys.felt(experiment), list(sessions))
    return {s: _felt(raw.decode()) for s, raw in zip(sessions, found, strict=True) if raw}


def round_trips(redis: Redis, experiment: str) -> list[int]:
    """The round trip of everybody with a socket, in ms, where it is known."""
    found: Any = redis.hvals(keys.felt(experiment))
    felt = (_felt(raw.decode())[0] for raw in found)
    return [rtt_ms for rtt_ms in felt if rtt_ms is not None]


def _felt(text: str) -> tuple[int | None, str]:
    rtt_ms, _, away = text.partition("|")
    return (int(rtt_ms) if int(rtt_ms) >= 0 else None), away
