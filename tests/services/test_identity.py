"""A person has one session for each experiment, mode and wave, and waves have their order."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from igym.domain.experiment import Experiment, ending, page
from igym.domain.participant import Phase
from igym.domain.waves import wave
from igym.errors import BadMessage, BadPackage, NotOpen, TookPart
from igym.services.sessions import advancing, arriving, identity, screens, tokens
from igym.store import keys, packages, records, sessions

DAY_MS = 86_400_000
ANN = {"PROLIFIC_PID": "ann"}


class Study:
    """The tiny study, published as the test declares it."""

    def __init__(self, lab) -> None:
        self.lab = lab
        self.redis = lab.deployment.redis
        (package,) = packages.active(self.redis).values()
        self.plan = lab.deployment.plans.get("counters", package)
        self.count = 0

    def publish(self, experiment: str = "counters", codes: dict | None = None, **changes: object):
        self.count += 1
        plan = replace(self.plan, package=f"{self.count:064x}", experiment=experiment, **changes)
        if codes is not None:
            end = plan.scenes[-1]
            made = replace(end, end=replace(end.end, codes=codes, redirects=codes))
            plan = replace(plan, scenes=(*plan.scenes[:-1], made))
        packages.publish(self.redis, plan)

    def join(self, query=None, token=None, experiment="counters", **more):
        return arriving.join(self.lab.deployment, experiment, query or {}, token, **more)

    def session(self, query=None, token=None, experiment="counters", **more):
        id = self.join(query, token, experiment, **more)[1]
        return sessions.read(self.redis, experiment, id)

    def end(self, session, outcome="complete"):
        plan = self.lab.deployment.plans.get(session.experiment, session.package)
        session = sessions.read(self.redis, session.experiment, session.id)
        advancing.enter(self.lab.deployment, session, plan.scenes[-1], outcome=outcome)
        return sessions.read(self.redis, session.experiment, session.id)

    def later(self, monkeypatch, ms: float = 2 * 3_600_000) -> None:
        """As if so much time had passed."""
        now_ms = time.time() * 1000 + ms
        monkeypatch.setattr(arriving, "now_ms", lambda: now_ms)


@pytest.fixture
def study(lab) -> Study:
    return Study(lab)


# --- one person ----------------------------------------------------------------


def test_a_person_is_the_same_in_every_experiment_of_a_deployment(study):
    study.publish("other")
    one, two = study.session(ANN), study.session(ANN, experiment="other")
    assert one.participant == two.participant and one.id != two.id
    assert study.session({"workerId": "ann"}).participant != one.participant


def test_mturks_ids_are_kept_and_its_preview_begins_nothing(study):
    query = {"workerId": "A1", "assignmentId": "3X", "hitId": "H9", "turkSubmitTo": "https://x"}
    study.session(query)
    rows = [row for table, row in records.waiting(study.redis, "counters", "1", 99)[1]
            if table == "recruiter_ids"]  # fmt: skip
    assert {row["name"]: row["value"] for row in rows} == {
        "workerId": "A1", "assignmentId": "3X", "hitId": "H9",
    }  # fmt: skip
    before = study.redis.dbsize()
    with pytest.raises(BadMessage, match="preview"):
        study.join({"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE", "hitId": "H9"})
    assert study.redis.dbsize() == before


def test_modes_never_resume_each_other_by_id_or_by_token(study):
    live, pilot = study.session(ANN), study.session({**ANN, "mode": "pilot"})
    assert live.id != pilot.id
    token, id = study.join()
    for mode in ("pilot", "preview", "rehearsal"):
        assert study.session({"mode": mode}, token).id != id
    assert study.session({"mode": "live"}, token).id == id


def test_one_session_however_many_workers_are_asked_at_once(study):
    study.publish(waves=(wave("one"), wave("two")))
    for name in ("one", "two"):
        with ThreadPoolExecutor(16) as many:
            ids = set(many.map(lambda _, n=name: study.join({**ANN, "wave": n})[1], range(32)))
        assert len(ids) == 1


# --- waves ----------------------------------------------------------------


def test_each_wave_has_its_own_session_and_its_own_code(study):
    codes = {"complete": "ONE", "complete:two": "TWO", "withdrew": "GONE"}
    study.publish(waves=(wave("one"), wave("two", after="one")), codes=codes)
    first = study.end(study.session({**ANN, "wave": "one"}))
    second = study.end(study.session({**ANN, "wave": "two"}))
    assert first.id != second.id and first.participant == second.participant
    assert (first.code, second.code) == ("ONE", "TWO")
    view = screens.state(study.lab.deployment, second, "web-1").view
    assert (view.code, view.redirect) == ("TWO", "TWO")
    assert study.session({**ANN, "wave": "one"}) == first
    assert study.session({**ANN, "wave": "two"}) == second
    assert study.session(ANN) == first  # a link without a wave is the first one's


def test_a_wave_waits_for_the_one_before_it_to_be_completed(study):
    study.publish(waves=(wave("one"), wave("two", after="one")))
    with pytest.raises(NotOpen, match="earlier part"):
        study.join({**ANN, "wave": "two"})
    first = study.session({**ANN, "wave": "one"})
    with pytest.raises(NotOpen):
        study.join({**ANN, "wave": "two"})
    study.end(first, outcome="withdrew")
    with pytest.raises(NotOpen):
        study.join({**ANN, "wave": "two"})
    study.end(study.session({"PROLIFIC_PID": "bob", "wave": "one"}))
    assert study.session({"PROLIFIC_PID": "bob", "wave": "two"}).wave == "two"
    with pytest.raises(NotOpen):  # nor by somebody who completed it in another mode
        study.join({"PROLIFIC_PID": "bob", "wave": "two", "mode": "pilot"})


def test_who_has_no_id_is_known_by_their_browser_in_the_next_wave(study):
    study.publish(waves=(wave("one"), wave("two", after="one")))
    token, id = study.join({"wave": "one"})
    first = study.end(study.lab.read(id))
    second = study.session({"wave": "two"}, token)
    assert second.participant == first.participant and second.id != id
    there = tokens.issue(study.lab.deployment, "counters", second.id)
    assert study.session({"wave": "one"}, there) == first
    with pytest.raises(NotOpen):
        study.join({"wave": "two"})


def test_a_wave_opens_and_closes_and_says_when(study):
    now_ms = time.time() * 1000
    soon = replace(wave("soon"), opens_ms=now_ms + DAY_MS)
    past = replace(wave("past"), closes_ms=now_ms - DAY_MS)
    study.publish(waves=(soon, past))
    with pytest.raises(NotOpen, match=r"opens on \d{4}-\d\d-\d\d, \d\d:\d\d UTC") as early:
        study.join({**ANN, "wave": "soon"})
    assert early.value.at_ms == soon.opens_ms
    with pytest.raises(NotOpen, match="closed on"):
        study.join({**ANN, "wave": "past"})
    assert study.session({**ANN, "wave": "soon", "mode": "preview"}).wave == "soon"


def test_who_is_in_the_middle_when_a_wave_closes_goes_on(study, monkeypatch):
    closes_ms = time.time() * 1000 + 60_000
    study.publish(waves=(replace(wave("one"), closes_ms=closes_ms),))
    session = study.session({**ANN, "wave": "one"})
    study.later(monkeypatch)
    assert study.session({**ANN, "wave": "one"}) == session
    with pytest.raises(NotOpen):
        study.join({"PROLIFIC_PID": "bob", "wave": "one"})


@pytest.mark.parametrize(
    "name", ["three", "ONE", "one ", "../one", "one\x00", "x" * 5_000, 7, ["one"], {"one": 1}, True]
)
def test_a_wave_that_does_not_exist_is_refused_kindly(study, name):
    study.publish(waves=(wave("one"), wave("two")))
    before = study.redis.dbsize()
    with pytest.raises(BadMessage, match="part of this study that does not exist"):
        study.join({**ANN, "wave": name})
    assert study.redis.dbsize() == before


def test_a_study_without_waves_has_none(study):
    with pytest.raises(BadMessage, match="does not exist"):
        study.join({**ANN, "wave": "one"})
    assert study.session({**ANN, "wave": ""}).wave == ""


def experiment(*waves, **end):
    return Experiment(page("hello", "hello.md"), ending("end", "end.md", **end), waves=waves)


def test_an_author_is_told_of_waves_that_cannot_be():
    with pytest.raises(BadPackage, match="Two waves"):
        experiment(wave("one"), wave("one"))
    with pytest.raises(BadPackage, match="no such wave before it"):
        experiment(wave("two", after="one"), wave("one"))
    with pytest.raises(BadPackage, match="names no wave"):
        experiment(wave("one"), codes={"complete:two": "X"})
    with pytest.raises(BadPackage, match="names no wave"):
        experiment(redirects={"complete:one": "https://x"})
    assert experiment(wave("one"), wave("two", after="one"), codes={"complete:two": "X"}).waves


# --- who may not ----------------------------------------------------------------


def test_who_took_one_study_is_kept_out_of_the_other_in_the_same_mode(study):
    study.publish("other", exclude_if_took=("counters",))
    study.join({**ANN, "mode": "pilot"})
    assert study.session(ANN, experiment="other").phase is Phase.READING  # only piloted
    study.join({"PROLIFIC_PID": "bob"})
    before = study.redis.dbsize()
    with pytest.raises(TookPart):
        study.join({"PROLIFIC_PID": "bob"}, experiment="other")
    assert study.redis.dbsize() == before
    assert study.session({"PROLIFIC_PID": "cem"}, experiment="other")
    # Whoever is in it already goes on, whatever they take besides.
    study.join(ANN)
    assert study.session(ANN, experiment="other")


def test_who_has_no_id_is_kept_out_by_their_browser(study):
    study.publish("other", exclude_if_took=("counters",))
    token, _ = study.join()
    with pytest.raises(TookPart):
        study.join(experiment="other", elsewhere={"counters": token})
    with pytest.raises(TookPart):  # an id they did not have then does not help
        study.join(ANN, experiment="other", elsewhere={"counters": token})
    assert study.session(experiment="other", elsewhere={"counters": "forged"})


# --- a newer version ----------------------------------------------------------------


@pytest.mark.parametrize("repeat", ["resume", "refuse", "start_new"])
def test_who_is_in_the_middle_stays_with_the_version_they_began(study, repeat, monkeypatch):
    session = study.session(ANN)
    study.publish(version="2", repeat=repeat)
    study.later(monkeypatch)
    assert study.session(ANN) == session and session.release == "1"


@pytest.mark.parametrize("repeat", ["resume", "refuse", "start_new"])
def test_a_reload_of_the_last_page_shows_it_again(study, repeat):
    token, _ = study.join(ANN)
    ended = study.end(study.session(ANN))
    study.publish(version="2", repeat=repeat)
    assert study.session(ANN) == ended == study.session({}, token)


def test_a_repeat_visitor_to_a_newer_version_is_shown_the_earlier_one(study, monkeypatch):
    ended = study.end(study.session(ANN))
    study.publish(version="2", repeat="resume")
    study.later(monkeypatch)
    assert study.session(ANN) == ended


def test_a_repeat_visitor_to_a_newer_version_is_refused(study, monkeypatch):
    token, _ = study.join()
    study.end(study.session({}, token))
    study.end(study.session(ANN))
    study.publish(version="2", repeat="refuse")
    study.later(monkeypatch)
    for query, known in ((ANN, None), ({}, token)):
        with pytest.raises(TookPart, match="earlier version"):
            study.join(query, known)
    assert study.session({"PROLIFIC_PID": "bob"}).release == "2"


def test_a_repeat_visitor_to_a_newer_version_begins_it_once(study, monkeypatch):
    ended = study.end(study.session(ANN))
    study.publish(version="2", repeat="start_new")
    study.later(monkeypatch)
    with ThreadPoolExecutor(16) as many:
        ids = set(many.map(lambda _: study.join(ANN)[1], range(32)))
    (new,) = ids
    assert new != ended.id and study.lab.read(new).release == "2"
    assert study.lab.read(ended) == ended


def test_the_same_version_published_again_is_the_same_version(study, monkeypatch):
    ended = study.end(study.session(ANN))
    study.publish(repeat="refuse", title="A comma was missing")
    study.later(monkeypatch)
    assert study.session(ANN) == ended


def test_a_session_that_ran_out_is_begun_anew_once(study):
    session = study.session(ANN)
    study.redis.delete(keys.session("counters", session.id))
    with ThreadPoolExecutor(16) as many:
        ids = set(many.map(lambda _: study.join(ANN)[1], range(32)))
    assert len(ids) == 1 and session.id not in ids


def test_the_recruiters_id_is_nowhere_but_in_its_own_table(study):
    session = study.session({"PROLIFIC_PID": "very-secret-id", "STUDY_ID": "s"})
    rows = records.waiting(study.redis, "counters", "1", 99)[1]
    assert {t for t, row in rows if "very-secret-id" in str(row)} == {"recruiter_ids"}
    assert "very-secret-id" not in str(session)
    for key in study.redis.scan_iter("igym:*"):
        if study.redis.type(key) == b"hash":
            assert b"very-secret-id" not in b"".join(study.redis.hkeys(key))


def test_the_first_id_that_names_a_person_counts():
    link = identity.read({"id": "own", "PROLIFIC_PID": "p", "STUDY_ID": "s"}, ())
    assert link.person == ("PROLIFIC_PID", "p")
    assert identity.read({"STUDY_ID": "s"}, ()).person is None
