"""Whoever went silent ends as absent, and their place is the next one's. Nobody else does."""

from __future__ import annotations

import pytest

from igym.domain.participant import Phase
from igym.domain.places import Taken
from igym.domain.plan import TreatmentPlan
from igym.services.connect import now_ms
from igym.services.sessions import absence
from igym.store import games, heard, keys, presence, sessions
from tests.services.paper import E, Paper, a_plan

COLOUR = TreatmentPlan("colour", "participant", ("red", "blue"), wanted=1)
AWAY_S = 100.0


@pytest.fixture
def study(deployment):
    return Paper(deployment, a_plan(COLOUR, absent_s=AWAY_S))


def later(study, seconds: float, *people) -> None:
    """So many seconds pass in which these people do and say nothing."""
    for one in people:
        key = keys.session(E, one.id)
        moved = float(study.redis.hget(key, "entered_ms")) - seconds * 1000
        study.redis.hset(key, "entered_ms", repr(moved))
        ago = heard.ago_ms(study.redis, E, [one.id]).get(one.id, 0)
        heard_at = study.redis.time()[0] * 1000 - ago - seconds * 1000
        study.redis.zadd(keys.heard(E), {one.id: heard_at})
        study.redis.zincrby(keys.presence(E), -seconds * 1000, one.id)


def look(study) -> int:
    return absence.look(study.deployment, study.outbox)


def test_whoever_is_silent_for_long_ends_and_gives_their_place_back(study):
    ann, bob = study.arrive(), study.arrive()
    assert study.arrive().outcome == "full"
    later(study, AWAY_S - 1, ann)
    assert look(study) == 0
    later(study, 2, ann)
    assert look(study) == 1

    gone = study.read(ann)
    assert (gone.phase, gone.outcome, gone.scene) == (Phase.ENDED, "absent", "thanks")
    assert study.places("colour")[ann.cells["colour"]] == Taken(0, 0)
    assert study.read(bob) == bob
    assert study.arrive().cells == ann.cells
    assert look(study) == 0


def test_any_sign_of_life_begins_the_time_anew(study):
    ann = study.arrive()
    later(study, AWAY_S + 1, ann)
    heard.note(study.redis, E, {ann.id: 0})
    assert look(study) == 0
    later(study, AWAY_S - 1, ann)
    assert look(study) == 0 and study.read(ann).phase is Phase.READING


def test_nobody_is_looked_at_before_they_can_be_absent(study):
    for _ in range(2):
        study.arrive()
    assert presence.due(study.redis, E, now_ms() + AWAY_S * 1000 - 500, 9) == []
    assert len(presence.due(study.redis, E, now_ms() + AWAY_S * 1000, 9)) == 2
    assert len(presence.due(study.redis, E, now_ms() + AWAY_S * 1000, 1)) == 1


def test_whoever_waits_in_silence_leaves_the_lobby(deployment):
    study = Paper(deployment, a_plan(absent_s=AWAY_S))
    ann = study.to("play")
    later(study, AWAY_S + 1, ann)
    assert look(study) == 1
    name = sessions.lobby_name(ann.package, "play", "live")
    assert study.redis.zscore(keys.lobby(E, name), ann.id) is None
    (ticket,) = study.rows("tickets")
    assert ticket["end"] == "absent"


def test_a_live_game_decides_itself_about_whoever_is_away(deployment):
    study = Paper(deployment, a_plan(absent_s=AWAY_S))
    ann, bob = study.to("play"), study.to("play")
    study.match()
    game = study.game(ann)
    later(study, AWAY_S + 1, ann, bob)
    assert look(study) == 0 and study.read(ann).phase is Phase.PLAYING

    # And it is looked at again, not in the very next round
    assert presence.due(study.redis, E, now_ms() + 1000, 9) == []
    study.finish(game)
    later(study, AWAY_S + 1, ann, bob)
    assert look(study) == 2


def test_whoever_sits_in_a_game_that_is_gone_is_not_left_there(deployment):
    study = Paper(deployment, a_plan(absent_s=AWAY_S))
    ann, bob = study.to("play"), study.to("play")
    study.match()
    study.redis.delete(keys.game(E, study.read(ann).game))
    later(study, AWAY_S + 1, ann, bob)
    assert look(study) == 2
    assert games.open_games(study.redis, E) != []  # the director's other loop forgets it


def test_sessions_that_ended_or_ran_out_cost_nothing_more(study):
    ann, bob = study.arrive(), study.arrive()
    study.leave(ann, "withdrew")
    assert study.redis.zscore(keys.presence(E), ann.id) is None
    later(study, AWAY_S + 1, bob)
    study.redis.delete(keys.session(E, bob.id))
    study.redis.zadd(keys.presence(E), {ann.id: 1})
    assert look(study) == 0
    assert study.redis.zcard(keys.presence(E)) == 0


def test_one_round_looks_at_a_bounded_number(study, monkeypatch):
    monkeypatch.setattr(absence, "MOST", 3)
    people = [study.arrive(mode="preview") for _ in range(7)]
    later(study, AWAY_S + 1, *people)
    assert [look(study) for _ in range(4)] == [3, 3, 1, 0]
