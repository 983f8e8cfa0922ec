"""The overview: figures that are true on every web worker, in few bytes however much goes on."""

from __future__ import annotations

import json
import random
from collections import Counter
from contextlib import suppress

from igym import settings
from igym.domain.participant import Phase
from igym.errors import IgymError
from igym.services.connect import connect
from igym.services.games.listing import PAGE, Live
from igym.services.problems import report
from igym.services.watching import Watch
from igym.store import games, keys

STUDY, GAMES, MOST_BYTES = "counters", 100, 20_000


def size(said: object) -> int:
    return len(json.dumps(said, separators=(",", ":")))


def test_after_anything_that_people_do_each_worker_counts_as_whoever_counts_them_one_by_one(
    lab, redis_url
):
    """By the sessions themselves: one by one is what the overview never does."""
    dice = random.Random(7)
    env = {"REDIS_URL": redis_url}
    workers = [connect(settings.load(env, lab.deployment.data)) for _ in range(2)]
    people = []
    for n in range(24):
        people.append(lab.arrive())
        for one in dice.sample(people, len(people) // 2):
            with suppress(IgymError):  # who waits or plays has nothing to press
                lab.advance(lab.read(one))
        if n % 6 == 5:
            lab.match()

    there = [lab.read(one) for one in people]
    truth = Counter(one.phase for one in there)
    assert truth[Phase.PLAYING] >= 4 and truth[Phase.READING] >= 1
    for deployment in workers:
        seen = Watch(deployment, Live(deployment)).overview()
        (experiment,) = seen["experiments"]
        (mode,) = experiment["modes"]
        assert {phase: mode[phase] for phase in Phase} == {phase: truth[phase] for phase in Phase}
        assert mode["ever"]["arrived"] == len(people)
        assert seen["games"][STUDY]["count"] == len({one.game for one in there if one.game})


def test_a_hundred_games_and_everything_broken_are_seen_in_less_than_20_kb(lab):
    """And so is each page of the list of games: this is what is sent once a second."""
    redis = lab.deployment.redis
    for n in range(GAMES):
        id, seats = f"{n:022}", {seat: f"{n}{seat}".zfill(22) for seat in ("left", "right")}
        made = games.Game(id, STUDY, "gone", "1", "count", "live", 1, seats, 1.7e12)
        about = {
            "phase": "live", "owner": "games-1", "episode": f"{id}-001", "done": "1",
            "logged": "12345", "scores": json.dumps(dict.fromkeys(seats, 12.75)),
            "late_ms": "12.345", "claimed_ms": "1700000000000.1",
        }  # fmt: skip
        redis.hset(keys.game(STUDY, id), mapping={**made.fields(), **about})
        redis.zadd(keys.games(STUDY), {id: n})
        redis.expire(keys.game(STUDY, id), 60)
    redis.expire(keys.games(STUDY), 60)
    for _ in range(20):
        report(lab.deployment, STUDY, "", "env_failed", "m" * 10_000, where="w", trace="t" * 9_000)

    live = Live(lab.deployment)
    watch = Watch(lab.deployment, live)
    assert watch.overview()["games"][STUDY]["count"] == GAMES
    assert size(watch.overview()) < MOST_BYTES
    assert size(live.games(lambda name: True)[:PAGE]) < MOST_BYTES
