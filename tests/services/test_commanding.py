"""What an admin asks for happens once, is told truly, and by whom it was done before."""

from __future__ import annotations

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from igym.domain.access import ANY, Access, Role
from igym.domain.commands import KINDS, Command, Event, State, What
from igym.domain.participant import Phase
from igym.errors import BadMessage, NotFound, NotOpen, NotYours
from igym.services import auditing
from igym.services.connect import now_ms
from igym.services.operations import commanding
from igym.services.sessions import screens
from igym.store import commands as store
from igym.store import games, keys, lobby, records, sessions
from igym.wire import api, inner

E = "counters"
_ids = itertools.count(1)


def access(role: Role = Role.ADMIN, *experiments: str, name: str = "ann", trusted=False) -> Access:
    return Access("", name, role, experiments, trusted, 0, 0)


ANN, BOB = access(), access(name="bob")


def wanted(what: What, *people: Any, **more: Any) -> api.NewCommand:
    made = {"id": f"{next(_ids):032x}", **more}
    return api.NewCommand(what=what, sessions=[one.id for one in people], **made)


def give(lab, what: What, *people: Any, by: Access = ANN, **more: Any) -> Command:
    """Give one command. Returns how it stands."""
    made = commanding.give(lab.deployment, lab.outbox, by, E, wanted(what, *people, **more))
    assert len(made) == 1
    return made[0]


def again(lab, command: Command) -> Command:
    (now,) = store.read(lab.deployment.redis, E, [command.id])
    return now


def deeds(lab) -> list[tuple[str, dict, dict]]:
    """The audit log from its beginning; the study had been activated before."""
    return [(str(d.did), d.before, d.after) for d in auditing.read(lab.deployment)][-2::-1]


def rows(lab, table: str) -> list[dict]:
    _, found = records.waiting(lab.deployment.redis, E, "1", 10_000)
    return [row for name, row in found if name == table]


# --- who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", What)
@pytest.mark.parametrize("who", ["viewer", "stranger", "researcher", "trusted", "admin"])
def test_each_role_gives_the_commands_that_are_its_own(lab, who, what):
    session = lab.arrive()
    by = {
        "viewer": access(Role.VIEWER, ANY),
        "stranger": access(Role.RESEARCHER, "another", trusted=True),
        "researcher": access(Role.RESEARCHER, E),
        "trusted": access(Role.RESEARCHER, E, trusted=True),
        "admin": ANN,
    }[who]
    releases = KINDS[what].to == "experiment"
    may = {"viewer": False, "stranger": False, "researcher": not releases}.get(who, True)
    asked = wanted(what, session, text="1", number=60, game="none")
    if not may:
        with pytest.raises(NotYours):
            commanding.give(lab.deployment, lab.outbox, by, E, asked)
        assert store.latest(lab.deployment.redis, E, 9) == []
        assert lab.read(session) == session
        return
    try:
        commanding.give(lab.deployment, lab.outbox, by, E, asked)
    except NotFound:
        assert KINDS[what].to == "game"  # there is none; whoever may not was refused before


def test_whom_or_what_nobody_knows_is_not_found(lab):
    session = lab.arrive()
    ask = commanding.give
    for asked in (
        api.NewCommand("0" * 32, What.REMOVE, sessions=["nobody"]),
        api.NewCommand("0" * 32, What.PAUSE, game="nothing"),
    ):
        with pytest.raises(NotFound):
            ask(lab.deployment, lab.outbox, ANN, E, asked)
    with pytest.raises(NotFound):
        ask(lab.deployment, lab.outbox, ANN, "elsewhere", wanted(What.REMOVE, session))
    with pytest.raises(BadMessage):
        give(lab, What.MESSAGE, session, text=" \n ")
    assert store.latest(lab.deployment.redis, E, 9) == []


# --- messages ---------------------------------------------------------------------------------


