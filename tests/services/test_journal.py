"""The log of a live game is written beside the play, and never far behind it."""

from __future__ import annotations

import itertools
import time

import pytest

from igym.services.games.snapshots import Snapshots
from igym.store import games
from tests.services.conftest import Lab
from tests.services.test_playing import assert_whole, tables
from tests.services.test_recovering import planned

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow

MOST = 6  # ticks of 120 a second that 50 ms are


@pytest.fixture
def lab(lab: Lab) -> Lab:
    """The lab, in which a crash may cost six ticks."""
    lab.may_lose(50)
    return lab


@pytest.fixture
def unwritten(lab: Lab, monkeypatch) -> list[tuple[float, int]]:
    """At each step of the first episode: when, and how many steps before it are not in the log."""
    seen: list[tuple[float, int]] = []
    whole = lab.env.step

    def step(self, actions):
        if self.resets == 1:
            game = next(iter(lab.host.stages.values())).game
            logged = games.read(lab.deployment.redis, "counters", game.id).logged
            seen.append((time.monotonic(), self.steps - logged))
        return whole(self, actions)

    monkeypatch.setattr(lab.env, "step", step)
    monkeypatch.setattr(lab.env, "length", 40)
    return seen


def at_step(lab: Lab, seen: list, step: int, act) -> None:
    """Act once, when that step was taken."""
    done = []

    def meanwhile():
        if len(seen) == step and not done:
            done.append(act())

    lab.clock.meanwhile = meanwhile


def test_play_goes_on_beside_the_log_for_as_many_ticks_as_a_crash_may_cost(lab, unwritten):
    redis, game = lab.deployment.redis, lab.pair()
    lab.connect(game, "left", "right")
    at_step(lab, unwritten, 12, lambda: redis.client_pause(400, all=False))  # of what writes

    assert lab.play(game) == "finished"

    assert max(behind for _, behind in unwritten) == MOST - 1  # and the step that is being taken
    longest_s, at = max(
        (later - before, n)
        for n, ((before, _), (later, _)) in enumerate(itertools.pairwise(unwritten))
    )
    assert longest_s > 0.3  # it stood still, once it had gone on for as long as it may
    assert unwritten[at][1] == MOST - 1
    data = tables(lab)
    assert_whole(data)
    assert len(data["ticks"]) == 2 * 2 * 40


def test_a_flush_whose_answer_is_lost_is_said_again_and_written_once(lab, unwritten):
    redis, game = lab.deployment.redis, lab.pair()
    lab.connect(game, "left", "right")

    def cut():
        """All connections, with what is on its way."""
        redis.client_pause(300, all=False)
        later = lab.clock.now() + 0.1

        def meanwhile():
            if lab.clock.now() > later:
                lab.clock.meanwhile = lambda: None
                redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

        lab.clock.meanwhile = meanwhile

    at_step(lab, unwritten, 12, cut)

    assert lab.play(game) == "finished"

    data = tables(lab)
    assert_whole(data)
    assert [t["tick"] for t in data["ticks"] if t["seat"] == "left"] == [*range(40), *range(40)]


def test_a_game_that_is_anothers_ends_with_what_is_on_its_way(lab, unwritten):
    redis, game = lab.deployment.redis, lab.pair()
    lab.connect(game, "left", "right")
    record = f"igym:{{counters}}:game:{game.id}"
    at_step(lab, unwritten, 12, lambda: redis.hset(record, "generation", "2"))

    assert lab.play(game) == ""

    written = games.read(redis, "counters", game.id).logged
    assert len(unwritten) <= 12 + 2 * MOST
    assert written <= 12 and games.read(redis, "counters", game.id).phase == "live"


@pytest.mark.parametrize(("seed", "first"), [(240 * 7, None), (240 * 7 + 220, 20)])
def test_games_that_began_together_are_saved_one_after_the_other(
    lab, unwritten, monkeypatch, seed, first
):
    planned(lab, recovery="pickle", tick_ms=100.0)  # dear to replay: saved every 2 s, 240 ticks
    saved = []
    monkeypatch.setattr(Snapshots, "save", lambda self, episode, ticks, *_: saved.append(ticks))
    game = lab.pair()
    lab.deployment.redis.hset(f"igym:{{counters}}:game:{game.id}", "seed", str(seed))
    lab.connect(game, "left", "right")

    assert lab.play(game) == "finished"

    if first is None:
        assert saved == []
    else:
        assert first <= saved[0] < first + MOST and len(saved) == 2  # once in each episode
