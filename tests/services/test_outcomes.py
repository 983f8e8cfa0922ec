"""Every outcome has its own page, code and address; the right ones are shown and recorded.

One test per outcome, each brought about by the service that brings it about.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from igym import wire
from igym.domain import reachable
from igym.domain.plan import EndPlan, EntryPlan, GroupPlan, ScenePlan, TreatmentPlan
from igym.domain.watch import Limit
from igym.services.games import finishing
from igym.services.lobby import waiting
from igym.services.sessions import absence, removing, screening, screens, withdrawing
from tests.services.paper import E, Paper, a_plan, a_play
from tests.services.test_absence import later

#: As a recruiter sends them; an id may have any of the characters that need encoding.
ID = "a b&c"

OUTCOMES = (
    "complete", "no_partner", "left", "partner_left", "withdrew", "excluded", "full", "absent",
    "technical_problem", "screened_device", "ended_by_researcher",
)  # fmt: skip

AWAY_S = 100.0


@pytest.fixture
def study(deployment):
    """Everything that can happen can happen here."""
    end = EndPlan(
        "<p>anybody</p>",
        {one: f"C-{one}" for one in OUTCOMES},
        {one: f"https://x.org/{one}?who={{PROLIFIC_PID}}&code={{code}}&s={{session}}&o={{outcome}}"
         f"&p={{participant}}&lab={{lab}}" for one in OUTCOMES},
        {one: f"<p>{one}</p>" for one in OUTCOMES},
    )  # fmt: skip
    plan = a_plan(
        TreatmentPlan("colour", "participant", ("red", "blue"), wanted=1),
        play=a_play(limits=(Limit("idle", 20.0, 40.0),), group=GroupPlan(mixes=("colour",))),
        absent_s=AWAY_S,
        entry=EntryPlan(devices=("desktop",)),
    )
    return Paper(
        deployment, replace(plan, scenes=(*plan.scenes[:-1], ScenePlan("thanks", end=end)))
    )


def measured(study, session, device="desktop"):
    said = wire.Screened(session.version, device, "chrome", 1200, 800, [20.0], 5_000.0)
    screening.hear(study.deployment, session, said, "Mozilla/5.0 (X11; Linux) Chrome/1", [20.0])
    return study.read(session)


def come(study, who=ID):
    return measured(study, study.arrive(PROLIFIC_PID=who, lab="42", unused="x"))


def pair(study):
    people = [study.to("play", come(study, who)) for who in (ID, "bob")]
    assert study.match() == 1
    return people, study.game(people[0])


def complete(study):
    people, game = pair(study)
    study.finish(game)
    return study.to("thanks", study.read(people[0]))


def no_partner(study):
    ann = study.to("play", come(study))
    waiting.unmatched(study.deployment, study.plan, ann)
    return ann


def left(study):
    (ann, _), game = pair(study)
    study.finish(game, "abandoned", tuple(s for s, id in game.seats.items() if id == ann.id))
    return ann


def partner_left(study):
    (ann, bob), game = pair(study)
    study.finish(game, "abandoned", tuple(s for s, id in game.seats.items() if id == bob.id))
    return ann


def withdrew(study):
    ann = study.advance(come(study))
    withdrawing.withdraw(study.deployment, study.outbox, E, ann.id, keep=True)
    return ann


def ended_by_researcher(study):
    ann = study.advance(come(study))
    assert removing.remove(study.deployment, study.outbox, E, ann.id)
    return ann


def excluded(study):
    (ann, _), game = pair(study)
    seat = next(s for s, id in game.seats.items() if id == ann.id)
    finishing.dismiss(study.deployment, study.outbox, game, seat, "excluded")
    return ann


def full(study):
    come(study, "one"), come(study, "two")
    return come(study)


def absent(study):
    ann = come(study)
    later(study, AWAY_S + 1, ann)
    assert absence.look(study.deployment, study.outbox) == 1
    return ann


def technical_problem(study):
    (ann, _), game = pair(study)
    study.finish(game, "failed")
    return ann


def screened_device(study):
    return measured(study, study.arrive(PROLIFIC_PID=ID, lab="42"), "phone")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_shows_and_records_its_own(study, outcome):
    ended = study.read(globals()[outcome](study))

    view = screens.state(study.deployment, ended, "web-1").view
    assert (view.outcome, view.code) == (outcome, f"C-{outcome}")
    assert view.html == f"<p>{outcome}</p>"
    assert view.redirect == (
        f"https://x.org/{outcome}?who=a%20b%26c&code=C-{outcome}&s={ended.id}&o={outcome}"
        f"&p={ended.participant}&lab=42"
    )
    (row,) = (r for r in study.rows("sessions") if r["session_id"] == ended.id)
    assert (row["outcome"], row["code"]) == (outcome, f"C-{outcome}")
    assert row["ended_ms"] is not None
    assert ID not in str(study.rows("sessions"))  # a recruiter's id is in its own table


def test_what_can_happen_is_known_without_it_happening(study):
    assert set(reachable.outcomes(study.plan)) == set(OUTCOMES)
    assert reachable.uncoded(study.plan) == {}


def test_an_outcome_without_a_code_is_told_with_how_it_comes_about(deployment):
    plan = a_plan(play=a_play(1))
    missing = reachable.uncoded(plan)
    often = {"left", "withdrew", "absent", "technical_problem", "ended_by_researcher"}
    assert set(missing) == often
    assert missing["left"] == "play: who sits in s0 stays away"
    end = replace(plan.scenes[-1].end, codes={**dict.fromkeys(missing, ""), "complete": "C"})
    plan = replace(plan, scenes=(*plan.scenes[:-1], replace(plan.scenes[-1], end=end)))
    assert reachable.uncoded(plan) == {}  # "" says: none, on purpose


def test_an_outcome_without_its_own_page_and_address_has_the_common_one(deployment):
    study = Paper(deployment, a_plan())
    ann = study.leave(study.arrive(), "withdrew")
    view = screens.state(study.deployment, ann, "web-1").view
    assert (view.html, view.code, view.redirect) == ("<p>Bye</p>", "", "")