def test_a_message_is_delivered_shown_and_read(lab):
    session = lab.arrive()
    sent = give(lab, What.MESSAGE, session, text=" <b>Hold on</b>\x00 \n please ")
    assert sent.state is State.PENDING
    assert ("web-1", inner.Announce(E, session.id)) in lab.outbox.said
    (words,) = commanding.words_for(lab.deployment, E, session.id)
    assert words.text == "<b>Hold on</b> \n please"
    commanding.sent(lab.deployment, words)
    assert again(lab, sent).state is State.DELIVERED
    seen = lambda read: commanding.seen(lab.deployment, E, session.id, sent.id, read=read)  # noqa: E731
    assert (seen(False), seen(False)) == (words.text, "")
    assert again(lab, sent).state is State.ACKNOWLEDGED
    assert commanding.words_for(lab.deployment, E, session.id), "a reload shows it again"
    assert (seen(True), seen(True)) == (words.text, "")
    read = again(lab, sent)
    assert read.state is State.DONE and read.read_ms > 0
    assert commanding.words_for(lab.deployment, E, session.id) == []
    assert store.still_open(lab.deployment.redis, E, 9) == []


def test_nobody_says_for_somebody_else_that_it_was_seen(lab):
    one, other = lab.arrive(), lab.arrive()
    sent = give(lab, What.MESSAGE, one, text="Hello")
    with pytest.raises(NotYours):
        commanding.seen(lab.deployment, E, other.id, sent.id, read=True)
    assert again(lab, sent).state is State.PENDING


def test_everybody_is_spoken_to_once_however_often_it_is_asked(lab):
    here = [lab.arrive() for _ in range(3)]
    lab.advance(here[0])
    gone = lab.arrive()
    give(lab, What.REMOVE, gone)
    asked = wanted(What.MESSAGE, everybody=True, text="Five minutes more.")
    for _ in range(2):
        made = commanding.give(lab.deployment, lab.outbox, ANN, E, asked)
        assert {one.session for one in made} == {one.id for one in here}
        assert {one.batch for one in made} == {asked.id}
    for one in here:
        assert len(commanding.words_for(lab.deployment, E, one.id)) == 1
    told = [d for d in deeds(lab) if d[2].get("to") == 3]
    assert len(told) == 1
    assert not any(one.id in str(deeds(lab)) for one in here), "the audit log names nobody"
    scene = lab.read(here[1]).scene
    made = commanding.give(
        lab.deployment, lab.outbox, ANN, E, wanted(What.MESSAGE, scene=scene, text="You two.")
    )
    assert {one.session for one in made} == {here[1].id, here[2].id}


def test_who_has_just_left_cannot_be_spoken_to_and_the_second_admin_hears_why(lab):
    session = lab.arrive()
    assert give(lab, What.REMOVE, session, text="Sorry.").state is State.DONE
    late = give(lab, What.MESSAGE, session, by=BOB, text="Hello?")
    assert late.state is State.FAILED
    assert "ended_by_researcher" in late.why and "ann did “remove”" in late.hint
    second = give(lab, What.REMOVE, session, by=BOB)
    assert second.state is State.DONE and "ann did “remove”" in second.why


# --- people -----------------------------------------------------------------------------------


def test_eight_admins_remove_somebody_once(lab):
    session = lab.arrive()
    admins = [access(name=f"admin{n}") for n in range(8)]
    with ThreadPoolExecutor(8) as together:
        made = list(together.map(lambda by: give(lab, What.REMOVE, session, by=by), admins))
    assert {one.state for one in made} == {State.DONE}
    assert sum("had been" not in one.why for one in made) == 1
    removed = [d for d in deeds(lab) if d[2].get("remove") == "ended_by_researcher"]
    assert [before for _, before, _ in removed] == [{"remove": "reading"}]
    assert lab.read(session).phase is Phase.ENDED


def test_who_left_by_themselves_was_not_removed(lab):
    session = lab.arrive()
    sessions.move(lab.deployment.redis, session, {"phase": "ended", "outcome": "complete"}, [])
    command = give(lab, What.REMOVE, session)
    assert command.state is State.FAILED and "by themselves: complete" in command.why


def test_excluded_data_say_why_and_by_whom_and_it_can_be_taken_back(lab):
    session = lab.arrive()
    give(lab, What.EXCLUDE, session, text="slept")
    assert "It was so before. ann did" in give(lab, What.EXCLUDE, session, by=BOB, text="x").why
    give(lab, What.INCLUDE, session)
    told = [(r["excluded"], r["excluded_why"], r["excluded_by"]) for r in rows(lab, "sessions")
            if "excluded" in r]  # fmt: skip
    assert told == [(True, "slept", "ann"), (True, "x", "bob"), (False, "", "ann")]
    assert lab.read(session) == session, "nothing on their screen has changed"
    assert [d[1:] for d in deeds(lab)] == [
        ({"exclude": False}, {"exclude": True}),
        ({"include": True}, {"include": False}),
    ]


