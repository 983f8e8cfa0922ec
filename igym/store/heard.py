"""When each session was last heard of: the one definition of being there.

Any message of a browser counts, answers to the server's pings included. Web workers note it
in batches (`igym.web.hearing`), on Redis's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis
from redis.client import Pipeline

from igym.store import keys
from igym.store.script import Script

_note = Script("heard_note.lua")

#: How often web workers write down whom they heard, seconds.
NOTE_S = 0.5


def note(redis: Redis, experiment: str, ago_ms: Mapping[str, float]) -> None:
    """These sessions (-> how many ms ago) were heard of."""
    if ago_ms:
        args = [x for session, ms in ago_ms.items() for x in (max(0, int(ms)), session)]
        _note(redis, [keys.heard(experiment)], [keys.heard.ttl_s, *args])


def ago_ms(redis: Redis, experiment: str, sessions: Sequence[str]) -> dict[str, float]:
    """Session -> ms since it was last heard of; those of whom nothing is known are left out."""
    if not sessions:
        return {}
    with redis.pipeline(transaction=False) as pipe:
        queue_ago(pipe, experiment, sessions)
        return _ago(sessions, *pipe.execute())


def queue_ago(pipe: Pipeline, experiment: str, sessions: Sequence[str]) -> None:
    """Ask for what `recent` takes: two more answers of the pipeline."""
    pipe.time()
    pipe.zmscore(keys.heard(experiment), list(sessions))


def recent(sessions: Sequence[str], now: Any, scores: Any, within_s: float) -> set[str]:
    """Those of `sessions` that were heard of in the last `within_s` seconds."""
    return {s for s, ms in _ago(sessions, now, scores).items() if ms < within_s * 1000}


def _ago(sessions: Sequence[str], now: Any, scores: Any) -> dict[str, float]:
    now_ms = now[0] * 1000 + now[1] / 1000
    return {s: now_ms - at for s, at in zip(sessions, scores, strict=True) if at is not None}


def present(redis: Redis, experiment: str, sessions: Sequence[str], within_s: float) -> set[str]:
    """Those of `sessions` that were heard of in the last `within_s` seconds."""
    found: dict[str, Any] = ago_ms(redis, experiment, sessions)
    return {session for session, ms in found.items() if ms < within_s * 1000}
