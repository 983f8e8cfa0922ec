"""A game whose worker dies goes on elsewhere: no tick twice, none missing, nobody sent away."""

from __future__ import annotations

import dataclasses

import pytest

from igym.domain.plan import PlayPlan
from igym.engine.replay import Story
from igym.services.games import finishing, playing, reaping, stage
from igym.services.games.snapshots import Snapshots
from igym.services.packages.loading import load_stored
from igym.store import games, jobs, lease
from igym.wire import inner
from igym.wire.record import decode_chunk
from tests.services.conftest import Lab, Now
from tests.services.test_playing import assert_whole, tables

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow


class Killed(BaseException):
    """As SIGKILL: nothing below the loop may notice."""


@pytest.fixture
def lab(lab: Lab) -> Lab:
    """The lab, with a log that is flushed at every second tick."""
    lab.may_lose(20)
    return lab


def second(lab: Lab, name: str = "games-2") -> playing.GameHost:
    """Another worker."""
    return playing.GameHost(lab.deployment, name, lab.outbox, lab.clock, Now, load_stored)


def planned(lab: Lab, **changes: object) -> None:
    """The scene's plan with other findings of the compiler."""
    plans = lab.deployment.plans._plans
    for key, plan in plans.items():
        scenes = tuple(
            dataclasses.replace(scene, play=dataclasses.replace(scene.play, **changes))
            if scene.play
            else scene
            for scene in plan.scenes
        )
        plans[key] = dataclasses.replace(plan, scenes=scenes)


def kill_at(lab: Lab, host: playing.GameHost, game, steps: int) -> None:
    """Run the game and kill its worker at that step, counted over all episodes."""
    whole, left = lab.env.step, iter(range(steps))

    def step(self, actions):
        if next(left, None) is None:
            raise Killed
        return whole(self, actions)

    lab.env.step = step
    now = games.read(lab.deployment.redis, "counters", game.id)
    try:
        with pytest.raises(Killed):
            host.play("counters", game.id, now.generation)
    finally:
        lab.env.step = whole


def reaped(lab: Lab, owner: str = "games-1") -> int:
    lease.gone(lab.deployment.redis, owner)
    return reaping.Reaper(lab.deployment, lab.outbox).whole()


def events(data: dict[str, list[dict]]) -> list[str]:
    return [e["kind"] for e in data["events"] if e["kind"].startswith("game_")]


@pytest.mark.parametrize("recovery", ["replay", "pickle"])
@pytest.mark.parametrize("steps", [0, 1, 3, 7, 10, 12, 19])
def test_a_game_goes_on_at_its_last_logged_tick_wherever_its_worker_died(lab, recovery, steps):
    planned(lab, recovery=recovery)
    game = lab.pair()
    lab.connect(game, "left", "right")
    kill_at(lab, lab.host, game, steps)
    before = games.read(lab.deployment.redis, "counters", game.id)
    assert reaped(lab) == 1
    assert games.read(lab.deployment.redis, "counters", game.id).generation == 2

    assert second(lab).play("counters", game.id, 2) == "finished"

    assert {p.outcome for p in lab.people(game).values()} == {"complete"}
    data = tables(lab)
    assert_whole(data)
    assert len(data["ticks"]) == 2 * 2 * 10
    assert {e["partial"] for e in data["episodes"]} == {False}
    assert data["games"][0]["generation"] == 2
    told = events(data)
    assert told[0] == "game_taken"
    if before.logged and before.episode == f"{game.id}-{before.done:03d}":
        assert told[1:] in (["game_replayed"], ["game_loaded"])
    generations = {(t["episode_id"], t["tick"]): t["generation"] for t in data["ticks"]}
    assert sum(g == 1 for g in generations.values()) == before.done * 10 + (
        before.logged if before.episode == f"{game.id}-{before.done:03d}" else 0
    )


