"""Callbacks about people are told everything, in order and once, and what they record is kept."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict

import pytest

from igym.domain.callbacks import Callback, about_people
from igym.domain.happenings import PEOPLE
from igym.services.data import archiving
from igym.services.functions import asking, callee, happening
from igym.services.functions.asking import Answer
from igym.services.sessions import advancing
from igym.store import packages, records
from tests.services.test_playing import assert_whole, tables
from tests.services.test_rounds import designed

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow


class Diary(Callback):
    """Records every call, and what it knows of it."""


def _hook(name: str):
    def hook(self, at):
        at.record(name, [at.scene, at.outcome, dict(at.answers)])

    return hook


for _name in PEOPLE:
    setattr(Diary, _name, _hook(_name))


@pytest.fixture
def told(lab, monkeypatch):
    """Callbacks in this process, asked as the checks worker would; told() brings it all about."""
    plans = lab.deployment.plans._plans
    (key,) = plans
    plans[key] = dataclasses.replace(plans[key], hooks=about_people([Diary]))
    packages.put_plan(lab.deployment.redis, plans[key])
    experiment = lab.host._load(lab.deployment, key[1]).experiment
    object.__setattr__(experiment, "callbacks", (Diary,))
    monkeypatch.setattr(callee._Told, "_made", None)
    answers: dict[str, Answer] = {}
    lost: list[int] = []

    def ask(deployment, name, package, what, arguments, limit_s):
        tell = callee.function(experiment, what)
        plain = json.loads(json.dumps(arguments))
        answers[str(len(answers))] = (
            Answer(error="nobody answered", lost=True) if lost and lost.pop() else
            Answer(json.loads(callee.answer(lambda: tell(*plain)))["value"])
        )  # fmt: skip
        return str(len(answers) - 1)

    monkeypatch.setattr(asking, "ask", ask)
    monkeypatch.setattr(asking, "answer", lambda deployment, name, question: answers[question])

    def tell() -> dict[str, list[tuple[str, list]]]:
        while archiving.archive_all(lab.deployment):
            pass
        for _ in range(8):
            happening.tell_all(lab.deployment)
        data = tables(lab)
        assert_whole(data)
        said = defaultdict(list)
        rows = [e for e in data["events"] if e["kind"] == "recorded" and e["session_id"]]
        for row in rows:
            detail = json.loads(row["detail"])
            assert detail["name"] == detail["hook"]
            said[row["session_id"]].append((detail["name"], detail["value"]))
        return said

    tell.lost = lost
    return tell


def test_a_session_is_told_from_arrival_to_the_end(lab, told):
    designed(lab, episodes=1)
    game = lab.pair()
    lab.connect(game, "left", "right")
    lab.play(game)
    said = told()
    first, second = ([(n, v[0], v[1]) for n, v in said[s]] for s in _in_order(lab, game))
    whole = [
        ("on_joined", "", ""),
        ("on_advanced", "consent", ""),
        ("on_advanced", "about", ""),
        ("on_form_submitted", "about", ""),
        ("on_advanced", "count", ""),
        ("on_waitroom_start", "count", ""),
        ("on_waitroom_join", "count", ""),
        ("on_waitroom_end", "count", "matched"),
        ("on_advanced", "thanks", ""),
        ("on_finished", "", "complete"),
    ]
    assert first == whole
    assert second == [one for one in whole if one[0] != "on_waitroom_start"]
    (answers,) = [v[2] for n, v in said[game.seats["left"]] if n == "on_form_submitted"]
    assert answers == {"age": 30, "why": "for science"}


def _in_order(lab, game) -> list[str]:
    return sorted(game.seats.values(), key=lambda id: lab.read(id).started_ms)


def test_who_waits_in_vain_and_who_drops_are_told(lab, told):
    session = lab.to_lobby()
    plan = lab.deployment.plans.get("counters", session.package)
    row = advancing.ticket_row(
        session.id, session.visit, session.scene, session.entered_ms, ended_ms=1.0, end="timed_out"
    )
    advancing.enter(lab.deployment, session, plan.scenes[-1], [row], outcome="no_partner")
    game = lab.pair()
    lab.connect(game, "left")  # the other one never comes
    assert lab.play(game) == "abandoned"
    said = told()
    assert [(n, v[1]) for n, v in said[session.id]][-4:] == [
        ("on_waitroom_timeout", "timed_out"), ("on_waitroom_end", "timed_out"),
        ("on_advanced", ""), ("on_finished", "no_partner"),
    ]  # fmt: skip
    assert [n for n, _ in said[game.seats["right"]]][-1] == "on_finished"


def test_what_is_told_again_is_recorded_once(lab, told, monkeypatch):
    lab.to_lobby()
    redis = lab.deployment.redis
    monkeypatch.setattr(records, "archived", lambda *args: None)  # the archiver dies before that
    archiving.archive_all(lab.deployment)
    archiving.archive_all(lab.deployment)
    monkeypatch.undo()
    # A checks worker that dies with the question: it is asked again.
    assert redis.exists("igym:{counters}:happenings:1")


def test_a_lost_question_is_asked_again_and_nothing_is_told_twice(lab, told):
    told.lost += [False, True, True]
    session = lab.to_lobby()
    names = [name for name, _ in told()[session.id]]
    assert names.count("on_joined") == 1 and names.count("on_waitroom_join") == 1


def test_a_callback_that_raises_is_told_with_its_participant_and_the_others_go_on(
    lab, told, monkeypatch
):
    def fails(self, at):
        raise KeyError("cook")

    monkeypatch.setattr(Diary, "on_advanced", fails)
    session = lab.to_lobby()
    names = [name for name, _ in told()[session.id]]
    assert "on_form_submitted" in names and "on_advanced" not in names
    problems = records.problems(lab.deployment.redis)
    assert "Diary.on_advanced: KeyError: 'cook'" in problems[0]["message"]
    assert f"participant {session.id}" in problems[0]["where"]


def test_nothing_is_noted_for_an_experiment_without_such_callbacks(lab):
    lab.to_lobby()
    archiving.archive_all(lab.deployment)
    assert not lab.deployment.redis.keys("igym:{counters}:happenings:*")
