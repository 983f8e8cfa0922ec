"""A condition is true of what is known, in Python and, in the same words, in the browser."""

from __future__ import annotations

import pytest

from igym.domain.conditions import answer, answers_in, cell, condition, facts, holds, renamed
from igym.errors import BadPackage

KNOWN = facts(
    {"about.age": 30, "about.hand": "left", "about.text": "18", "about.yes": True,
     "about.many": ["a", "b"], "about.empty": ""},
    {"partner": "expert"},
)  # fmt: skip
AGE, HAND = answer("about.age"), answer("about.hand")


@pytest.mark.parametrize(
    ("it", "true"),
    [
        (AGE == 30, True), (AGE == 31, False), (AGE != 31, True), (AGE >= 30, True),
        (AGE > 30, False), (AGE < 30.5, True), (AGE <= 29, False),
        (answer("about.text") >= 18, True), (HAND >= 1, False),
        (HAND == "left", True), (HAND.one_of("left", "right"), True), (HAND.one_of("x"), False),
        (answer("about.many").has("b"), True), (answer("about.many").has("c"), False),
        (HAND.has("left"), False), (cell("partner") == "expert", True),
        (cell("about.age") == 30, False), (answer("partner") == "expert", False),
        (answer("about.yes") == True, True), (answer("about.yes") == 1, False),  # noqa: E712
        (HAND.given(), True), (answer("about.empty").given(), False),
        (answer("gone").given(), False), (answer("gone") == "x", False),
        (answer("gone") != "x", True), (answer("gone") < 1, False), (answer("gone") >= 1, False),
        ((AGE >= 30) & (HAND == "left"), True), ((AGE >= 31) & (HAND == "left"), False),
        ((AGE >= 31) | (HAND == "left"), True), (~(AGE >= 31), True),
        (~((AGE >= 30) & (cell("partner") == "expert")), False),
    ],
)  # fmt: skip
def test_a_comparison_is_true_of_what_is_known_and_of_nothing_else(it, true):
    assert holds(it, KNOWN) is true


def test_python_words_that_cannot_wait_for_an_answer_are_refused():
    with pytest.raises(BadPackage, match=r"& and \|"):
        bool((AGE >= 30) and (HAND == "left"))
    with pytest.raises(BadPackage, match="is not a condition"):
        condition("about.age > 3", "branch(…)")
    with pytest.raises(BadPackage, match="is not a condition"):
        _ = (AGE >= 30) & True
    with pytest.raises(BadPackage, match="is compared with"):
        _ = AGE == {"a": 1}


def test_a_condition_can_be_about_another_round():
    it = (AGE >= 30) & (cell("age") == "x") & ~HAND.given()
    moved = renamed(it, lambda name: name.replace("about", "about.2"))
    assert answers_in([moved]) == {"about.2.age", "about.2.hand"}
    assert answers_in([it]) == {"about.age", "about.hand"}
