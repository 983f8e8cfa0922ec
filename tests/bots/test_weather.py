"""Weather befalls exactly the share asked for, the same way for the same seed."""

from __future__ import annotations

import pytest

from igym.bots.weather import LONGEST_S, PLACES, SHORTEST_S, Weather, fates, round_trips, share
from igym.errors import BadMessage


def befallen(lots, kind):
    return [n for n, fate in enumerate(lots) if any(turn.kind == kind for turn in fate.turns)]


def test_exactly_the_share_asked_for_meets_it():
    lots = fates(Weather(reload=0.1, drop=0.25, leave=0.3), 40, 20, seed=7)

    assert [len(befallen(lots, kind)) for kind in ("reload", "drop", "leave")] == [4, 10, 12]


def test_the_same_seed_makes_the_same_weather_and_another_another():
    storm = Weather(drop=0.5)

    assert fates(storm, 40, 20, seed=7) == fates(storm, 40, 20, seed=7)
    assert fates(storm, 40, 20, seed=7) != fates(storm, 40, 20, seed=8)


def test_it_comes_while_people_are_where_it_finds_them():
    lots = fates(Weather(1, 1, 1), 200, 20, seed=1)
    turns = [turn for fate in lots for turn in fate.turns]

    assert {turn.place for turn in turns} == set(PLACES)
    assert all(0 <= turn.after_s <= (16 if turn.place == "game" else 0.2) for turn in turns)
    drops = [turn.away_s for turn in turns if turn.kind == "drop"]
    assert all(SHORTEST_S <= away_s <= LONGEST_S for away_s in drops)


def test_round_trips_are_dealt_out_in_turn():
    lots = fates(Weather(rtt_ms=(20, 80, 200)), 4, 20, seed=1)

    assert [fate.rtt_ms for fate in lots] == [20, 80, 200, 20]


def test_shares_are_percent_or_fractions():
    assert (share("10%"), share("0.1"), share("0")) == (0.1, 0.1, 0)
    assert round_trips("20,80,200") == (20, 80, 200)
    assert round_trips("") == ()


@pytest.mark.parametrize("text", ["110%", "-1", "many", "2"])
def test_what_is_no_share_is_refused_with_an_example(text):
    with pytest.raises(BadMessage) as refused:
        share(text)
    assert "10%" in refused.value.hint


def test_what_is_no_round_trip_is_refused():
    with pytest.raises(BadMessage):
        round_trips("20,fast")
