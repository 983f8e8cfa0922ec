"""What people hold down is what the environment gets, thirty times a second."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pytest

from tests.system.client import ACKS, TICK, Picture
from tests.system.conftest import two
from tests.system.server import eventually

pytestmark = pytest.mark.stack


def archive(server, experiment: str, table: str, game: str) -> Path:
    """The file of a game's first episode, once it is on the disk."""
    folder = server.tables(experiment) / table
    files = eventually(
        lambda: [*folder.glob(f"{game}-*.parquet")], within_s=30, what=f"archiving {game}"
    )
    return files[0]


def archived(server, experiment: str, game: str) -> pd.DataFrame:
    """The ticks of a game's first episode, once they are on the disk."""
    return pd.read_parquet(archive(server, experiment, "ticks", game))


def test_a_held_key_acts_at_every_tick_and_every_tick_is_kept_once(stack):
    ann, bob = two(stack)
    with ann, bob:
        # Given somebody who holds → for two seconds, and a partner who rests
        walker, rester = (ann, bob) if ann.game["seat"] == "a" else (bob, ann)
        walker.wait_frames(5)
        pressed = walker.press("ArrowRight")
        first = walker.wait("frame", lambda f: f[ACKS][0] >= pressed)[TICK]
        walker.wait("frame", lambda f: f[TICK] >= first + 60)
        walker.let_go("ArrowRight")
        walker.wait_frames(10)
        rester.press(" ")
        for one in (walker, rester):
            one.wait("state", lambda s: s["phase"] == "reading" and s["scene"] == "after")
        game = walker.game["game"]

    # Then the log has each tick once per seat, and one unbroken stretch of the action
    ticks = archived(stack, "pair", game)
    for seat in ("a", "b"):
        mine = ticks[ticks.seat == seat]
        assert list(mine.tick) == list(range(len(mine)))
    moved = ticks[(ticks.seat == "a") & (ticks.action == 2)].tick
    assert len(moved) >= 60
    assert list(moved) == list(range(moved.min(), moved.max() + 1))
    assert (ticks[ticks.seat == "b"].action.iloc[:-1] == 0).all()
    assert ticks[(ticks.seat == "a") & (ticks.action == 2)].reward.eq(1).all()
    assert ticks.groupby("tick").terminated.first().sum() == 1
    # and the edges, with both clocks
    inputs = pd.read_parquet(archive(stack, "pair", "inputs", game))
    mine = inputs[inputs.seat == "a"].sort_values("order")
    assert list(mine.key) == ["ArrowRight", "ArrowRight"]
    assert list(mine.down) == [True, False]
    assert (mine.browser_ms <= mine.received_ms).all()
    assert int(mine.tick.iloc[0]) == moved.min()


def test_a_key_tapped_between_two_ticks_is_not_lost(couple):
    ann, bob = couple
    walker = ann if ann.game["seat"] == "a" else bob
    walker.wait_frames(5)
    before = walker.all("frame")[-1]
    picture = Picture()
    for frame in walker.all("frame"):
        picture.hear(frame)
    x = picture.x("a")
    # When the key is down for less than a tick, in one message
    now = time.time() * 1000
    index = walker.game["keys"].index("ArrowRight")
    walker.keys(edges=[[index, True, now - 2], [index, False, now]])
    walker.wait("frame", lambda f: f[TICK] >= before[TICK] + 10)
    for frame in walker.all("frame"):
        picture.hear(frame)
    after = Picture()
    assert all(after.hear(f) for f in walker.all("frame"))
    assert after.x("a") == x + 100


def test_thirty_frames_a_second_are_thirty(couple):
    ann, _ = couple
    ann.wait_frames(10)
    first = ann.mark()
    ann.wait_frames(150)
    heard = [h for h in ann.heard[first:] if h.event == "frame"]
    ticks = heard[-1].said[TICK] - heard[0].said[TICK]
    rate = ticks / (heard[-1].at_s - heard[0].at_s)
    assert rate == pytest.approx(30, rel=0.01)
    assert len(heard) == ticks + 1  # none was left out
