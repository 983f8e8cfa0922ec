"""A researcher may end anybody's session: with a sentence, a code, and nobody left hanging."""

from __future__ import annotations

import dataclasses

import pytest

from igym.domain.participant import Phase
from igym.errors import NotFound
from igym.services.sessions import removing, screens
from igym.store import games, lobby, sessions
from igym.wire import inner


def remove(lab, session, text: str = "") -> bool:
    return removing.remove(lab.deployment, lab.outbox, "counters", session.id, text)


def test_whoever_is_removed_reads_why_and_it_is_final(lab):
    session = lab.arrive()  # also before consent, where nobody could stop by themselves
    assert remove(lab, session, "  The lab is closing for today. ")
    ended = lab.read(session)
    assert (ended.phase, ended.outcome) == (Phase.ENDED, "ended_by_researcher")
    view = screens.state(lab.deployment, ended, "web-1").view
    assert view.reason == "The lab is closing for today."
    assert ("web-1", inner.Nudge("counters", session.id)) in lab.outbox.said
    assert not remove(lab, session, "Again.") and lab.read(session) == ended


def test_without_a_sentence_igym_says_one_in_the_language_of_the_study(lab):
    plans = lab.deployment.plans._plans
    for key, plan in plans.items():
        plans[key] = dataclasses.replace(plan, language="de")
    session = lab.arrive()
    remove(lab, session)
    assert lab.read(session).reason == "Die Studienleitung hat Ihre Teilnahme beendet."


def test_in_a_lobby_nobody_is_seated_with_them(lab):
    gone, stays = lab.to_lobby(), lab.to_lobby()
    remove(lab, gone)
    assert lab.match() == 0
    name = sessions.lobby_name(stays.package, stays.scene, stays.mode)
    assert [t.session for t in lobby.tickets(lab.deployment.redis, "counters", name)] == [stays.id]


def test_in_a_game_its_worker_is_told_at_once(lab):
    game = lab.pair()
    assert games.claim(lab.deployment.redis, "counters", game.id, 1, "games-1", 0)
    gone = lab.people(game)["right"]
    remove(lab, gone)
    assert ("games-1", inner.Leave(game.id, "right", "ended_by_researcher")) in lab.outbox.said


def test_whom_nobody_knows_cannot_be_removed(lab):
    with pytest.raises(NotFound):
        removing.remove(lab.deployment, lab.outbox, "counters", "nobody")
