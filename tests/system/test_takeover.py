"""Game workers are killed and stopped while people play: the game goes on, and so do the people."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from tests.system.client import GENERATION, TICK, Client
from tests.system.conftest import two
from tests.system.server import Server, eventually, serving

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def owner(server: Server, game: str) -> str:
    return server.redis.hget(f"igym:{{pair}}:game:{game}", "owner").decode()


def worker(server: Server, name: str):
    (found,) = [p for p in server.children("workers games") if name in p.cmdline()]
    return found


def went_on(people: tuple[Client, ...], marks: list[int], since_s: float) -> list[float]:
    """Seconds until each of them saw a frame of the next generation."""
    took = []
    for one, mark in zip(people, marks, strict=True):
        one.wait("frame", lambda f: f[GENERATION] == 2, since=mark, within_s=20)
        first = next(h for h in one.heard[mark:] if h.event == "frame" and h.said[GENERATION] == 2)
        took.append(first.at_s - since_s)
    return took


def finish(server: Server, people: tuple[Client, ...]) -> pd.DataFrame:
    """Play to the end; the ticks of their game."""
    game = people[0].game["game"]
    people[0].wait_frames(30)
    people[0].press(" ")
    for one in people:
        one.wait("state", lambda s: s["scene"] == "after")
    tables = server.tables("pair")
    eventually(lambda: [*(tables / "ticks").glob(f"{game}-*")], within_s=30, what="its ticks")
    ticks = pd.read_parquet(tables / "ticks")
    return ticks[ticks.game_id == game]


def assert_whole(ticks: pd.DataFrame) -> None:
    for seat in ("a", "b"):
        mine = list(ticks[ticks.seat == seat].tick)
        assert sorted(mine) == list(range(len(mine))), "a tick is missing or twice"


@pytest.mark.parametrize("how", ["kill", "terminate", "suspend"])
def test_a_game_goes_on_in_another_worker_with_the_same_people(how, record_property):
    with serving("pair", WEB="2", GAMES="2") as server:
        people = two(server)
        ann, bob = people
        with ann, bob:
            ann.wait_frames(60)
            game = ann.game["game"]
            first = owner(server, game)
            victim = worker(server, first)
            marks, before = [one.mark() for one in people], ann.seen
            began_s = time.monotonic()
            # "suspend" stops it without a word, as a machine that hangs: it comes back as a zombie
            getattr(victim, how)()
            took = went_on(people, marks, began_s)
            record_property(f"{how}_s", max(took))
            print(f"{how}: frames after {max(took):.2f} s")
            assert max(took) < (12 if how == "suspend" else 5)
            if how == "suspend" and victim.is_running():
                victim.resume()
            assert owner(server, game) != first
            # they see it at most a flush back, and never a frame of the old generation again
            at = next(f[TICK] for f in ann.all("frame", marks[0]) if f[GENERATION] == 2)
            assert before - 10 <= at
            newer = [f[GENERATION] for f in ann.all("frame", marks[0])]
            ticks = finish(server, people)
            assert_whole(ticks)
            assert set(ticks.generation) == {1, 2}
            assert sorted(newer) == newer or how == "suspend"
