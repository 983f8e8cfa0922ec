"""A loop has one owner at a time, and everybody can tell an owner from the one before."""

from __future__ import annotations

from igym.store import bell, keys, lease
from igym.store.lease import Life
from tests.store.test_sessions import Crowd


def test_one_of_many_gets_the_lease_and_may_renew_it(redis):
    for round in range(20):
        tokens = Crowd(8)(lambda k, r=round: lease.take(redis, f"loop{r}", f"d{k}", 5))
        (holder,) = [k for k, token in enumerate(tokens) if token]
        assert lease.take(redis, f"loop{round}", f"d{holder}", 5) == tokens[holder]
        assert lease.take(redis, f"loop{round}", "other", 5) == 0


def test_the_fencing_token_rises_with_every_change_of_hands(redis):
    tokens = []
    for holder in ("a", "b", "a"):
        tokens.append(lease.take(redis, "matching", holder, 5))
        lease.drop(redis, "matching", holder)
    assert tokens == [1, 2, 3]


def test_a_lease_that_ran_out_is_free(redis):
    first = lease.take(redis, "matching", "a", 5)
    redis.pexpire(keys.lease("matching"), 0)  # as time would
    assert lease.take(redis, "matching", "b", 5) == first + 1
    assert lease.take(redis, "matching", "a", 5) == 0


def test_renewing_makes_it_longer(redis):
    lease.take(redis, "matching", "a", 1)
    lease.take(redis, "matching", "a", 30)
    assert redis.pttl(keys.lease("matching")) > 20_000


def test_nobody_drops_somebody_elses_lease(redis):
    lease.take(redis, "matching", "host:a", 5)
    lease.drop(redis, "matching", "a")
    assert lease.take(redis, "matching", "b", 5) == 0


def test_a_worker_is_alive_until_its_beat_runs_out_or_it_says_good_bye(redis):
    assert lease.life(redis, "w") is Life.SILENT
    lease.beat(redis, "w", 4, {"pid": "1"})
    assert lease.life(redis, "w") is Life.ALIVE and 3_000 < redis.pttl(keys.worker("w")) <= 4_000
    lease.gone(redis, "w")
    assert lease.life(redis, "w") is Life.GONE


def test_many_rings_wake_the_director_once(redis):
    for _ in range(5):
        bell.ring(redis)
    assert bell.wait(redis, 1) and not bell.wait(redis, 0.01)
