"""Answers to a form in raw SurveyJS JSON are checked by what the JSON declares, and no further."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym import forms
from igym.bots import answers as bots
from igym.domain import surveyjs
from igym.domain.answers import check
from igym.errors import BadMessage, BadPackage


def asked(element: dict, **form: object) -> tuple:
    return surveyjs.rules({"elements": [{"name": "q", **element}], **form}, "form.json")


def takes(element: dict, value: object, **form: object) -> bool:
    try:
        check(asked(element, **form), {"q": value})
    except BadMessage:
        return False
    return True


AB = [{"value": "a", "text": "A"}, "b"]


@pytest.mark.parametrize(
    ("element", "good", "bad"),
    [
        ({"type": "text"}, ["x", "7"], [7, True, ["x"]]),
        ({"type": "text", "maxLength": 3}, ["abc"], ["abcd"]),
        ({"type": "text", "validators": [{"type": "text", "maxLength": 2}]}, ["ab"], ["abc"]),
        ({"type": "text", "inputType": "number", "min": 1, "max": "9"}, [1, 9, 2.5],
         [0, 10, "5", True]),
        ({"type": "text", "inputType": "number", "min": "={other}"}, [-5], ["five"]),
        ({"type": "text", "inputType": "number",
          "validators": [{"type": "numeric", "minValue": 18}]}, [18], [17]),
        ({"type": "text", "inputType": "range"}, [0, 100], [101]),
        ({"type": "text", "inputType": "date", "min": "2026-01-01", "max": "today()"},
         ["2026-01-01", "2030-05-01"], ["2025-12-31", "yesterday", 7]),
        ({"type": "text", "inputType": "email"}, ["a@b.c"], [3]),
        ({"type": "text", "maskType": "numeric"}, [3, "3"], []),
        ({"type": "comment", "maxLength": 2}, ["ab"], ["abc", 1]),
        ({"type": "boolean"}, [True, False], ["yes", 1]),
        ({"type": "boolean", "valueTrue": "y", "valueFalse": "n"}, ["y", "n"], [True]),
        ({"type": "radiogroup", "choices": AB}, ["a", "b"], ["c", ["a"]]),
        ({"type": "radiogroup", "choices": AB, "showOtherItem": True, "hasNone": True},
         ["other", "none"], ["refused"]),
        ({"type": "dropdown", "choices": [], "choicesMin": 1, "choicesMax": 5, "choicesStep": 2},
         [1, 3, 5], [2, 7]),
        ({"type": "dropdown", "choicesByUrl": {"url": "x"}}, ["anything"], []),
        ({"type": "imagepicker", "choices": AB}, ["a"], [["a"]]),
        ({"type": "imagepicker", "choices": AB, "multiSelect": True}, [["a", "b"]], ["a"]),
        ({"type": "checkbox", "choices": [*AB, "c"], "maxSelectedChoices": 2, "showNoneItem": True},
         [["a"], ["b", "c"], ["none"]], [["a", "b", "c"], ["x"], "a", ["a", "a"]]),
        ({"type": "tagbox", "choices": AB, "minSelectedChoices": 2}, [["b", "a"]], [["a"]]),
        ({"type": "rating"}, [1, 5], [0, 6, "3"]),
        ({"type": "rating", "rateMin": 0, "rateMax": 1, "rateStep": 0.5}, [0.5], [0.25]),
        ({"type": "rating", "rateCount": 7}, [7], [8]),
        ({"type": "rating", "rateValues": ["low", {"value": "high"}]}, ["high"], [1]),
        ({"type": "ranking", "choices": AB}, [["b", "a"]], [["a"], ["a", "a"]]),
        ({"type": "ranking", "choices": AB, "selectToRankEnabled": True}, [["b"]], [["c"]]),
        ({"type": "matrix", "rows": ["r1", {"value": "r2"}], "columns": [1, 2]},
         [{"r1": 1}, {"r1": 1, "r2": 2}], [{"r3": 1}, {"r1": 3}, 1]),
        ({"type": "matrix", "columns": ["x"]}, ["x"], ["y"]),
        ({"type": "slider", "max": 10}, [0, 10], [11, "5"]),
        ({"type": "file"}, [[{"name": "a"}]], []),
        ({"type": "multipletext", "items": [{"name": "x"}]}, [{"x": "y"}], []),
    ],
)  # fmt: skip
def test_what_a_question_declares_is_what_it_takes(element, good, bad):
    for value in good:
        assert takes(element, value), value
    for value in bad:
        assert not takes(element, value), value
        assert takes(element, value, validationEnabled=False), value


@pytest.mark.parametrize(
    ("element", "form"),
    [
        ({"visibleIf": "{a} = 1"}, {}),
        ({"visible": False}, {}),
        ({"readOnly": True}, {}),
        ({"isRequired": False}, {}),
        ({}, {"triggers": [{"type": "complete"}]}),
        ({}, {"validationEnabled": False}),
    ],
)
def test_a_question_that_not_everybody_has_to_answer_may_be_left_out(element, form):
    made = {"type": "comment", "isRequired": True}
    with pytest.raises(BadMessage, match="Please answer"):
        check(asked(made), {})
    assert check(asked(made | element, **form), {}) == {}
    inside = {"elements": [{"type": "panel", "name": "p", "visibleIf": "{a}=1",
                            "elements": [{"name": "q", **made}]}]}  # fmt: skip
    assert check(surveyjs.rules(inside, "form.json"), {}) == {}


def test_whole_grids_are_asked_for_where_every_row_is():
    grid = {"type": "matrix", "rows": ["r", "s"], "columns": [1], "isRequired": True}
    assert takes(grid, {"r": 1})
    assert not takes(grid | {"eachRowRequired": True}, {"r": 1})
    assert takes(grid | {"eachRowRequired": True}, {"r": 1, "s": 1})


def test_what_is_written_beside_a_choice_is_kept_only_where_there_is_a_field():
    other = {"type": "radiogroup", "choices": ["a"], "hasOther": True}
    said = {"q": "other", "q-Comment": "mine"}
    assert check(asked(other), said) == said
    with pytest.raises(BadMessage, match="beside"):
        check(asked({"type": "radiogroup", "choices": ["a"]}), {"q": "a", "q-Comment": "x"})


def test_answers_go_by_value_name_and_calculated_ones_are_taken():
    form = {"elements": [{"type": "text", "name": "shown", "valueName": "kept"},
                         {"type": "expression", "name": "sum"}]}  # fmt: skip
    rules = surveyjs.rules(form, "form.json")
    assert [(rule.item, rule.unchecked) for rule in rules] == [("kept", ""), ("sum", "expression")]


@pytest.mark.parametrize(
    "element",
    [
        {"type": "radiogroup", "choices": [{"text": "A"}]},
        {"type": "radiogroup", "choices": 7},
        {"type": "rating", "rateStep": 0},
        {"type": "rating", "rateMax": "many"},
        {"type": "checkbox", "choices": ["a"], "maxSelectedChoices": "two"},
        {"type": "text", "maxLength": "long"},
        {"type": "text", "inputType": "number", "validators": [3]},
    ],
)
def test_a_question_that_is_malformed_is_refused_with_its_name_and_file(element):
    with pytest.raises(BadPackage, match=r"form\.json: the question 'q' is not as SurveyJS"):
        asked(element)


@given(st.integers(0, 2**32))
def test_the_builders_own_json_read_as_raw_takes_what_the_builder_takes(seed):
    """Two ways to the same rules: from the typed question, and from the JSON it makes."""
    made = forms.form(
        forms.number("n", "?", least=1, most=9), forms.text("t", "?"), forms.paragraph("p", "?"),
        forms.choice("c", "?", ["a", "b"]), forms.choices("m", "?", ["a", "b", "c"]),
        forms.yes_no("y", "?"), forms.scale("s", "?", points=7), forms.slider("l", "?"),
        forms.ranking("r", "?", ["x", "y", "z"]), forms.likert("k", "?", {"a": "A", "b": "B"}),
        forms.matrix("g", "?", {"a": "A"}, ["u", "v"]),
    )  # fmt: skip
    form = made.surveyjs({})
    raw = surveyjs.rules(form, "form.json")
    assert [rule.item for rule in raw] == [rule.item for rule in made.rules]
    assert not [rule.item for rule in raw if rule.unchecked]
    said = bots.answers(form, random.Random(seed))
    assert check(raw, said) == check(made.rules, said) == said
