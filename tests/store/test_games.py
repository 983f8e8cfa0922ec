"""A game has one owner, its log no duplicate, and a worker that was replaced is deaf and dumb."""

from __future__ import annotations

import msgspec
import pytest
from redis.exceptions import ResponseError

from igym.errors import NotFound
from igym.store import games, keys, records
from igym.store.games import Flush, Game, episode_id
from tests.store.test_sessions import Crowd, E, a_game, a_session

EPISODE = episode_id("g", 0)


@pytest.fixture
def game(redis) -> Game:
    """A game as a seal would leave it."""
    made = a_game("g", a_session("ann"), a_session("bob"))
    put(redis, made)
    redis.zadd(keys.games(E), {"g": 1})
    redis.expire(keys.games(E), keys.games.ttl_s)
    return made


def put(redis, game: Game) -> None:
    """The record of a game."""
    key = keys.game(game.experiment, game.id)
    redis.hset(key, mapping=game.fields())
    redis.expire(key, keys.game.ttl_s)


def replaced(redis) -> None:
    redis.hset(keys.game(E, "g"), mapping={"generation": "2", "owner": ""})


def append(redis, game, chunk, logged, episode=EPISODE, **more) -> bool:
    (written,) = games.append(redis, [Flush(game, episode, chunk, logged, now_ms=7, **more)])
    assert isinstance(written, bool)
    return written


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
    mine = Flush(game, EPISODE, b"one", 3, now_ms=7)
    stale = Flush(msgspec.structs.replace(game, generation=9), EPISODE, b"two", 3, now_ms=7)
    assert games.append(redis, [mine, stale]) == [True, False]

    redis.script_flush()
    later = Flush(game, EPISODE, b"three", 6, now_ms=8)
    assert games.append(redis, [stale, later]) == [False, True]
    assert games.log(redis, E, EPISODE) == [b"one", b"three"]


def test_what_goes_wrong_with_one_game_is_told_of_it_and_keeps_no_other_from_its_log(redis, game):
    ill = a_game("ill", a_session("cem"), a_session("dan"))
    put(redis, ill)
    redis.set(keys.log(E, "ill-000"), "no stream", ex=9)
    flushes = [Flush(ill, "ill-000", b"x", 3, 7), Flush(game, EPISODE, b"one", 3, 7)]

    wrong, written = games.append(redis, flushes)

    assert isinstance(wrong, ResponseError) and "WRONGTYPE" in str(wrong)
    assert written is True and games.log(redis, E, EPISODE) == [b"one"]


def test_more_games_than_one_call_takes_and_those_of_other_experiments_keep_their_places(redis):
    flushes = []
    for n in range(2 * games.TOGETHER + 3):
        one = msgspec.structs.replace(a_game(f"g{n}"), experiment="ab"[n % 2])
        if n % 3:
            put(redis, one)
        flushes.append(Flush(one, episode_id(one.id, 0), str(n).encode(), 1, now_ms=7))

    assert games.append(redis, flushes) == [bool(n % 3) for n in range(len(flushes))]
    for n, flush in enumerate(flushes):
        written = games.log(redis, flush.game.experiment, flush.episode)
        assert written == ([flush.chunk] if n % 3 else [])


def test_the_next_episode_begins_its_own_count(redis, game):
    append(redis, game, b"one", 30, close=True)
    second = episode_id("g", 1)
    append(redis, game, b"two", 3, second)
    assert games.log(redis, E, second) == [b"two"]


def test_a_worker_that_was_replaced_writes_nothing(redis, game):
    append(redis, game, b"one", 3)
    replaced(redis)
    before = games.read(redis, E, "g")

    row = ("episodes", {"episode_id": "z"})
    assert not append(redis, game, b"zombie", 6, close=True, rows=[row])
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
    assert not append(redis, game, b"late", 6)


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
