"""Films of episodes that somebody wants to see again: which wait, and what became of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from redis import Redis

from igym.errors import NotFound
from igym.store import keys


@dataclass(frozen=True, slots=True)
class Film:
    """One film and how far it is."""

    experiment: str
    episode: str
    asked_ms: float
    state: Literal["waiting", "done", "failed"] = "waiting"
    text: str = ""  # why it failed
    hint: str = ""
    tries: int = 0  # how often a worker has begun
    due_ms: float = 0  # when somebody is to be asked (again)


_film = msgspec.json.Decoder(Film).decode


def put(redis: Redis, film: Film) -> None:
    """Remember how far it is; who still waits is looked after."""
    with redis.pipeline() as pipe:
        pipe.set(
            keys.film(film.experiment, film.episode), msgspec.json.encode(film),
            ex=keys.film.ttl_s,
        )  # fmt: skip
        if film.state == "waiting":
            pipe.hset(keys.films(), film.episode, film.experiment)
            pipe.expire(keys.films(), keys.films.ttl_s)
        else:
            pipe.hdel(keys.films(), film.episode)
        pipe.execute()


def read(redis: Redis, experiment: str, episode: str) -> Film:
    """One film. Raises `NotFound`."""
    raw: Any = redis.get(keys.film(experiment, episode))
    if raw is None:
        raise NotFound("Nobody asked for that film lately.", hint="Open the episode once more.")
    return _film(raw)


def waiting(redis: Redis) -> list[Film]:
    """All that wait, the oldest first. Who has run out of life is forgotten."""
    found: Any = redis.hgetall(keys.films())
    made = []
    for episode, experiment in found.items():
        try:
            made.append(read(redis, experiment.decode(), episode.decode()))
        except NotFound:
            redis.hdel(keys.films(), episode)
    return sorted(made, key=lambda film: film.asked_ms)
