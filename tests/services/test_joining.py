"""Fifty who join at once, over several processes: nobody twice, nobody lost, no place too many."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from igym.domain.plan import TreatmentPlan
from tests.services.paper import E, Paper, a_plan

JOINER = Path(__file__).with_name("joiner.py")
PROCESSES, JOINS, PEOPLE = 4, 50, 20


@pytest.fixture(scope="module")
def joiners(redis_url) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that wait for people."""
    made = [
        subprocess.Popen(
            [sys.executable, str(JOINER), redis_url, E],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(PROCESSES)
    ]  # fmt: skip
    yield made
    for one in made:
        one.communicate(timeout=30)  # the end of its input is its end


def a_round(joiners: list[subprocess.Popen[str]], number: int) -> dict[str, str]:
    """Twenty people, fifty clicks: person -> session, once it is the same for every click."""
    clicks = [f"p{number}-{n % PEOPLE}" for n in range(JOINS)]
    shares = [clicks[n::PROCESSES] for n in range(PROCESSES)]
    for joiner, share in zip(joiners, shares, strict=True):
        joiner.stdin.write(json.dumps(share) + "\n")
        joiner.stdin.flush()
    found: dict[str, set[str]] = {}
    for joiner, share in zip(joiners, shares, strict=True):
        for person, session in zip(share, json.loads(joiner.stdout.readline()), strict=True):
            found.setdefault(person, set()).add(session)
    assert len(found) == PEOPLE
    assert {person: len(ids) for person, ids in found.items()} == dict.fromkeys(found, 1)
    return {person: ids.pop() for person, ids in found.items()}


@pytest.mark.parametrize("rounds", [5, pytest.param(200, marks=pytest.mark.slow)])
def test_joins_over_several_processes_are_as_if_one_after_the_other(deployment, joiners, rounds):
    wanted = rounds * PEOPLE // 4 - 3  # twelve people too many come
    treatment = TreatmentPlan("t", "participant", ("a", "b", "c", "d"), wanted)
    study = Paper(deployment, a_plan(treatment))

    made: dict[str, str] = {}
    for number in range(rounds):
        made |= a_round(joiners, number)

    assert len(set(made.values())) == len(made) == rounds * PEOPLE
    people = [study.read(id) for id in made.values()]
    assert Counter(one.outcome for one in people) == {"": 4 * wanted, "full": 12}
    each = dict.fromkeys("abcd", wanted)
    assert Counter(one.cells["t"] for one in people if not one.outcome) == each
    rows = {row["session_id"] for row in study.rows("sessions")}
    assert rows == set(made.values())  # nobody who is not there left a row
    assert len(study.rows("participants")) == rounds * PEOPLE
    assert {cell: taken.reserved for cell, taken in study.places("t").items()} == each
