"""A study speaks its language: what is refused, why it ended, and the page around it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from igym import Experiment, ending, page
from igym.domain.plan import EntryPlan, QuizPlan, ScenePlan
from igym.errors import BadMessage, BadPackage, Unavailable
from igym.services.sessions import screens
from igym.web.speaking import Speaker
from tests.services.paper import E, Paper, a_plan
from tests.services.test_outcomes import measured


@pytest.fixture
def study(deployment):
    return Paper(deployment, a_plan(language="de"))


def test_a_refusal_is_told_in_the_language_of_the_study(study):
    speaker = Speaker(study.deployment)
    told = speaker.refusal(
        E, BadMessage("One of your answers is too long.", hint="Please shorten it.")
    )
    assert (told.text, told.hint) == ("Eine Ihrer Antworten ist zu lang.", "Bitte kürzen Sie sie.")
    told = speaker.refusal(E, BadMessage("Please answer the question “Wie alt?”."))
    assert told.text == "Bitte beantworten Sie die Frage „Wie alt?“."
    other = speaker.refusal("no_such_study", BadMessage("Try again."))
    assert other.text == "Try again."


def test_it_is_so_while_redis_is_away(study, monkeypatch):
    speaker = Speaker(study.deployment)
    speaker.language(E)
    monkeypatch.setattr(study.redis, "execute_command", lambda *_, **__: 1 / 0)
    lost = Unavailable("We lost our own connection for a moment.", hint="Try again.")
    assert speaker.refusal(E, lost).text == "Unsere eigene Verbindung war kurz unterbrochen."


def test_why_a_session_ended_is_told_in_its_language(deployment):
    plan = a_plan(language="de", entry=EntryPlan(devices=("desktop",)))
    out = Paper(deployment, plan)
    ann = measured(out, out.arrive(), "phone")
    assert ann.reason.startswith("Diese Studie läuft auf dieser Art von Gerät nicht.")

    quiz = QuizPlan(plan.scenes[1].survey, {"hand": ("left",)}, attempts=1, failed="screened_out")
    scenes = (plan.scenes[0], ScenePlan("about", quiz=quiz), *plan.scenes[2:])
    failing = Paper(
        deployment, replace(plan, version="2", package="e" * 64, scenes=scenes, entry=None)
    )
    ann = failing.advance(failing.advance(failing.arrive()), hand="right")
    view = screens.state(failing.deployment, ann, "web-1").view
    assert view.reason.startswith("Einige Ihrer Antworten waren nicht richtig")


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(BadPackage, match=r"language='fr'.*'en', 'de'"):
        Experiment(page("hello", "h.md"), ending("end", "e.md"), language="fr")