def test_a_wait_is_made_longer_once_and_the_screen_says_so(lab, monkeypatch):
    session = lab.to_lobby()
    until_ms = lambda: screens.state(lab.deployment, lab.read(session), "w").view.until_ms  # noqa: E731
    before_ms = until_ms()
    command = give(lab, What.WAIT, session, number=300)
    commanding.carry_out(lab.deployment, lab.outbox, command, "ann")  # by another process
    assert command.state is State.DONE
    assert until_ms() == before_ms + 300_000
    assert ("web-1", inner.Announce(E, session.id)) in lab.outbox.said
    waits_s = (before_ms - session.entered_ms) / 1000
    late_ms = session.entered_ms + (waits_s + 200) * 1000
    monkeypatch.setattr("igym.services.lobby.matching.now_ms", lambda: late_ms)
    lab.match()
    assert lab.read(session).phase is Phase.WAITING
    monkeypatch.setattr("igym.services.lobby.matching.now_ms", lambda: late_ms + 101_000)
    lab.match()
    assert lab.read(session).phase is not Phase.WAITING
    name = sessions.lobby_name(session.package, session.scene, session.mode)
    assert lobby.more_s(lab.deployment.redis, E, name, session.id) == 0, "the next wait is its own"
    gone = give(lab, What.WAIT, session, number=300)
    assert gone.state is State.FAILED


# --- newcomers --------------------------------------------------------------------------------


def test_recruitment_is_closed_and_opened(lab):
    assert give(lab, What.CLOSE).state is State.DONE
    assert "It was so before. ann did “close”" in give(lab, What.CLOSE, by=BOB).why
    with pytest.raises(NotOpen):
        lab.arrive()
    give(lab, What.OPEN)
    lab.arrive()
    assert [did for did, _, _ in deeds(lab)] == ["closed", "opened"]


def test_no_more_come_than_the_cap_says_and_who_leaves_makes_room(lab):
    give(lab, What.CAP, number=3)

    def come(_: int) -> Any:
        try:
            return lab.arrive()
        except NotOpen:
            return None

    with ThreadPoolExecutor(8) as together:
        here = [one for one in together.map(come, range(8)) if one]
    assert len(here) == 3
    assert lab.arrive(mode="pilot"), "who tries it does not count"
    give(lab, What.REMOVE, here[0])
    assert lab.arrive()
    with pytest.raises(NotOpen):
        lab.arrive()
    give(lab, What.CAP, number=0)
    assert lab.arrive()
    assert deeds(lab)[0] == ("capped", {"most": 0}, {"most": 3})


def test_a_version_is_retired_and_activated(lab):
    assert give(lab, What.RETIRE, text="1").state is State.DONE
    with pytest.raises(NotOpen):
        lab.arrive()
    assert give(lab, What.ACTIVATE, text="1").state is State.DONE
    assert lab.arrive()
    wrong = give(lab, What.ACTIVATE, text="no such")
    assert wrong.state is State.FAILED and wrong.hint


# --- games, as far as the web worker knows ----------------------------------------------------


def test_the_games_worker_is_told_and_told_again_until_it_is_too_late(lab):
    game = lab.pair()
    assert games.claim(lab.deployment.redis, E, game.id, 1, "games-1", 0)
    command = give(lab, What.PAUSE, game=game.id)
    steer = ("games-1", inner.Steer(game.id))
    assert lab.outbox.said.count(steer) == 1
    commanding.look(lab.deployment, lab.outbox)
    assert lab.outbox.said.count(steer) == 2
    hasten(lab, command)
    commanding.look(lab.deployment, lab.outbox)
    late = again(lab, command)
    assert late.state is State.EXPIRED and late.why and late.hint
    commanding.look(lab.deployment, lab.outbox)
    assert lab.outbox.said.count(steer) == 2


def hasten(lab, command: Command) -> None:
    """Its time is over."""
    early = dataclasses.replace(command, until_ms=now_ms() - 1)
    redis = lab.deployment.redis
    redis.hset(keys.command(E, command.id), "said", msgspec.json.encode(early))
    redis.zadd(keys.commands_open(E), {command.id: early.until_ms})


