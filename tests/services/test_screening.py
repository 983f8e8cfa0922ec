"""Nobody sees a scene before the verdict is stored; what was found is in the data."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from igym import wire
from igym.domain.participant import Phase
from igym.domain.plan import EntryPlan
from igym.errors import BadMessage, Conflict
from igym.services.functions import asking, waiting
from igym.services.sessions import advancing, arriving, screening, screens
from igym.store import packages, questions, records, sockets
from igym.store import screening as store
from igym.wire import inner

CHROME = "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU OS 18_0) Version/18.0 Mobile/15E148 Safari/604.1"


class Gate:
    """The tiny study behind an entry screening."""

    def __init__(self, lab, entry: EntryPlan) -> None:
        self.lab = lab
        (package,) = packages.active(lab.deployment.redis).values()
        plan = lab.deployment.plans.get("counters", package)
        end = plan.scenes[-1]
        codes = {**end.end.codes, "screened_device": "CODE-DEVICE"}
        scenes = (*plan.scenes[:-1], replace(end, end=replace(end.end, codes=codes)))
        packages.publish(
            lab.deployment.redis, replace(plan, package="e" * 64, entry=entry, scenes=scenes)
        )

    def arrive(self, **query):
        _, session = arriving.join(self.lab.deployment, "counters", query, None)
        sockets.connect(self.lab.deployment.redis, "counters", session, "web-1", 7)
        return self.lab.read(session)

    def say(self, session, *, agent=CHROME, rtts_ms=(20.0, 25.0, 30.0), **said):
        known = {
            "version": session.version,
            "device": "desktop",
            "browser": "chrome",
            "width_px": 1200,
            "height_px": 800,
            "rtt_ms": [20.0, 22.0, 24.0],
            "kbps": 5_000.0,
        }
        message = wire.Screened(**(known | said))
        screening.hear(self.lab.deployment, session, message, agent, rtts_ms)
        return self.lab.read(session)

    def view(self, session):
        return screens.state(self.lab.deployment, session, "web-1").view

    def rows(self):
        said = records.waiting(self.lab.deployment.redis, "counters", "1", 1000)[1]
        return [row for table, row in said if table == "screenings"]

    def visits(self):
        said = records.waiting(self.lab.deployment.redis, "counters", "1", 1000)[1]
        return [row for table, row in said if table == "visits"]

    def round(self) -> int:
        return screening.judge_all(self.lab.deployment, self.lab.outbox)

    def answer(self, **said) -> None:
        """What the checks worker would write about everybody who waits."""
        for one in store.desk.waiting(self.lab.deployment.redis, "counters").values():
            assert one.question
            redis = self.lab.deployment.redis
            questions.answer(redis, "counters", one.question, json.dumps(said))


def test_a_session_begins_with_screening_and_shows_no_scene(lab):
    gate = Gate(lab, EntryPlan(devices=("desktop",), kbps=2_000))
    session = gate.arrive()
    assert session.phase is Phase.SCREENING and gate.visits() == []
    assert gate.view(session) == wire.ScreeningView(probes=8, bytes=500_000)


def test_who_skips_the_screening_gets_nowhere(lab):
    gate = Gate(lab, EntryPlan(devices=("desktop",)))
    session = gate.arrive()
    for _ in range(3):
        with pytest.raises(BadMessage):
            advancing.submit(
                lab.deployment, session, wire.Advance(session.scene, session.version, {})
            )
    assert lab.read(session) == session and gate.visits() == [] == gate.rows()


def test_who_fits_comes_to_the_first_scene_and_the_verdict_is_in_the_data(lab):
    gate = Gate(lab, EntryPlan(devices=("desktop",), rtt_ms=100))
    session = gate.say(gate.arrive())
    assert (session.phase, session.scene, session.visit) == (Phase.READING, "consent", 0)
    assert isinstance(gate.view(session), wire.PageView)
    (row,) = gate.rows()
    assert (row["verdict"], row["check"], row["device"]) == ("in", None, "desktop")
    assert (row["rtt_ms"], row["browser_rtt_ms"], row["server_rtt_ms"]) == (25, 22, 25)
    assert [(v["visit"], v["scene"]) for v in gate.visits()] == [(0, "consent")]
    assert not any("Mozilla" in str(value) for value in row.values())


def test_who_does_not_fit_reads_why_and_has_a_code_of_their_own(lab):
    gate = Gate(lab, EntryPlan(devices=("desktop",), messages={"device": "Not on a phone."}))
    session = gate.say(gate.arrive(), device="phone", agent=IPHONE)
    assert (session.phase, session.outcome) == (Phase.ENDED, "screened_device")
    view = gate.view(session)
    assert (view.code, view.reason) == ("CODE-DEVICE", "Not on a phone.")
    assert [(row["verdict"], row["check"]) for row in gate.rows()] == [("out", "device")]


def test_the_server_believes_its_own_measurements_where_they_are_worse(lab):
    gate = Gate(lab, EntryPlan(devices=("desktop",), rtt_ms=100))
    lies = gate.say(gate.arrive(), rtts_ms=(400.0, 410.0, 420.0), rtt_ms=[1.0] * 8)
    assert lies.outcome == "screened_rtt"
    assert gate.say(gate.arrive(), device="desktop", agent=IPHONE).outcome == "screened_device"
    assert gate.say(gate.arrive(), rtts_ms=(), rtt_ms=[1.0]).outcome == "screened_rtt"
    assert gate.say(gate.arrive(), rtt_ms=[]).outcome == "screened_rtt"


def test_one_spike_keeps_nobody_out(lab):
    gate = Gate(lab, EntryPlan(rtt_ms=100))
    spiky = gate.say(
        gate.arrive(), rtts_ms=(30.0, 2_000.0, 30.0), rtt_ms=[20, 30, 9_000, 25, 20, 31, 8_000, 22]
    )
    assert spiky.phase is Phase.READING


def test_a_verdict_is_final(lab):
    gate = Gate(lab, EntryPlan(devices=("desktop",)))
    arrived = gate.arrive()
    out = gate.say(arrived, device="tablet")
    assert gate.say(out, device="desktop", version=out.version) == out
    with pytest.raises(Conflict):  # two tabs at once: the second is shown where they are
        gate.say(arrived, device="desktop")
    assert lab.read(out) == out
    assert len(gate.rows()) == 1


def test_an_old_screen_is_not_heard(lab):
    gate = Gate(lab, EntryPlan(devices=("desktop",)))
    session = gate.arrive()
    assert gate.say(session, version=session.version + 1) == session


# --- the author's function -----------------------------------------------------------------------


def test_while_the_authors_function_is_asked_the_screening_stays_on_screen(lab):
    gate = Gate(lab, EntryPlan(check=True))
    session = gate.say(gate.arrive(group="a", PROLIFIC_PID="p1"))
    assert session.phase is Phase.SCREENING and session.query["group"] == "a"
    assert gate.round() == 0  # asks
    asked = store.desk.waiting(lab.deployment.redis, "counters")
    assert gate.say(session) == session and gate.round() == 0
    assert store.desk.waiting(lab.deployment.redis, "counters") == asked  # once
    gate.answer(value=True)
    assert gate.round() == 1 and gate.round() == 0
    session = lab.read(session)
    assert (session.phase, session.scene, session.query) == (Phase.READING, "consent", {})
    assert [(row["verdict"], row["function"]) for row in gate.rows()] == [("in", "true")]
    assert store.desk.waiting(lab.deployment.redis, "counters") == {}
    assert ("web-1", inner.Nudge("counters", session.id)) in lab.outbox.said


@pytest.mark.parametrize(
    ("said", "reads"),
    [
        (False, "You cannot take part in this study."),
        ("Come on Sunday.", "Come on Sunday."),
        ("  ", "You cannot take part in this study."),
        ("x" * 10_000, "x" * 500),
    ],
)
def test_a_function_that_says_no_says_why(lab, said, reads):
    gate = Gate(lab, EntryPlan(check=True))
    session = gate.say(gate.arrive())
    gate.round()
    gate.answer(value=said)
    gate.round()
    session = lab.read(session)
    assert (session.outcome, session.reason) == ("screened_function", reads)


@pytest.mark.parametrize(("fails", "phase"), [("closed", Phase.ENDED), ("open", Phase.READING)])
@pytest.mark.parametrize(
    "said", [{"error": "RuntimeError: no idea"}, {"value": 3}, {"value": None}, {"value": [1]}]
)
def test_a_function_that_fails_does_as_declared_and_participants_do_not_read_why(
    lab, fails, phase, said
):
    gate = Gate(lab, EntryPlan(check=True, fails=fails))
    session = gate.say(gate.arrive())
    gate.round()
    gate.answer(**said)
    gate.round()
    session = lab.read(session)
    assert session.phase is phase
    assert session.reason == ("You cannot take part in this study." if fails == "closed" else "")
    (row,) = gate.rows()
    assert row["function"] is None and row["error"]
    if "value" in said:
        assert records.problems(lab.deployment.redis)[0]["where"].startswith("Experiment(entry=")


def test_a_question_lost_with_its_worker_is_asked_again(lab, monkeypatch):
    gate = Gate(lab, EntryPlan(check=True))
    session = gate.say(gate.arrive())
    gate.round()
    with monkeypatch.context() as later:
        later.setattr(asking, "now_ms", lambda: time.time() * 1000 + 60_000)
        assert gate.round() == 0  # the first is lost: asks again
        gate.answer(value=True)
        assert gate.round() == 1
    assert lab.read(session).phase is Phase.READING


def test_where_no_worker_ever_answers_that_is_a_failure(lab, monkeypatch):
    gate = Gate(lab, EntryPlan(check=True))
    session = gate.say(gate.arrive())
    for n in range(waiting.MOST_ASKED):
        assert lab.read(session).phase is Phase.SCREENING
        monkeypatch.setattr(asking, "now_ms", lambda n=n: time.time() * 1000 + 60_000 * n)
        assert gate.round() == 0
    monkeypatch.setattr(asking, "now_ms", lambda: 1e14)
    assert gate.round() == 1
    assert lab.read(session).outcome == "screened_function"
    assert gate.rows()[0]["error"] == "no checks worker answered in time"


def test_two_directors_make_one_verdict(lab):
    gate = Gate(lab, EntryPlan(check=True))
    session = gate.say(gate.arrive())
    gate.round()
    gate.answer(value=True)
    stale = store.desk.waiting(lab.deployment.redis, "counters")
    assert gate.round() == 1
    for id, one in stale.items():  # as the other had read it
        store.desk.add(lab.deployment.redis, "counters", id, one)
    assert gate.round() == 0 and len(gate.rows()) == 1
    assert lab.read(session).visit == 0


def test_what_a_link_says_reaches_the_function_bounded(lab):
    gate = Gate(lab, EntryPlan(check=True))
    many = {f"k{n}": "v" for n in range(100)}
    session = gate.arrive(long="x" * 5_000, number=7, **many)
    assert len(session.query) <= 30 and len(session.query["long"]) == 200
    assert "number" not in session.query
