"""Simulated people answer forms the way the form allows."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from igym.bots.answers import answer, answers, questions

FORMS = sorted(Path(__file__).parents[2].glob("examples/*/pages/*.json"))


def many(question: dict, times: int = 200) -> list:
    """That many people's answers."""
    rng = random.Random(1)
    return [answer({"name": "q", **question}, rng) for _ in range(times)]


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_every_question_of_our_examples_is_answered(file):
    form = json.loads(file.read_text())

    given = answers(form, random.Random(1))

    assert set(given) == {question["name"] for question in questions(form)}


def test_a_rating_stays_on_its_scale_and_uses_all_of_it():
    assert set(many({"type": "rating", "rateMin": 1, "rateMax": 7})) == set(range(1, 8))
    assert set(many({"type": "rating"})) == set(range(1, 6))
    assert set(many({"type": "rating", "rateValues": [{"value": "a"}, "b"]})) == {"a", "b"}


@pytest.mark.parametrize("kind", ["radiogroup", "dropdown"])
def test_one_of_the_choices_is_chosen_by_its_value(kind):
    choices = [{"value": "yes", "text": "Yes"}, "no"]

    assert set(many({"type": kind, "choices": choices})) == {"yes", "no"}


def test_ticked_boxes_are_different_ones_and_within_the_limits():
    question = {"type": "checkbox", "choices": ["a", "b", "c"], "maxSelectedChoices": 2}

    for given in many(question):
        assert 1 <= len(given) <= 2
        assert len(set(given)) == len(given)


def test_a_ranking_ranks_every_choice():
    assert all(sorted(given) == ["a", "b"] for given in many({"type": "ranking", "choices": "ab"}))


def test_a_matrix_has_an_answer_in_every_row():
    question = {"type": "matrix", "rows": ["r1", {"value": "r2"}], "columns": [1, 2]}

    for given in many(question):
        assert set(given) == {"r1", "r2"}
        assert set(given.values()) <= {1, 2}


def test_a_number_is_within_its_bounds():
    given = many({"type": "text", "inputType": "number", "min": 3, "max": 5})

    assert set(given) == {3, 4, 5}


def test_yes_and_no_are_what_the_form_calls_them():
    assert set(many({"type": "boolean"})) == {True, False}
    assert set(many({"type": "boolean", "valueTrue": "J", "valueFalse": "N"})) == {"J", "N"}


def test_questions_in_panels_are_found_and_text_is_not_a_question():
    inside = {"type": "text", "name": "age"}
    panel = {"type": "panel", "name": "p", "elements": [inside, {"type": "html", "name": "note"}]}

    assert list(answers({"pages": [{"elements": [panel]}]}, random.Random(1))) == ["age"]


def test_what_is_hidden_or_strange_stays_unanswered():
    hidden = {"type": "text", "name": "a", "visible": False}
    strange = {"type": "hologram", "name": "b"}

    assert answers({"elements": [hidden, strange]}, random.Random(1)) == {}
