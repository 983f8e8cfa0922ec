"""Practice, gates, and what people are told of them, in whole games on a real Redis."""

from __future__ import annotations

import pytest

from igym.domain.experiment import Finish
from igym.domain.participant import Phase
from igym.domain.rounds import Result, scored
from igym.services.functions.answering import Answerer
from igym.services.functions.asking import Answer
from igym.services.games import consulting
from igym.services.games.consulting import Consultant
from igym.store import games, jobs
from igym.wire import inner, unpack
from tests.services.conftest import Lab
from tests.services.test_playing import assert_whole, tables
from tests.services.test_recovering import kill_at, planned, reaped, second

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow


def designed(lab: Lab, **changes: object) -> None:
    """The scene of the package, with other values of these fields of `Play`."""
    package = next(iter(lab.deployment.plans._plans))[1]
    scene = lab.host._load(lab.deployment, package).experiment.scene("count")
    for name, value in changes.items():
        object.__setattr__(scene, name, value)
    plan = {name: changes[name] for name in ("practice", "episodes") if name in changes}
    if "until" in changes:
        plan |= {"gate": changes["until"] is not None, "never": scene.never.outcome}
    planned(lab, **plan)


def told(lab: Lab, stage: str) -> list[tuple[bool, int, int]]:
    """What the left seat was told at that stage: practice, round, of."""
    said = []
    for _, one in lab.outbox.said:
        if isinstance(one, inner.Deliver) and one.what == inner.CONTROL and 1 in one.conns:
            name, about = unpack(one.packet)["data"]
            if name == "episode" and about["stage"] == stage:
                said.append((about["practice"], about["round"], about["rounds"]))
    return said


def test_practice_is_flagged_in_every_row_and_not_in_the_scores(lab):
    designed(lab, practice=1, episodes=2)
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"

    assert games.read(lab.deployment.redis, "counters", game.id).scores == {
        "left": 10.0, "right": 10.0,
    }  # fmt: skip
    assert told(lab, "countdown") == [(True, 1, 1), (False, 1, 2), (False, 2, 2)]
    data = tables(lab)
    assert_whole(data)
    flagged = {e["episode_id"]: e["practice"] for e in data["episodes"]}
    assert sorted(flagged.values()) == [False, False, True]
    assert {(t["episode_id"], t["practice"]) for t in data["ticks"]} == set(flagged.items())


def test_a_gate_that_is_reached_ends_the_practice_and_one_that_is_not_ends_the_session(lab):
    designed(lab, practice=3, episodes=1, until=scored(5, times=2))
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    assert told(lab, "countdown") == [(True, 1, 0), (True, 2, 0), (False, 1, 1)]

    designed(lab, practice=2, until=scored(6), never=Finish("not_reached"))
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "unreached"
    assert {(p.phase, p.outcome) for p in lab.people(game).values()} == {
        (Phase.ENDED, "not_reached")
    }
    data = tables(lab)
    assert_whole(data)
    assert {g["game_id"]: g["outcome"] for g in data["games"]}[game.id] == "unreached"


def test_a_gate_that_was_reached_is_still_reached_in_the_next_generation(lab):
    designed(lab, practice=3, episodes=1, until=scored(5, times=2))
    game = lab.pair()
    lab.connect(game, "left", "right")
    kill_at(lab, lab.host, game, 23)  # in the third episode, the first that counts
    reaped(lab)

    assert second(lab).play("counters", game.id, 2) == "finished"
    data = tables(lab)
    assert [e["practice"] for e in sorted(data["episodes"], key=lambda e: e["episode"])] == [
        True, True, False,
    ]  # fmt: skip
    assert games.read(lab.deployment.redis, "counters", game.id).scores["left"] == 5.0


def test_a_gate_of_the_authors_is_asked_with_the_results_and_one_that_fails_stays_closed(
    lab, monkeypatch
):
    seen = []

    def ask(self, what, results):
        seen.append((what, [(r.practice, r.steps, r.scores["left"]) for r in results]))
        return Answer(error="KeyError: 'cook'") if len(results) < 2 else Answer(True)

    monkeypatch.setattr(Consultant, "ask", ask)
    designed(lab, practice=4, episodes=1, until=lambda results: True)
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    (warm,) = jobs._queue(lab.deployment.redis, jobs.CHECKS).get_jobs()
    assert warm.args[3] == "ready"  # before the first episode, so that the package is loaded then
    one = (True, 10, 5.0)
    assert seen == [("until:count", [one]), ("until:count", [one, one])]
    failed = [e for e in tables(lab)["events"] if e["kind"] == "function_failed"]
    assert [(e["game_id"], e["detail"]) for e in failed] == [
        (game.id, "until of scene count, after episode 0, tick 10: KeyError: 'cook'")
    ]


def test_a_function_of_results_runs_in_the_checks_worker_and_a_hung_one_is_given_up(
    lab, monkeypatch
):
    """Through RQ's queue and back: what the game worker asks is what the author's function gets."""
    monkeypatch.setattr(consulting, "LIMIT_S", 0.5)
    game = lab.pair()
    root = lab.deployment.package_root(game.package)
    source = (root / "experiment.py").read_text()
    gate = (
        "def gate(results):\n"
        "    assert results[0].scores['left'] == 5 and results[0].people == ('left', 'right')\n"
        "    while len(results) == 2:\n        pass\n"
        "    return len(results) == 3\n\n"
    )
    source = source.replace("experiment =", gate + "experiment =")
    (root / "experiment.py").write_text(source.replace("fps=120,", "fps=120, until=gate,"))
    answerer = Answerer(lab.deployment)

    def answer() -> None:
        queue = jobs._queue(lab.deployment.redis, jobs.CHECKS)
        for job in queue.get_jobs():
            queue.remove(job.id)
            answerer.answer(*job.args)

    scores = {"left": 5.0, "right": 5.0}
    made = [Result(n, True, 10, scores, ("left", "right")) for n in range(3)]
    consultant = Consultant(lab.deployment, game, lambda act: act(), lambda seconds: answer())
    try:
        said = [consultant.ask("ready", [])]
        said += [consultant.ask("until:count", made[: n + 1]) for n in range(3)]
    finally:
        answerer.close()
    assert [one.value for one in said] == [True, False, None, True]
    assert [one.error for one in said] == ["", "", "took longer than 0.5 s", ""]