def test_no_policy_sits_down_where_the_scene_has_none(lab):
    game = lab.pair()
    command = give(lab, What.BENCH, game=game.id, seat="left")
    assert command.state is State.FAILED
    assert "no policy" in command.why and "fill" in command.hint
    with pytest.raises(NotFound):
        give(lab, What.BENCH, game=game.id, seat="middle")


def test_what_a_game_is_asked_after_it_is_over_fails_with_words(lab):
    game = lab.pair()
    waits = give(lab, What.END, game=game.id)
    redis = lab.deployment.redis
    games.claim(redis, E, game.id, 1, "games-1", 0)
    games.end(redis, game, "finished", [], now_ms=now_ms())
    assert give(lab, What.PAUSE, game=game.id).state is State.FAILED
    commanding.look(lab.deployment, lab.outbox)
    assert again(lab, waits).state is State.FAILED
    commanding.look(lab.deployment, lab.outbox)
    (told,) = [d for d in deeds(lab) if "end" in d[2]]
    assert told[2]["end"]["state"] == "failed"
    assert store.still_open(redis, E, 9) == []


# --- processes that die -----------------------------------------------------------------------


def test_what_a_web_worker_wrote_down_and_did_not_do_is_done_by_the_director(lab, monkeypatch):
    session = lab.arrive()
    at_ms = now_ms() - commanding.ABANDONED_MS - 1
    left = Command("a" * 32, What.REMOVE, E, "ann", at_ms, at_ms + 60_000, session=session.id)
    assert store.add(lab.deployment.redis, [left]) == [True]
    commanding.look(lab.deployment, lab.outbox)
    assert again(lab, left).state is State.DONE
    assert lab.read(session).outcome == "ended_by_researcher"
    assert deeds(lab)[-1][0] == "commanded"


def test_a_message_that_nobody_heard_of_is_announced_again_by_the_director(lab):
    session = lab.arrive()
    sent = give(lab, What.MESSAGE, session, text="Hello")
    lab.outbox.said.clear()
    commanding.look(lab.deployment, lab.outbox)
    assert lab.outbox.said == [], "not at once"
    redis = lab.deployment.redis
    redis.hset(keys.command(E, sent.id), "at_ms", now_ms() - commanding.AGAIN_MS - 1)
    commanding.look(lab.deployment, lab.outbox)
    assert ("web-1", inner.Announce(E, session.id)) in lab.outbox.said
    give(lab, What.REMOVE, session)
    commanding.look(lab.deployment, lab.outbox)
    left = again(lab, sent)
    assert left.state is State.FAILED and "left before" in left.why


def test_a_command_moves_once_however_many_say_so(lab):
    session = lab.arrive()
    sent = give(lab, What.MESSAGE, session, text="Hello")
    redis = lab.deployment.redis
    with ThreadPoolExecutor(8) as together:
        moved = list(
            together.map(lambda _: store.move(redis, sent, Event.TAKEN, now_ms()), range(8))
        )
    assert moved.count(True) == 1
    assert not store.move(redis, sent, Event.SENT, now_ms()), "it does not go back"


# --- the audit log ----------------------------------------------------------------------------


UNDOES = {What.INCLUDE: What.EXCLUDE, What.OPEN: What.CLOSE, What.ACTIVATE: What.RETIRE}


@pytest.mark.parametrize("what", What)
def test_each_command_is_one_line_of_the_audit_log_by_whoever_gave_it(lab, what):
    """Of a game's, once its worker did it or time is over: here nobody plays it."""
    more: dict[str, Any] = {"text": "1", "number": 60}
    if KINDS[what].to == "game":
        game = lab.pair()
        about, more = list(game.seats.values()), {"game": game.id, "seat": "left"}
        command = give(lab, what, by=BOB, **more)
        if command.state is State.PENDING:
            hasten(lab, command)
        for _ in range(3):
            commanding.look(lab.deployment, lab.outbox)
        assert again(lab, command).state in (State.EXPIRED, State.FAILED)
    else:
        somebody = lab.to_lobby()
        about = [somebody.id]
        if (undone := UNDOES.get(what)) is not None:  # what changes nothing is no deed
            give(lab, undone, *([somebody] if KINDS[undone].to == "session" else []), **more)
        give(lab, what, *([somebody] if KINDS[what].to == "session" else []), by=BOB, **more)
    (line,) = [one for one in auditing.read(lab.deployment) if one.who == "bob"]
    assert line.experiment == E and (line.before, line.after) != ({}, {})
    assert not any(one in str(line) for one in about)
