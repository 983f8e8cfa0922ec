"""However many ask at once: no quota is overshot, no place is lost, and the log explains each."""

from __future__ import annotations

import random

import pytest

from igym.domain import places
from igym.domain.participant import Phase
from igym.domain.places import Taken
from igym.errors import Conflict, NotFound
from igym.store import keys, quotas, records, sessions
from igym.store.quotas import Full, Give, Take
from tests.store.test_sessions import Crowd, E, a_session

CELLS = ("a", "b", "c", "d")


def take(unit: str, *members: str, seed: int = 1, wanted: int = 2, over: int = 0, mode="live"):
    row = {
        "unit_id": unit, "treatment": "t", "day_ms": 5.5, "mode": mode, "cells": CELLS,
        "wanted": wanted, "over": over, "seed": seed, "reserved_ms": 5.5,
    }  # fmt: skip
    order = places.drawn(CELLS, seed)
    return Take("t", unit, CELLS, order, wanted, over, members or (unit,), 5.5, row)


def arrive(redis, id: str, *, mode="live", **more):
    sessions.create(redis, a_session(id, mode=mode), "", [], takes=[take(id, mode=mode, **more)])
    return sessions.read(redis, E, id)


def end(redis, session, valid: bool) -> None:
    outcome = "complete" if valid else "left"
    gives = [Give(t, unit, session.id, valid, 9.25, outcome) for t, unit in session.holds.items()]
    sessions.move(redis, session, {"phase": "ended"}, [], gives=gives, ends=True)


def log(redis) -> dict[str, dict]:
    """The assignments so far, by unit, as the archiver will merge them."""
    columns = ("settled_change", "valid_ms", "released_ms", "settled_by", "reason")
    made: dict[str, dict] = {}
    for table, row in records.waiting(redis, E, "1", 100_000)[1]:
        if table == "assignments":
            made.setdefault(row["unit_id"], dict.fromkeys(columns)).update(row)
    return made


def assert_explained(redis, mode: str = "live") -> dict[str, Taken]:
    """The log adds up to what Redis counts; returned by cell."""
    account = places.account(log(redis).values())
    assert account.problems == []
    counted = quotas.counts(redis, E, "1", mode).get("t", {})
    assert account.cells(mode, "t") == counted
    return counted


def test_a_place_is_reserved_then_valid_or_given_back(redis):
    ann, bob = arrive(redis, "ann"), arrive(redis, "bob")
    assert ann.holds == {"t": "ann"} and set(ann.cells) == {"t"} and ann.cells != bob.cells
    assert assert_explained(redis) == {ann.cells["t"]: Taken(1, 0), bob.cells["t"]: Taken(1, 0)}

    end(redis, ann, valid=True)
    end(redis, bob, valid=False)

    assert assert_explained(redis) == {ann.cells["t"]: Taken(0, 1), bob.cells["t"]: Taken(0, 0)}
    rows = log(redis)
    assert (rows["ann"]["valid_ms"], rows["ann"]["released_ms"]) == (9.25, None)
    assert (rows["bob"]["valid_ms"], rows["bob"]["released_ms"]) == (None, 9.25)
    assert (rows["bob"]["settled_by"], rows["bob"]["reason"]) == ("bob", "left")
    assert redis.hlen(keys.holders(E, "1", "live")) == 0


def test_a_group_is_valid_with_its_last_member_and_free_with_the_first_who_fails(redis):
    for unit, outcomes, valid in (("g1", (True, True), 1), ("g2", (True, False), 0)):
        one, two = (a_session(f"{unit}-{n}") for n in range(2))
        sessions.create(redis, one, "", [], takes=[take(unit, one.id, two.id, wanted=9)])
        sessions.create(redis, two.changed(holds={"t": unit}), "", [])
        cell = sessions.read(redis, E, one.id).cells["t"]

        end(redis, sessions.read(redis, E, one.id), outcomes[0])
        assert quotas.counts(redis, E, "1", "live")["t"][cell] == Taken(1, 0)
        end(redis, sessions.read(redis, E, two.id), outcomes[1])
        assert quotas.counts(redis, E, "1", "live")["t"][cell] == Taken(0, valid)
    assert_explained(redis)


def test_a_place_is_settled_once_whoever_says_it_how_often(redis):
    ann = arrive(redis, "ann")
    end(redis, ann, valid=True)
    with pytest.raises(Conflict):
        end(redis, ann, valid=True)
    now = sessions.read(redis, E, "ann")
    end(redis, now, valid=False)  # a script that does not know that ended is ended
    assert assert_explained(redis) == {ann.cells["t"]: Taken(0, 1)}


def test_who_finds_no_place_finds_nothing_changed(redis):
    for n in range(8):
        arrive(redis, f"p{n}")
    before = {key: redis.dump(key) for key in redis.scan_iter("igym:*")}

    with pytest.raises(Full):
        arrive(redis, "late")
    with pytest.raises(NotFound):
        sessions.read(redis, E, "late")
    assert {key: redis.dump(key) for key in redis.scan_iter("igym:*")} == before

    waiting = a_session("bob")
    sessions.create(redis, waiting, "", [])
    with pytest.raises(Full):
        sessions.move(redis, waiting, {"scene": "x"}, [], takes=[take("bob")])
    assert sessions.read(redis, E, "bob") == waiting

    # And a place that is given back is the next one's
    free = sessions.read(redis, E, "p3")
    end(redis, free, valid=False)
    assert arrive(redis, "late").cells == free.cells
    assert_explained(redis)


def test_modes_and_versions_are_counted_apart(redis):
    for mode in ("live", "pilot"):
        for n in range(8):
            arrive(redis, f"{mode}{n}", mode=mode)
        with pytest.raises(Full):
            arrive(redis, f"{mode}8", mode=mode)
        assert_explained(redis, mode)
    other = a_session("new", release="2")
    assert sessions.create(redis, other, "", [], takes=[take("new")]) == "new"


def test_the_cell_a_script_chooses_is_the_one_its_log_gives_again(redis):
    for n in range(30):
        session = arrive(redis, f"p{n}", seed=n, wanted=0)
        row = log(redis)[session.id]
        told = {c: Taken(r, 0) for c, r in zip(CELLS, row["reserved_seen"], strict=True)}
        again = places.choose(places.drawn(CELLS, n), told, 0, 0)
        assert row["cell"] == session.cells["t"] == again


@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_who_come_and_go_at_once_leave_each_cell_exactly_full(redis, seed):
    luck = random.Random(seed)
    fates = {f"p{n}": luck.random() for n in range(200)}

    def live(k):
        """Arrive, again and again until there is a place, and end as fate will have it."""
        for n in range(k, 200, 20):
            try:
                session = arrive(redis, f"p{n}", seed=n, wanted=10, over=1)
            except Full:
                continue
            if fates[session.id] > 0.05:
                end(redis, session, valid=fates[session.id] > 0.4)

    Crowd(20)(live)

    counted = assert_explained(redis)
    assert all(cell.all <= 11 and cell.reserved >= 0 for cell in counted.values())
    assert sum(cell.all for cell in counted.values()) >= 20
    left = {sessions.read(redis, E, id).phase for id in log(redis)}
    assert Phase.ENDED in left <= {Phase.READING, Phase.ENDED}
