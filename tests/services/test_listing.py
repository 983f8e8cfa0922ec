"""Games as admins see them: how those that are on go, and which were played lately."""

from __future__ import annotations

import pytest

from igym.services.games import listing
from igym.services.games.listing import Paces
from igym.store import felt, games, keys


def test_a_live_game_is_seen_with_its_pace_its_lateness_its_score_and_its_peoples_lines(lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    redis, seen, paces = lab.deployment.redis, [], Paces()
    felt.write(redis, "counters", {game.seats["left"]: (42.0, "hidden")})

    def meanwhile():
        if game.id in lab.host.stages:
            seen.extend(listing.live(lab.deployment, "counters", [game.id], paces))

    lab.clock.meanwhile = meanwhile
    assert lab.play(game) == "finished"
    last = seen[-1]
    assert (last["fps"], last["episodes"], last["owner"]) == (120, 2, "games-1")
    assert {one["episode"] for one in seen} - {None} == {0, 1} and last["late_ms"] >= 0
    assert {s["seat"]: (s["rtt_ms"], s["away"]) for s in last["seats"]} == {
        "left": (42, "hidden"), "right": (None, "gone"),
    }  # fmt: skip
    # Then the score grows tick by tick, and an episode that has ended counts once
    totals = [sum(one["scores"].values()) for one in seen]
    read = games.read(redis, "counters", game.id)
    assert totals == sorted(totals) and totals[-1] <= sum(read.scores.values())
    assert len(set(totals)) > 1
    assert listing.live(lab.deployment, "counters", [game.id, "gone"], paces) == []


def test_a_game_that_has_ended_is_in_the_list_once_and_names_nobody(lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    redis = lab.deployment.redis
    assert not games.end(redis, game, "lost", [], now_ms=1.0), "it is over already"

    (over,) = listing.finished(lab.deployment, ["counters", "other"], lambda name: True)
    assert (over["id"], over["outcome"], over["episodes"]) == (game.id, "finished", 2)
    assert over["episode"] == f"{game.id}-001" and over["generation"] == 1
    assert over["scores"] == games.read(redis, "counters", game.id).scores
    assert over["ended_ms"] >= over["created_ms"] > 0
    assert not any(s.encode() in redis.lindex(keys.finished("counters"), 0)
                   for s in game.seats.values())  # fmt: skip
    assert listing.finished(lab.deployment, ["counters"], lambda name: False) == []


def test_so_many_games_are_remembered_the_newest_first(lab, monkeypatch):
    monkeypatch.setattr(games, "MOST_FINISHED", 3)
    redis = lab.deployment.redis
    for n in range(5):
        made = games.Game(f"g{n}", "counters", "p", "1", "count", "live", 1, {}, 0.0)
        redis.hset(keys.game("counters", made.id), mapping=made.fields())
        redis.expire(keys.game("counters", made.id), 60)
        assert games.end(redis, made, "lost", [], now_ms=n)
    found = listing.finished(lab.deployment, ["counters"], lambda name: True)
    assert [one["id"] for one in found] == ["g4", "g3", "g2"]
    assert 0 < redis.ttl(keys.finished("counters")) <= keys.finished.ttl_s


def test_a_pace_is_told_over_some_seconds_and_begins_anew_with_each_episode():
    paces = Paces()
    told = [paces.pace("g", "e0", ticks, now) for now, ticks in ((0, 0), (1, 30), (2, 60))]
    assert told == [None, None, 30]
    for now in range(3, 20):
        assert paces.pace("g", "e0", 60 + 15 * (now - 2), now) == pytest.approx(15, abs=11)
    assert paces.pace("g", "e0", 60 + 15 * 18, 20) == 15
    assert paces.pace("g", "e1", 5, 21) is None
    paces.keep(["h"])
    assert paces.pace("g", "e1", 5, 30) is None


#: A game that goes well: its fields that tell how it goes.
WELL = {
    "owner": "games-1", "generation": "1", "paused_ms": 0.0, "fps": 30.0, "pace": 29.9,
    "late_ms": 2.0, "seats": [{"seat": "a", "away": ""}, {"seat": "b", "away": ""}],
}  # fmt: skip


def away(how: str) -> dict[str, object]:
    return {"seats": [{"seat": "a", "away": how}, {"seat": "b", "away": ""}]}


@pytest.mark.parametrize(
    ("more", "how", "said"),
    [
        ({}, "good", "well"),
        ({"pace": None}, "good", "well"),
        ({"fps": 0.0, "late_ms": 500.0}, "good", "well"),
        ({"owner": ""}, "poor", "waits for a worker"),
        (away("gone"), "poor", "a not connected"),
        (away("hidden"), "fair", "a looks away"),
        ({"pace": 20.0}, "poor", "slower than declared"),
        ({"pace": 0.0}, "fair", "stands still"),
        ({"pace": 0.0, "paused_ms": 1.0}, "fair", "paused by an admin"),
        ({"late_ms": 40.0}, "fair", "ticks are late"),
        ({"generation": "3"}, "fair", "taken over 2 times"),
    ],
)
def test_how_a_game_goes_is_told_by_the_worst_of_it(more, how, said):
    assert listing.goes({**WELL, **more}) == (how, said)


def test_games_in_trouble_come_first_and_each_is_in_the_step_of_its_pace(lab, monkeypatch):
    paces = {"fast": 30.0, "slow": 14.0, "still": 0.0, "unknown": None}
    redis = lab.deployment.redis
    for n, name in enumerate(paces):
        made = games.Game(name, "counters", "gone", "1", "count", "live", 1, {}, 0.0)
        redis.hset(keys.game("counters", name), mapping={
            **made.fields(), "phase": "live", "owner": "games-1", "episode": f"{name}-000",
        })  # fmt: skip
        redis.zadd(keys.games("counters"), {name: n})
        for key in (keys.game("counters", name), keys.games("counters")):
            redis.expire(key, 60)
    monkeypatch.setattr(Paces, "pace", lambda _, game, *about: paces[game])
    plain = listing._game
    monkeypatch.setattr(listing, "_game", lambda *about: {**plain(*about), "fps": 30.0})
    live = listing.Live(lab.deployment)
    found = live.games(lambda name: name == "counters")
    assert [(one["id"], one["goes"][0]) for one in found] == [
        ("slow", "poor"), ("still", "fair"), ("fast", "good"), ("unknown", "good"),
    ]  # fmt: skip
    assert live.figures() == {"counters": {"count": 4, "parts": [1, 0, 0, 0, 0, 1]}}
    assert live.games(lambda name: name == "other") == []