def test_the_state_after_replay_is_the_state_that_was_logged(lab, monkeypatch):
    monkeypatch.setattr(lab.env, "length", 200)
    planned(lab, recovery="replay")
    game = lab.pair()
    lab.connect(game, "left", "right")
    holds = iter(range(1, 10**6))

    def meanwhile():
        if game.id in lab.host.stages:
            n = next(holds)
            lab.press(game, "left", n, n % 4)
            lab.press(game, "right", n, (n // 3) % 4)

    lab.clock.meanwhile = meanwhile
    kill_at(lab, lab.host, game, 43)
    redis = lab.deployment.redis
    at = games.read(redis, "counters", game.id)
    chunks = [decode_chunk(raw) for raw in games.log(redis, "counters", at.episode)]
    story = Story.of(chunks)
    assert at.logged == len(story.ticks) > 20 and len(story.digests) == len(chunks)

    # When another worker has replayed the log
    reaped(lab)
    host = second(lab)
    seen = []
    begin = stage.Stage.begin

    def look(self, *args):
        begin(self, *args)
        seen.append((self.journal.steps, self.journal._sim.digest()))

    monkeypatch.setattr(stage.Stage, "begin", look)
    assert host.play("counters", game.id, 2) == "finished"
    # Then it stands exactly there
    assert seen[0] == (at.logged, story.digests[at.logged])


def test_an_environment_that_cannot_be_brought_back_begins_its_episode_anew_and_says_so(lab):
    planned(lab, recovery="restart", deterministic=False)
    game = lab.pair()
    lab.connect(game, "left", "right")
    kill_at(lab, lab.host, game, 8)
    assert games.read(lab.deployment.redis, "counters", game.id).logged >= 1
    reaped(lab)
    assert second(lab).play("counters", game.id, 2) == "finished"

    data = tables(lab)
    assert_whole(data)
    ids = {e["episode_id"].removeprefix(f"{game.id}-"): e for e in data["episodes"]}
    assert sorted(ids) == ["000", "000.1", "001"]
    assert (ids["000"]["partial"], ids["000.1"]["partial"]) == (True, False)
    assert (ids["000"]["attempt"], ids["000.1"]["attempt"], ids["001"]["attempt"]) == (0, 1, 0)
    assert events(data) == ["game_taken", "game_restarted"]
    cut = [t for t in data["ticks"] if t["episode_id"] == f"{game.id}-000"]
    assert 0 < len(cut) < 20
    assert len([t for t in data["ticks"] if t["episode_id"] == f"{game.id}-000.1"]) == 20


def test_an_environment_that_only_a_snapshot_brings_back_goes_on_at_the_tick(lab):
    planned(lab, recovery="pickle", deterministic=False)
    game = lab.pair()
    lab.connect(game, "left", "right")
    kill_at(lab, lab.host, game, 7)
    at = games.read(lab.deployment.redis, "counters", game.id)
    assert at.logged in Snapshots(lab.deployment.data, game.id, "pickle").ticks(at.episode)
    reaped(lab)
    assert second(lab).play("counters", game.id, 2) == "finished"

    data = tables(lab)
    assert events(data) == ["game_taken", "game_loaded"]
    assert len(data["ticks"]) == 2 * 2 * 10
    assert not list((lab.deployment.data / "run" / "games").glob("*"))


def test_what_was_saved_last_is_kept_though_it_lies_before_what_an_earlier_worker_saved(tmp_path):
    class Saved:
        def save(self, how):
            return b""

    for ticks in (100, 200):
        Snapshots(tmp_path, "g", "pickle").save("g-0.0", ticks, Saved(), [])
    again = Snapshots(tmp_path, "g", "pickle")  # went on from tick 100
    again.save("g-0.0", 130, Saved(), [])
    assert 130 in again.ticks("g-0.0") and len(again.ticks("g-0.0")) == 2
    again.save("g-0.0", 160, Saved(), [])
    assert again.ticks("g-0.0") == [160, 130]


def test_a_snapshot_that_is_damaged_costs_a_longer_replay(lab):
    planned(lab, recovery="pickle", deterministic=False)  # so that every flush is saved
    game = lab.pair()
    lab.connect(game, "left", "right")
    kill_at(lab, lab.host, game, 7)
    planned(lab, recovery="pickle", deterministic=True)
    for file in (lab.deployment.data / "run" / "games").iterdir():
        file.write_bytes(b"\x80\x05 torn")
    reaped(lab)
    assert second(lab).play("counters", game.id, 2) == "finished"
    assert events(tables(lab)) == ["game_taken", "game_replayed"]


def test_a_game_that_takes_every_worker_with_it_is_given_up(lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    host, name = lab.host, "games-1"
    for n in range(2, 10):
        lab.deployment.redis.delete("rq:queue:games-again")
        kill_at(lab, host, game, 0)
        reaped(lab, name)
        name = f"games-{n}"
        host = second(lab, name)
        if games.read(lab.deployment.redis, "counters", game.id).fruitless >= 3:
            break
    reaping.Reaper(lab.deployment, lab.outbox).whole()
    assert {(p.outcome, p.code) for p in lab.people(game).values()} == {
        ("technical_problem", "CODE-TECH")
    }
    assert tables(lab)["games"][0]["outcome"] == "lost"


def test_of_two_who_find_the_worker_dead_one_takes_the_game(lab):
    game = lab.pair()
    redis = lab.deployment.redis
    games.claim(redis, "counters", game.id, 1, "games-1", 1.0)
    here = games.read(redis, "counters", game.id)
    made = [finishing.take_over(lab.deployment, here, "games-1", "dead") for _ in range(2)]
    assert made == [2, 0]
    assert (game.id, 2) in jobs.waiting(redis)
    assert redis.llen("rq:queue:games-again") == 1


def test_being_handed_over_again_and_again_is_nobodys_failure(lab):
    """As when every worker is restarted while a game is paused: no tick lies between."""
    game = lab.pair()
    redis = lab.deployment.redis
    for generation in range(1, 8):
        owner = f"games-{generation}"
        games.claim(redis, "counters", game.id, generation, owner, 1.0)
        here = games.read(redis, "counters", game.id)
        assert finishing.take_over(lab.deployment, here, owner, "stopped", given=True)
    assert games.read(redis, "counters", game.id).fruitless == 0
    assert (game.id, 8) in jobs.waiting(redis)


def test_a_worker_that_is_told_to_stop_hands_its_games_over_without_losing_a_tick(lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    left = iter(range(9))

    def meanwhile():
        if next(left, None) is None:
            lab.clock.meanwhile = lambda: None
            lab.host.leave()
            lab.host.hand_over()

    lab.clock.meanwhile = meanwhile
    assert lab.play(game) == ""
    fresh = games.read(lab.deployment.redis, "counters", game.id)
    assert (fresh.generation, fresh.owner, fresh.phase) == (2, "", "offered")
    offers = lab.deployment.redis.llen("rq:queue:games-again")
    assert lab.host.play("counters", game.id, 2) == "", "its own offer came back to it"
    assert lab.deployment.redis.llen("rq:queue:games-again") == offers + 1
    assert second(lab).play("counters", game.id, 2) == "finished"
    data = tables(lab)
    assert len(data["ticks"]) == 2 * 2 * 10


def test_a_browser_is_told_the_new_owner_and_gets_a_keyframe_of_the_new_generation(lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    kill_at(lab, lab.host, game, 6)
    reaped(lab)
    lab.outbox.said.clear()
    second(lab).play("counters", game.id, 2)

    owned = [s for _, s in lab.outbox.said if isinstance(s, inner.Owned)]
    assert {(o.seat, o.worker, o.generation) for o in owned} == {
        ("left", "games-2", 2), ("right", "games-2", 2),
    }  # fmt: skip
    assert any(
        isinstance(s, inner.Deliver) and s.what == inner.KEYFRAME for _, s in lab.outbox.said
    )


def test_the_plan_of_a_compiled_scene_knows_how_it_recovers(compiled):
    play: PlayPlan = next(scene.play for scene in compiled.scenes if scene.play)
    assert (play.recovery, play.deterministic) == ("pickle", True)
