"""Stopping is possible from every screen after consent, is final, and frees whoever waits."""

from __future__ import annotations

import pytest

from igym.domain.participant import Phase
from igym.errors import BadMessage
from igym.services.sessions import screens, withdrawing
from igym.store import games, lobby, sessions
from igym.store.records import waiting
from igym.wire import inner


def stop(lab, session, keep: bool = True) -> None:
    withdrawing.withdraw(lab.deployment, lab.outbox, "counters", session.id, keep=keep)


def kept(lab, session) -> list[object]:
    _, rows = waiting(lab.deployment.redis, "counters", "1", 500)
    return [
        r["keep_data"]
        for t, r in rows
        if t == "sessions" and r["session_id"] == session.id and "keep_data" in r
    ]


def offered(lab, session) -> bool:
    return screens.state(lab.deployment, session, "web-1").stoppable


@pytest.mark.parametrize("keep", [True, False])
def test_on_a_page_it_leads_to_the_ending_and_the_answer_is_recorded(lab, keep):
    session = lab.advance(lab.arrive())
    assert offered(lab, session)
    stop(lab, session, keep)
    ended = lab.read(session)
    assert (ended.phase, ended.outcome, ended.scene) == (Phase.ENDED, "withdrew", "thanks")
    assert kept(lab, session) == [keep]
    assert not offered(lab, ended)


def test_before_consent_there_is_nothing_to_stop(lab):
    session = lab.arrive()
    assert not offered(lab, session)
    with pytest.raises(BadMessage, match="not agreed"):
        stop(lab, session)
    assert lab.read(session).phase is Phase.READING


def test_in_a_lobby_the_ticket_goes_and_nobody_is_seated_with_them(lab):
    leaver, stayer = lab.to_lobby(), lab.to_lobby()
    name = sessions.lobby_name(leaver.package, leaver.scene, leaver.mode)
    stop(lab, leaver)
    assert lab.match() == 0
    assert [t.session for t in lobby.tickets(lab.deployment.redis, "counters", name)] == [stayer.id]
    assert lab.read(leaver).outcome == "withdrew"


def test_in_a_game_its_worker_is_told_at_once(lab):
    game = lab.pair()
    assert games.claim(lab.deployment.redis, "counters", game.id, 1, "games-1", 0)
    leaver = lab.people(game)["left"]
    stop(lab, leaver)
    assert ("games-1", inner.Leave(game.id, "left", "withdrew")) in lab.outbox.said
    assert lab.read(leaver).phase is Phase.ENDED


def test_said_again_or_too_late_it_does_nothing(lab):
    session = lab.advance(lab.arrive())
    stop(lab, session, keep=False)
    before = lab.read(session)
    for keep in (False, True):
        stop(lab, session, keep)
    assert lab.read(session) == before
    assert kept(lab, session) == [False]
