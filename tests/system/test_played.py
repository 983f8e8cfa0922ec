"""Numbers by pointer and a game of turns, from real sockets to the tables."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tests.system.client import HUD, TICK, Client, Picture, join
from tests.system.conftest import two
from tests.system.test_ticks import archive, archived

pytestmark = pytest.mark.stack


def ended(one: Client) -> str:
    """Their code, once they are at the ending."""
    return one.wait("state", lambda s: s["phase"] == "ended", within_s=40)["view"]["code"]


def marks(one: Client, n: int) -> None:
    """Until they see so many marks on the four lines of the board."""

    def there(_: object) -> bool:
        picture = Picture()
        for frame in one.all("frame"):
            picture.hear(frame)
        return len(picture.objects) == 4 + n

    one.wait("frame", there, since=one.mark())


def test_a_pendulum_is_moved_by_the_pointer(stack):
    with Client(stack.url, join(stack.url, "arm")) as ann:
        ann.to_game()
        assert ann.game["pointer"] and ann.game["sticks"]
        ann.wait_playing()
        ann.wait_frames(3)
        ann.point(0.9, 0.4)
        pushed = ann.wait("frame", lambda f: f[HUD] == "torque 1.60")[TICK]
        ann.wait("frame", lambda f: f[TICK] >= pushed + 20)
        ann.press("ArrowLeft")  # a key comes first
        ann.wait("frame", lambda f: f[HUD] == "torque -1.50")
        ann.let_go("ArrowLeft")
        ann.away()
        ann.wait("frame", lambda f: f[HUD] == "torque 0.00" and f[TICK] > pushed)
        assert ended(ann) == "DONE"
        game = ann.game["game"]

    ticks = archived(stack, "arm", game).sort_values("tick")
    numbers = [json.loads(action)[0] for action in ticks.action_json]
    assert len(numbers) == 360 and ticks.truncated.iloc[-1]
    assert numbers[pushed : pushed + 20] == pytest.approx([1.6] * 20)
    assert {round(n, 2) for n in numbers} == {0.0, 1.6, -1.5}
    inputs = pd.read_parquet(archive(stack, "arm", "inputs", game))
    moves = inputs[inputs.key == "pointer"]
    assert moves[["x", "y", "down"]].values.tolist() == [[0.9, 0.4, False]]
    assert inputs[inputs.key == "ArrowLeft"][["x", "y"]].isna().all(axis=None)


def test_two_people_take_turns_until_one_has_won(stack):
    one, other = two(stack, "turns")
    with one, other:
        first, second = (one, other) if one.game["seat"] == "player_1" else (other, one)
        assert len(first.game["keys"]) == 0 and first.game["pointer"]
        second.click(0.1, 0.1)  # too early: it is no move, then or later
        for n, (person, x, y) in enumerate(
            [(first, 0.5, 0.5), (second, 0.1, 0.1), (first, 0.5, 0.1), (second, 0.9, 0.1)]
        ):
            if n == 2:
                person.click(0.5, 0.5)  # taken: it is no move either
                person.wait_frames(5)
            person.click(x, y)
            for one_of_them in (first, second):
                marks(one_of_them, n + 1)
        first.click(0.5, 0.9)
        assert [ended(person) for person in (first, second)] == ["DONE", "DONE"]
        game = first.game["game"]

    ticks = archived(stack, "turns", game)
    moves = ticks[ticks.action.notna()].sort_values("tick")
    assert list(moves.action) == [4, 0, 3, 6, 5]
    assert list(moves.seat) == ["player_1", "player_2"] * 2 + ["player_1"]
    assert ticks.groupby("seat").reward.sum().to_dict() == {"player_1": 1.0, "player_2": -1.0}
    assert (ticks.groupby("tick").actor.agg(lambda who: sorted(who)[-1]) == "rests").all()
    last = ticks[ticks.tick == ticks.tick.max()]
    assert last.terminated.all() and last.seat_terminated.all() and not last.seat_truncated.any()
