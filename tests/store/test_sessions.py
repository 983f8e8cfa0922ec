"""The same link is the same person, and a session moves once however often it is asked to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import msgspec
import pytest

from igym.domain.participant import Phase
from igym.errors import Conflict, NotFound
from igym.store import games, keys, lobby, proposals, records, sessions
from igym.store.games import Game
from igym.store.proposals import Player, Proposal
from igym.store.sessions import Session

E = "kitchen"


def a_session(id: str, **fields: object) -> Session:
    made = Session(
        id=id, experiment=E, package="ff", release="1", participant=id, mode="live", version=1,
        phase=Phase.READING, scene="hello", visit=0, entered_ms=1.5, started_ms=1.5,
    )  # fmt: skip
    return msgspec.structs.replace(made, **fields)


def waiting(redis, name: str, id: str) -> Session:
    """Somebody in the lobby `name`."""
    sessions.create(redis, a_session(id), "", [])
    here = sessions.read(redis, E, id)
    sessions.move(redis, here, {"phase": "waiting"}, [], join=name, at_ms=len(id))
    return sessions.read(redis, E, id)


def a_game(id: str, *people: Session) -> Game:
    return Game(
        id=id, experiment=E, package="ff", release="1", scene="game", mode="live", seed=2**53 - 1,
        seats={f"s{n}": who.id for n, who in enumerate(people)}, created_ms=5.25,
    )  # fmt: skip


def propose(redis, id: str, *people: Session) -> None:
    """A proposal to which everybody says yes."""
    made = Proposal(id, [who.id for who in people], "d", 1.0, 2.0, 1)
    proposals.propose(redis, E, "l", made, 1)
    for who in people:
        proposals.confirm(redis, E, "l", who.id, id)


def seal(redis, proposal: str, game: Game, players, rows=()) -> None:
    seated = [Player(who.id, who.version, fields) for who, fields in players]
    proposals.seal(redis, "l", proposal, 1, game, seated, rows, 1.0)


@dataclass
class Crowd:
    """`n` threads that do something at the same moment."""

    n: int

    def __call__(self, act):
        together = Barrier(self.n)

        def one(k):
            together.wait()
            return act(k)

        with ThreadPoolExecutor(self.n) as threads:
            return list(threads.map(one, range(self.n)))


def test_a_session_is_read_as_it_was_written(redis):
    made = a_session("ann", max_s=2.5, seat="left", code="C1")
    assert sessions.create(redis, made, "", []) == "ann"
    assert sessions.read(redis, E, "ann") == made
    with pytest.raises(NotFound):
        sessions.read(redis, E, "bob")


def test_fifty_clicks_on_one_link_make_one_session(redis):
    for round in range(5):
        field = sessions.recruit_field("live", f"p{round}")
        rows = [("sessions", {"session_id": "x", "day_ms": 0})]
        ids = Crowd(50)(
            lambda k, r=round, f=field, w=rows: sessions.create(redis, a_session(f"{r}-{k}"), f, w)
        )
        assert len(set(ids)) == 1
        assert redis.exists(*(keys.session(E, f"{round}-{k}") for k in range(50))) == 1
        assert len(records.waiting(redis, E, "1", 100)[1]) == round + 1


def test_modes_people_and_waves_are_told_apart():
    fields = [
        sessions.recruit_field(mode, who, wave)
        for mode in ("live", "pilot")
        for who in ("ann", "bob")
        for wave in ("", "one", "two")
    ]
    assert len(set(fields)) == 12


def test_of_fifty_who_begin_anew_at_once_one_does_and_the_old_session_is_left(redis):
    field = sessions.recruit_field("live", "ann")
    assert sessions.create(redis, a_session("old"), field, []) == "old"
    assert sessions.create(redis, a_session("new"), field, []) == "old"
    ids = Crowd(50)(
        lambda k: sessions.create(redis, a_session(f"new{k}"), field, [], replaces="old")
    )
    (made,) = set(ids)
    assert made.startswith("new") and sessions.of_recruit(redis, E, field) == made
    assert sessions.read(redis, E, "old").id == "old"


def test_how_a_wave_ended_outlives_the_session(redis):
    one = a_session("s1", wave="one", participant="ann")
    field = sessions.recruit_field("live", "ann", "one")
    sessions.create(redis, one, field, [])
    assert sessions.took_part(redis, E, "live", "ann")
    assert not sessions.took_part(redis, E, "pilot", "ann")
    assert sessions.wave_outcome(redis, E, "live", "ann", "one") == ""
    sessions.move(redis, one, {"outcome": "complete"}, [], ends=True)
    redis.delete(keys.session(E, "s1"))
    assert sessions.wave_outcome(redis, E, "live", "ann", "one") == "complete"
    assert sessions.wave_outcome(redis, E, "live", "ann", "two") == ""


def test_whoever_comes_without_ids_is_always_somebody_new(redis):
    assert [sessions.create(redis, a_session(id), "", []) for id in ("a", "b")] == ["a", "b"]


def test_of_eight_who_move_a_session_at_once_exactly_one_does(redis):
    for round in range(20):
        seen = a_session(f"ann{round}")
        sessions.create(redis, seen, "", [])

        def attempt(k, seen=seen):
            try:
                return sessions.move(redis, seen, {"scene": f"s{k}"}, [("visits", {"k": k})])
            except Conflict as moved:
                assert moved.moved == (seen.id,)
                return None

        won = Crowd(8)(attempt)
        (winner,) = [k for k, version in enumerate(won) if version is not None]
        now = sessions.read(redis, E, seen.id)
        assert (now.version, now.scene) == (2, f"s{winner}")
    _, rows = records.waiting(redis, E, "1", 1000)
    assert len(rows) == 20  # nobody who lost left a row


def test_a_session_that_left_the_lobby_meanwhile_is_not_moved_out_of_it(redis):
    ann = waiting(redis, "l", "ann")
    lobby.drop(redis, E, "l", "ann")
    with pytest.raises(Conflict):
        sessions.move(redis, ann, {"phase": "ended"}, [], leave="l")
    assert sessions.read(redis, E, "ann") == ann


def test_a_session_that_has_expired_cannot_be_moved_back_to_life(redis):
    with pytest.raises(NotFound):
        sessions.move(redis, a_session("ghost"), {"scene": "x"}, [])
    assert not redis.exists(keys.session(E, "ghost"))


@pytest.mark.parametrize("kitchen", range(50))
def test_nobody_is_matched_twice(redis, kitchen):
    people = {id: waiting(redis, "l", id) for id in ("ann", "bob", "cat")}

    # Given eight matchers that all want ann, and ask at the same moment
    def attempt(k):
        pair = (people["ann"], people[("bob", "cat")[k % 2]])
        game = a_game(f"g{k}", *pair)
        players = [(who, {"phase": "playing", "game": game.id}) for who in pair]
        try:
            propose(redis, f"p{k}", *pair)
            seal(redis, f"p{k}", game, players, [("games", {"game_id": game.id})])
            return game.id
        except Conflict as conflict:
            assert "ann" in conflict.moved
            return None

    # Then one of them got her, and whoever was not matched waits on
    (made,) = [id for id in Crowd(8)(attempt) if id]
    assert games.open_games(redis, E) == [made]
    seated = {id for id in people if sessions.read(redis, E, id).game == made}
    still = {ticket.session for ticket in lobby.tickets(redis, E, "l")}
    assert len(seated) == 2 and "ann" in seated and still == set(people) - seated
    assert sorted(games.read(redis, E, made).seats.values()) == sorted(seated)
    assert len(records.waiting(redis, E, "1", 10)[1]) == 1


def test_a_match_of_which_one_left_seats_nobody(redis):
    ann, bob = waiting(redis, "l", "ann"), waiting(redis, "l", "bob")
    propose(redis, "p", ann, bob)
    sessions.move(redis, bob, {"phase": "ended"}, [], leave="l")

    with pytest.raises(Conflict) as conflict:
        seal(redis, "p", a_game("g", ann, bob), [(ann, {"game": "g"}), (bob, {})])
    assert conflict.value.moved == ("bob",)
    assert sessions.read(redis, E, "ann") == ann
    assert [t.session for t in lobby.tickets(redis, E, "l")] == ["ann"]
    assert games.open_games(redis, E) == []
