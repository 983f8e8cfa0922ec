"""Rules that choose a policy: the same results, the same choice, whoever works it out."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.adaptive import Adaptive, chosen_by, staircase
from igym.domain.policy import Human, Random
from igym.domain.rounds import packed, scored, unpacked, won
from igym.errors import BadPackage
from tests.domain.test_rounds import result

CELLS = ("easy", "medium", "hard")


def climb(rule, wins: list[bool]) -> list[str]:
    """The cell of each episode, where it is won as told."""
    results = [result(n, red=float(won)) for n, won in enumerate(wins)]
    return [rule.cell(CELLS, results[:n]) for n in range(len(wins) + 1)]


def test_two_up_one_down_goes_as_in_the_textbook():
    rule = staircase(won("red"), start="medium", up=2, down=1)
    assert climb(rule, [True, True, True, False, False, True, True]) == [
        "medium", "medium", "hard", "hard", "medium", "easy", "easy", "medium",
    ]  # fmt: skip


def test_a_staircase_stays_at_its_ends_and_does_not_look_at_practice():
    rule = staircase(scored(1, "red"))
    assert climb(rule, [True] * 4)[-1] == "hard" and climb(rule, [False] * 3)[-1] == "easy"
    assert rule.cell(CELLS, [result(0, red=1, practice=True)]) == "easy"


@given(st.integers(1, 3), st.integers(1, 3), st.sampled_from(CELLS), st.lists(st.booleans()))
def test_a_sequence_is_made_again_from_what_was_logged(up, down, start, wins):
    rule = staircase(won("red"), start=start, up=up, down=down)
    lived, log = [], []
    for win in [*wins, False]:
        log.append(json.dumps([packed(one) for one in lived]))
        cell = rule.cell(CELLS, lived)
        lived.append(result(len(lived), red=float(win), cells={"blue": cell}))
    again = [rule.cell(CELLS, [unpacked(one) for one in json.loads(line)]) for line in log]
    assert again == [one.cells["blue"] for one in lived]
    steps = [abs(CELLS.index(a) - CELLS.index(b)) for a, b in itertools.pairwise(again)]
    assert all(step <= 1 for step in steps)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Adaptive(staircase(won()), easy=Random()), "at least two"),
        (lambda: Adaptive(staircase(won()), easy=Random(), hard=Human), "is not a policy"),
        (lambda: Adaptive("hard", easy=Random(), hard=Random()), "is not staircase"),
        (lambda: Adaptive(staircase(won(), start="mild"), a=Random(), b=Random()), "mild"),
        (lambda: Adaptive(chosen_by("r", "?", labels={"c": "C"}), a=Random(), b=Random()), "'c'"),
        (lambda: staircase(won(), up=0), "up=0"),
        (lambda: staircase(lambda results: True), "needs won"),
    ],
)
def test_a_mistake_is_told_where_it_is_made(make, why):
    with pytest.raises(BadPackage, match=why):
        make()


def test_a_choice_is_asked_in_the_words_of_the_author():
    rule = chosen_by("red", "How strong?", labels={"hard": "Very"}, name="level")
    (question,) = Adaptive(rule, easy_going=Random(), hard=Random()).form()["elements"]
    assert (question["name"], question["title"]) == ("level", "How strong?")
    assert question["choices"] == [
        {"value": "easy_going", "text": "Easy going"},
        {"value": "hard", "text": "Very"},
    ]
