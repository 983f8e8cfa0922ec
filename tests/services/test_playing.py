"""A game in this process, from two arrivals to Parquet: what people did is what is in the files."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from threading import Timer

import pyarrow.parquet as pq
import pytest

from igym.archive.tables import TABLES
from igym.domain import seeds
from igym.domain.outcome import GameOutcome
from igym.domain.participant import Phase
from igym.services.data import archiving
from igym.services.games import finishing, reaping
from igym.services.lobby import seating
from igym.store import games, jobs, records, sockets
from igym.store.games import episode_id
from igym.wire import inner

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow


def tables(lab) -> dict[str, list[dict]]:
    """Everything archived, by table."""
    while archiving.archive_all(lab.deployment):
        pass
    root = lab.deployment.data / "counters" / "1"
    found = {}
    for name, table in TABLES.items():
        rows = []
        for file in sorted((root / name).glob("*.parquet")):
            content = pq.read_table(file)
            assert [(f.name, f.metadata) for f in content.schema] == [
                (f.name, f.metadata) for f in table.schema
            ], f"{file} is not as the codebook says"
            rows += content.to_pylist()
        found[name] = rows
    return found


def assert_whole(data: dict[str, list[dict]]) -> None:
    """No key twice, and nothing that points to what is not there."""
    for name, table in TABLES.items():
        keys = [tuple(row[c] for c in table.key) for row in data[name]]
        assert len(keys) == len(set(keys)), f"a key of {name} twice"
        for columns, target in table.foreign.items():
            mine = columns.split(",")
            there = {tuple(row[c] for c in mine) for row in data[target]}
            for row in data[name]:
                pointer = tuple(row[c] for c in mine)
                assert None in pointer or pointer in there, f"{name} {row} points nowhere"


def test_a_whole_study_of_two_ends_in_data_without_gap_or_duplicate(lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    holding = iter([(1, 1), (2, 1), (3, 2)])

    def meanwhile():
        for seat in ("left", "right"):
            if game.id in lab.host.stages and (said := next(holding, None)):
                count, held = said
                lab.press(game, seat, count, held, (0, True, 100.0 + count))

    lab.clock.meanwhile = meanwhile
    assert lab.play(game) == "finished"

    people = lab.people(game)
    assert {(p.phase, p.outcome, p.code) for p in people.values()} == {
        (Phase.ENDED, "complete", "CODE-COMPLETE")
    }
    data = tables(lab)
    assert_whole(data)
    assert [len(data[name]) for name in ("participants", "sessions", "games", "matches")] == [
        2, 2, 1, 1,
    ]  # fmt: skip
    assert sorted(row["item"] for row in data["answers"]) == ["age", "age", "why", "why"]
    assert {(v["scene"], v["left_ms"] is None) for v in data["visits"]} == {
        ("consent", False), ("about", False), ("count", False), ("thanks", True),
    }  # fmt: skip
    assert {(t["end"], t["game_id"]) for t in data["tickets"]} == {("matched", game.id)}
    assert {s["seat"]: s["session_id"] for s in data["seats"]} == game.seats
    assert {(s["outcome"], s["code"]) for s in data["sessions"]} == {("complete", "CODE-COMPLETE")}
    assert data["games"][0]["outcome"] == "finished" and data["games"][0]["seed"] == game.seed

    assert len(data["ticks"]) == 2 * 2 * 10
    for number, episode in enumerate(sorted(data["episodes"], key=lambda e: e["episode"])):
        told = [t for t in data["ticks"] if t["episode_id"] == episode["episode_id"]]
        assert [(t["tick"], t["seat"]) for t in told] == [
            (n, seat) for n in range(10) for seat in ("left", "right")
        ]
        assert [t["terminated"] for t in told] == [False] * 18 + [True] * 2
        assert (episode["steps"], episode["terminated"], episode["partial"]) == (10, True, False)
        assert episode["episode"] == number
        assert episode["seed"] == seeds.derive(game.seed, "episode", number)
    assert {(t["reward"], t["actor"], t["generation"]) for t in data["ticks"]} == {
        (0.5, "human", 1)
    }
    assert {1} <= {t["action"] for t in data["ticks"]}
    assert len(data["inputs"]) == 3 and {i["key"] for i in data["inputs"]} == {"a"}


def test_a_reward_that_is_no_number_is_in_the_data_and_in_nobodys_score(lab, monkeypatch):
    whole = lab.env.step

    def step(self, actions):
        seen, rewards, *rest = whole(self, actions)
        wrong = {3: math.nan, 4: math.inf}.get(self.steps)
        return seen, rewards if wrong is None else dict.fromkeys(rewards, wrong), *rest

    monkeypatch.setattr(lab.env, "step", step)
    game = lab.pair()
    lab.connect(game, "left", "right")

    assert lab.play(game) == "finished"

    assert games.read(lab.deployment.redis, "counters", game.id).scores == {"left": 8, "right": 8}
    given = [t["reward"] for t in tables(lab)["ticks"] if t["seat"] == "left"]
    assert math.isnan(given[2]) and given[3] == math.inf and len(given) == 20


def test_archiving_again_changes_no_file(lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    lab.play(game)
    first = tables(lab)
    files = {p: p.read_bytes() for p in lab.deployment.data.rglob("*.parquet")}

    assert archiving.archive_all(lab.deployment) == 0
    assert tables(lab) == first
    assert {p: p.read_bytes() for p in lab.deployment.data.rglob("*.parquet")} == files
    assert games.log(lab.deployment.redis, "counters", episode_id(game.id, 0)) == []


def at_step(lab, monkeypatch, step: int, act) -> None:
    """Do that once, in that step of an episode. Not by the clock: a busy machine skips waits."""
    whole, done = lab.env.step, []

    def stepped(self, actions):
        if self.steps == step and not done:
            done.append(act())
        return whole(self, actions)

    monkeypatch.setattr(lab.env, "step", stepped)


def failed(lab, game) -> dict[str, list[dict]]:
    """A game whose environment raises, and what everybody is told."""
    lab.connect(game, "left", "right")
    assert lab.play(game) == "failed"
    assert {(p.phase, p.outcome, p.code) for p in lab.people(game).values()} == {
        (Phase.ENDED, "technical_problem", "CODE-TECH")
    }
    data = tables(lab)
    assert_whole(data)
    assert data["games"][0]["outcome"] == "failed"
    assert [e["kind"] for e in data["events"]] == ["scene_failed"]
    return data


def test_an_environment_that_raises_at_step_7_leaves_rows_0_to_6_marked_partial(lab, monkeypatch):
    monkeypatch.setattr(lab.env, "fails_at", 7)
    game = lab.pair()
    data = failed(lab, game)

    assert [t["tick"] for t in data["ticks"]] == [n for n in range(7) for _ in range(2)]
    assert [(e["partial"], e["steps"], e["ended_ms"]) for e in data["episodes"]] == [
        (True, None, None)
    ]
    (problem,) = records.problems(lab.deployment.redis)
    assert problem["where"] == "scene count, episode 0, tick 7"
    assert problem["message"] == "ValueError: cannot count any further"
    assert "counters.py" in problem["trace"] and problem["game"] == game.id


@pytest.mark.parametrize("reset", [1, 2])
def test_an_environment_that_raises_in_reset_says_which_episode(lab, monkeypatch, reset):
    monkeypatch.setattr(lab.env, "fails_in_reset", reset)
    data = failed(lab, lab.pair())

    (problem,) = records.problems(lab.deployment.redis)
    assert problem["where"] == f"scene count, episode {reset - 1}, reset"
    assert len(data["ticks"]) == (reset - 1) * 20  # the episode before is whole
    assert [e["partial"] for e in data["episodes"]] == [False] * (reset - 1)


def test_an_environment_that_cannot_be_made_is_told_and_nobody_waits(lab, monkeypatch):
    def broken(self):
        raise OSError("no display")

    monkeypatch.setattr(lab.env, "__init__", broken)
    failed(lab, lab.pair())
    (problem,) = records.problems(lab.deployment.redis)
    assert problem["where"] == "scene count, making the environment"


def test_a_package_that_is_gone_from_the_volume_is_told_and_nobody_waits(lab):
    game = lab.pair()
    lab.deployment.package_root(game.package).rename(lab.deployment.data / "elsewhere")
    failed(lab, game)
    (problem,) = records.problems(lab.deployment.redis)
    assert "not on the data volume" in problem["message"]


def test_whoever_never_comes_ends_the_game_as_the_one_who_left(lab):
    game = lab.pair()
    lab.connect(game, "left")

    assert lab.play(game) == "abandoned"
    people = lab.people(game)
    assert (people["left"].outcome, people["left"].code) == ("partner_left", "CODE-PARTNER")
    assert (people["right"].outcome, people["right"].code) == ("left", "CODE-LEFT")


def test_whoever_is_away_for_longer_than_the_grace_ends_the_game_and_its_ticks_are_kept(
    lab, monkeypatch
):
    monkeypatch.setattr(lab.env, "length", 1_000)
    game = lab.pair()
    lab.connect(game, "left", "right")
    at_step(lab, monkeypatch, 11, lambda: lab.leave(game, "right"))
    assert lab.play(game) == "abandoned"
    assert {seat: p.outcome for seat, p in lab.people(game).items()} == {
        "left": "partner_left", "right": "left",
    }  # fmt: skip
    data = tables(lab)
    assert_whole(data)
    # The game held from the moment they left: nobody played on against a statue.
    assert [t["tick"] for t in data["ticks"] if t["seat"] == "left"] == list(range(12))
    assert {t["actor"] for t in data["ticks"]} == {"human"}


def test_whoever_comes_back_within_the_grace_plays_on_where_the_game_was(lab, monkeypatch):
    game = lab.pair()
    lab.connect(game, "left", "right")
    back = inner.Attach(game.id, "right", "web-2", 9)

    def leave():
        lab.leave(game, "right")
        Timer(0.1, lab.host.handle, [[back]]).start()

    at_step(lab, monkeypatch, 5, leave)
    assert lab.play(game) == "finished"
    data = tables(lab)
    assert_whole(data)
    assert len(data["ticks"]) == 2 * 2 * 10
    assert ("web-2", 9) in [
        (peer, said.conns[0])
        for peer, said in lab.outbox.said
        if isinstance(said, inner.Deliver) and said.what == inner.KEYFRAME
    ]


def test_a_game_is_played_once_however_often_it_is_asked_for(lab):
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert [lab.play(game), lab.play(game)] == ["finished", ""]


def test_a_worker_that_was_replaced_writes_nothing_more_and_moves_nobody(lab, monkeypatch):
    game = lab.pair()
    lab.connect(game, "left", "right")
    record = f"igym:{{counters}}:game:{game.id}"
    at_step(lab, monkeypatch, 5, lambda: lab.deployment.redis.hset(record, "generation", "2"))
    assert lab.play(game) == ""
    assert games.read(lab.deployment.redis, "counters", game.id).phase == "live"
    assert {p.phase for p in lab.people(game).values()} == {Phase.PLAYING}
    assert games.log(lab.deployment.redis, "counters", episode_id(game.id, 0)) == []


def test_a_game_that_no_worker_took_is_offered_again(lab):
    redis, game = lab.deployment.redis, lab.pair()
    assert (game.id, game.generation) in jobs.waiting(redis)
    redis.delete("rq:queue:games")
    redis.hset(f"igym:{{counters}}:game:{game.id}", "created_ms", "1")

    reaping.Reaper(lab.deployment, lab.outbox).whole()
    assert (game.id, game.generation) in jobs.waiting(redis)


def test_a_bound_game_that_no_worker_takes_is_given_up_and_told(lab):
    redis, game = lab.deployment.redis, lab.pair()
    record = f"igym:{{counters}}:game:{game.id}"
    # A shared one waits for as long as it takes: workers are busy, and will not be for ever.
    redis.hset(record, "created_ms", "1")
    reaping.Reaper(lab.deployment, lab.outbox).whole()
    assert games.read(redis, "counters", game.id).phase == "offered"

    redis.hset(record, "binding", f"counters/{game.package}")
    reaping.Reaper(lab.deployment, lab.outbox).whole()
    assert games.read(redis, "counters", game.id).outcome == "lost"
    assert {p.outcome for p in lab.people(game).values()} == {"technical_problem"}
    (problem,) = records.problems(redis)
    assert "No worker for this package has taken the game" in problem["message"]


def test_people_of_a_finished_game_are_not_told_it_was_lost(lab):
    redis, game = lab.deployment.redis, lab.pair()
    games.claim(redis, "counters", game.id, 1, "games-1", 1.0)
    stale = games.read(redis, "counters", game.id)
    assert games.end(redis, stale, "finished", [], now_ms=2.0)

    finishing.finish(lab.deployment, lab.outbox, stale, GameOutcome.LOST)
    assert {p.outcome for p in lab.people(game).values()} == {"complete"}


def test_whoever_waits_in_vain_goes_to_the_ending_with_its_code(lab):
    alone = lab.to_lobby()
    assert lab.match() == 0 and lab.read(alone).phase is Phase.WAITING

    time.sleep(3)  # the scene's own patience
    lab.match()
    assert (lab.read(alone).outcome, lab.read(alone).code) == ("no_partner", "CODE-NOBODY")
    data = tables(lab)
    assert [(t["end"], t["game_id"]) for t in data["tickets"]] == [("timed_out", None)]
    assert_whole(data)


def test_people_of_different_modes_never_meet(lab):
    lab.to_lobby(mode="live"), lab.to_lobby(mode="pilot")
    assert lab.match() == 0


def test_a_rehearsal_ends_its_games_after_its_seconds(lab, monkeypatch):
    monkeypatch.setattr(lab.env, "length", 1_000)
    for _ in range(2):
        lab.to_lobby(mode="rehearsal", max_seconds="0.25")
    lab.match()
    (id,) = games.open_games(lab.deployment.redis, "counters")
    game = games.read(lab.deployment.redis, "counters", id)
    lab.connect(game, "left", "right")

    assert lab.play(game) == "finished"
    (episode,) = tables(lab)["episodes"]
    assert (episode["steps"], episode["truncated"]) == (30, True)


def test_the_manifest_names_every_file_with_its_hash(lab):
    import hashlib

    game = lab.pair()
    lab.connect(game, "left", "right")
    lab.play(game)
    tables(lab)
    root: Path = lab.deployment.data / "counters" / "1"
    told = json.loads((root / "manifest.json").read_text())
    assert told == {
        file.relative_to(root).as_posix(): {
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "bytes": file.stat().st_size,
        }
        for kind in ("parquet", "jsonl", "json")
        for file in root.rglob(f"*.{kind}")
        if file.name != "manifest.json"
    }
    assert seating.new_game_id() != seating.new_game_id()


def test_nobody_is_seated_with_someone_who_has_closed_the_page(lab):
    redis = lab.deployment.redis
    ghost = lab.to_lobby()
    sockets.disconnect(redis, "counters", ghost.id, "web-1", 99)

    # Given somebody who left while they waited, the next two are seated together
    one, two = lab.to_lobby(), lab.to_lobby()
    assert lab.match() == 1
    assert lab.read(one).game == lab.read(two).game != ""

    # And whoever left has kept their place
    assert lab.read(ghost).phase == "waiting"
    sockets.connect(redis, "counters", ghost.id, "web-2", 1)
    lab.to_lobby()
    assert lab.match() == 1
    assert lab.read(ghost).phase == "playing"
