"""A game has one owner, its log no duplicate, and a worker that was replaced is deaf and dumb."""

from __future__ import annotations

import msgspec
import pytest

from igym.errors import LeaseLost, NotFound
from igym.store import games, keys, records
from igym.store.games import Game, episode_id
from tests.store.test_sessions import Crowd, E, a_game, a_session

EPISODE = episode_id("g", 0)


@pytest.fixture
def game(redis) -> Game:
    """A game as a seal would leave it."""
    made = a_game("g", a_session("ann"), a_session("bob"))
    redis.hset(keys.game(E, "g"), mapping=made.fields())
    redis.expire(keys.game(E, "g"), keys.game.ttl_s)
    redis.zadd(keys.games(E), {"g": 1})
    redis.expire(keys.games(E), keys.games.ttl_s)
    return made


def replaced(redis) -> None:
    redis.hset(keys.game(E, "g"), mapping={"generation": "2", "owner": ""})


def append(redis, game, chunk, logged, **more):
    games.append(redis, game, EPISODE, chunk, logged=logged, now_ms=7, **more)


def test_a_game_is_read_as_it_was_written(redis, game):
    assert games.read(redis, E, "g") == game
    with pytest.raises(NotFound):
        games.read(redis, E, "other")


def test_of_many_workers_one_gets_the_game(redis, game):
    for round in range(20):
        redis.hset(keys.game(E, "g"), mapping={"owner": "", "phase": "offered"})
        got = Crowd(8)(lambda k: games.claim(redis, E, "g", 1, f"w{k}", 5))
        assert got.count(True) == 1, round
        assert games.read(redis, E, "g").owner == f"w{got.index(True)}"


@pytest.mark.parametrize("change", [{"generation": "2"}, {"phase": "over"}, {"owner": "w0"}])
def test_a_game_that_is_over_owned_or_superseded_cannot_be_claimed(redis, game, change):
    redis.hset(keys.game(E, "g"), mapping=change)
    before = games.read(redis, E, "g")
    assert not games.claim(redis, E, "g", 1, "w1", 5)
    assert games.read(redis, E, "g") == before


def test_a_game_that_never_was_cannot_be_claimed_into_being(redis):
    assert not games.claim(redis, E, "ghost", 1, "w1", 5)
    assert not redis.exists(keys.game(E, "ghost"))


def test_the_log_keeps_flushes_in_order(redis, game):
    append(redis, game, b"one", 3)
    append(redis, game, b"two\x00\xff", 6, close=True)
    assert games.log(redis, E, EPISODE) == [b"one", b"two\x00\xff"]
    assert games.closed(redis, E, 10) == [EPISODE]
    assert games.read(redis, E, "g").logged == 6


def test_a_flush_whose_answer_was_lost_is_logged_once(redis, game):
    append(redis, game, b"one", 3)
    append(redis, game, b"one", 3)
    append(redis, game, b"two", 6)
    assert games.log(redis, E, EPISODE) == [b"one", b"two"]


def test_many_games_are_logged_in_one_round_trip_also_by_a_redis_that_was_started_anew(redis, game):
    mine = ((game, EPISODE, b"one"), {"logged": 3, "now_ms": 7})
    stale = ((msgspec.structs.replace(game, generation=9), EPISODE, b"two"), mine[1])
    assert games.append_all(redis, [mine, stale]) == [1, 0]

    redis.script_flush()
    later = ((game, EPISODE, b"three"), {"logged": 6, "now_ms": 8})
    assert games.append_all(redis, [later, stale]) == [1, 0]
    assert games.log(redis, E, EPISODE) == [b"one", b"three"]


def test_the_next_episode_begins_its_own_count(redis, game):
    append(redis, game, b"one", 30, close=True)
    second = episode_id("g", 1)
    games.append(redis, game, second, b"two", logged=3, now_ms=8)
    assert games.log(redis, E, second) == [b"two"]


def test_a_worker_that_was_replaced_writes_nothing(redis, game):
    append(redis, game, b"one", 3)
    replaced(redis)
    before = games.read(redis, E, "g")

    with pytest.raises(LeaseLost):
        append(redis, game, b"zombie", 6, close=True, rows=[("episodes", {"episode_id": "z"})])
    assert games.log(redis, E, EPISODE) == [b"one"]
    assert games.closed(redis, E, 10) == [] and records.waiting(redis, E, "1", 9)[1] == []
    assert games.read(redis, E, "g") == before
    assert not games.end(redis, game, "finished", [("games", {})], now_ms=9)
    assert games.read(redis, E, "g") == before


def test_a_game_ends_once_and_is_not_written_to_afterwards(redis, game):
    append(redis, game, b"one", 3)
    row = ("games", {"game_id": "g"})
    ended = Crowd(8)(lambda k: games.end(redis, game, f"o{k}", [row], unclosed=EPISODE, now_ms=9))

    assert ended.count(True) == 1
    assert games.read(redis, E, "g").outcome == f"o{ended.index(True)}"
    assert len(records.waiting(redis, E, "1", 99)[1]) == 1
    assert games.closed(redis, E, 10) == [EPISODE]
    with pytest.raises(LeaseLost):
        append(redis, game, b"late", 6)


def test_an_archived_episode_is_forgotten(redis, game):
    append(redis, game, b"one", 3, close=True)
    games.archived(redis, E, [EPISODE])
    assert games.log(redis, E, EPISODE) == [] and games.closed(redis, E, 10) == []
    games.settled(redis, E, "g")
    assert games.open_games(redis, E) == []


def test_whoever_links_a_seat_learns_the_owner_and_a_name_may_hold_a_bar(redis, game):
    assert games.link(redis, E, "g", "s0", "web|1", 7) == ""
    games.claim(redis, E, "g", 1, "w1", 5)
    assert games.link(redis, E, "g", "s1", "web-2", 8) == "w1"
    assert games.links(redis, E, "g") == {"s0": ("web|1", 7), "s1": ("web-2", 8)}


def test_a_worker_whose_claim_was_not_answered_may_ask_again(redis, game):
    assert games.claim(redis, E, "g", 1, "w1", 5)
    assert games.claim(redis, E, "g", 1, "w1", 6)
    assert not games.claim(redis, E, "g", 1, "w2", 7)
