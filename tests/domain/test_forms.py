"""A form's mistakes are refused on the author's line; what it asks for is what is taken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.bots import answers as bots
from igym.domain import answers as rules
from igym.domain.conditions import cell
from igym.domain.experiment import survey
from igym.errors import BadMessage, BadPackage
from igym.forms import (
    answer,
    choice,
    choices,
    form,
    image,
    likert,
    matrix,
    new_page,
    number,
    paragraph,
    ranking,
    scale,
    slider,
    text,
    words,
    yes_no,
)  # fmt: skip

ALL = form(
    text("nick", "What shall we call you?", most_chars=10),
    number("age", "How old are you?", least=18, most=99, whole=True, required=True),
    choice("hand", "Which hand?", ["left", "right"], other="Another", required=True),
    paragraph("why", "Why?", shown_if=answer("hand") == "other", required=True),
    choices("games", "Which do you play?", {"c": "Chess", "g": "Go", "s": "Shogi"}, most=2,
            none="None of these"),
    new_page(),
    yes_no("glasses", "Do you wear glasses?"),
    scale("fun", "Was it fun?", points=5, low="no", high="yes", required=True),
    likert("trust", "How much do you agree?", {"a": "I trust it.", "b": "I like it."},
           required=True),
    matrix("when", "When do you play?", {"chess": "Chess", "go": "Go"}, ["day", "night"]),
    image("room", "Which room?", {"a": "a.png", "b": "b.png"}, comment="Why that one?"),
    slider("sure", "How sure are you?", low="not", high="very"),
    ranking("order", "Which is best?", ["x", "y", "z"]),
    words("pages/thanks.md"),
    title="About you",
)  # fmt: skip

GOOD = {
    "nick": "Ann", "age": 30, "hand": "left", "games": ["c", "g"], "glasses": True, "fun": 3,
    "trust": {"a": 1, "b": 5}, "when": {"chess": "day"}, "room": "a", "room-Comment": "So.",
    "sure": 55.5, "order": ["y", "z", "x"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: text("1st", "?"), r"text\('1st'\): the name will not do"),
        (lambda: text("a.b", "?"), "will not do"),
        (lambda: text("a", ""), "question itself is missing"),
        (lambda: text("a", "?", most_chars=0), "most_chars=0 is not 1 to 2000"),
        (lambda: text("a", "?", pattern="("), "pattern='\\('"),
        (lambda: number("a", "?", least="18"), "least='18' is not a number"),
        (lambda: number("a", "?", least=3, most=1), "least=3 is above most=1"),
        (lambda: number("a", "?", required="yes"), "required='yes' is not True or False"),
        (lambda: choice("a", "?", "left"), "'left' are no choices"),
        (lambda: choice("a", "?", []), "0 choices are not 1 to 100"),
        (lambda: choice("a", "?", ["x", "x"]), "a choice is there twice"),
        (lambda: choice("a", "?", [True]), "the choice True is not a text or number"),
        (lambda: choice("a", "?", {"x": 1}), "the label 1 of 'x' is not a text"),
        (lambda: choice("a", "?", ["x"], look="lst"), "look='lst'.*Did you mean 'list'"),
        (lambda: choice("a", "?", ["other"], other="Else"), "the value 'other' is that of other="),
        (lambda: choices("a", "?", ["x"], least=2), "least=2 is not 0 to 1"),
        (lambda: choices("a", "?", ["x", "y"], least=2, most=1), "most=1 is not 2 to 2"),
        (lambda: scale("a", "?", points=1), "points=1 is not 2 to 11"),
        (lambda: likert("a", "?", {"b c": "?"}), "the row 'b c' is not a name"),
        (lambda: likert("a", "?", ["x"]), "is not name -> text"),
        (lambda: image("a", "?", {"x": "x.png"}, labels={"y": "Y"}), "labels names 'y'"),
        (lambda: slider("a", "?", least=1, most=1), "least=1 is not below most=1"),
        (lambda: slider("a", "?", step=0), "step=0 is not between"),
        (lambda: words("thanks.png"), "give a Markdown or HTML file"),
        (lambda: text("a", "?", shown_if="b"), "'b' is not a condition"),
        (lambda: text("a", "?", shown_if=cell("b") == "c"), "asks for a treatment's cell"),
        (lambda: form(), "between 1 and 200 questions"),
        (lambda: form(new_page()), "between 1 and 200 questions"),
        (lambda: form("age"), "'age' is not a question"),
        (lambda: form(text("a", "?"), text("a", "?")), "two questions are named 'a'"),
        (lambda: form(text("smokes", "?"), text("b", "?", shown_if=answer("smoks") == "y")),
         "'smoks', which is no question before it. Did you mean 'smokes'"),
        (lambda: form(text("b", "?", shown_if=answer("b") == "y")), "no question before it"),
        (lambda: survey("about", 7), r"survey\('about'\): 7 is no form"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_the_question_and_the_value(make, told):
    with pytest.raises(BadPackage, match=told):
        make()


def test_a_form_becomes_what_the_form_library_shows():
    made = ALL.surveyjs({"a.png": "data:a", "b.png": "data:b", "pages/thanks.md": "<p>Thanks</p>"})
    json.dumps(made)
    first, second = (page["elements"] for page in made["pages"])
    assert made["title"] == "About you"
    assert [one["name"] for one in first] == ["nick", "age", "hand", "why", "games"]
    assert {one["type"] for one in second} == {
        "boolean", "rating", "matrix", "imagepicker", "slider", "ranking", "html",
    }  # fmt: skip
    why = first[3]
    assert (why["visibleIf"], why["isRequired"]) == ("{hand} = 'other'", True)
    room = next(one for one in second if one["name"] == "room")
    assert [one["imageLink"] for one in room["choices"]] == ["data:a", "data:b"]
    assert second[-1]["html"] == "<p>Thanks</p>"
    assert ALL.files == ("pages/thanks.md", "a.png", "b.png")


def test_zero_is_a_bound_and_an_empty_text_is_nothing_said():
    made = number("a", "?", least=0, most=0).json
    assert (made["min"], made["max"]) == (0, 0)
    assert set(scale("a", "?", low="", high="much").json) == {
        "type", "title", "rateMin", "rateMax", "rateCount", "maxRateDescription",
    }  # fmt: skip


def test_what_a_form_asks_for_is_taken():
    assert rules.check(ALL.rules, GOOD) == GOOD


@pytest.mark.parametrize(
    "change",
    [
        {"nick": "x" * 11}, {"nick": 7}, {"age": None}, {"age": 17}, {"age": 100}, {"age": 30.5},
        {"age": "30"}, {"age": True}, {"hand": "middle"}, {"hand": ["left"]}, {"hand": None},
        {"hand": "other"},  # then "why" is missing
        {"games": "c"}, {"games": ["c", "c"]}, {"games": ["c", "g", "s"]}, {"games": ["x"]},
        {"games": ["none", "c", "g"]}, {"glasses": "yes"}, {"fun": 0}, {"fun": 6}, {"fun": True},
        {"trust": {"a": 1}}, {"trust": {"a": 1, "b": 6}}, {"trust": {"a": 1, "b": 1, "c": 1}},
        {"when": {"chess": "noon"}}, {"when": ["day"]}, {"room": "c"}, {"sure": 101}, {"sure": "5"},
        {"order": ["x", "y"]}, {"order": ["x", "y", "y"]}, {"nick-Comment": "hidden"},
        {"room-Comment": 7},
    ],
)  # fmt: skip
def test_what_a_form_does_not_ask_for_is_not_taken(change):
    answers = {k: v for k, v in (GOOD | change).items() if v is not None}
    with pytest.raises(BadMessage):
        rules.check(ALL.rules, answers)


def test_the_refusal_names_the_question():
    with pytest.raises(BadMessage, match="Please answer the question “How old are you\\?”"):
        rules.check(ALL.rules, {k: v for k, v in GOOD.items() if k != "age"})


def test_answers_to_questions_that_were_not_shown_do_not_count_and_hide_what_hangs_on_them():
    chain = form(
        text("a", "?"),
        text("b", "?", shown_if=answer("a") == "yes"),
        text("c", "?", shown_if=answer("b") == "yes", required=True),
    )
    said = {"a": "no", "b": "yes", "c": "yes", "b-Comment": "x"}
    assert rules.check(chain.rules, said) == {"a": "no"}
    assert rules.check(chain.rules, {"a": "yes", "b": "no"}) == {"a": "yes", "b": "no"}


@given(st.randoms(use_true_random=False))
def test_simulated_participants_answer_what_is_asked(rng):
    said = bots.answers(ALL.surveyjs(), rng)
    assert set(said) >= {"age", "hand", "fun", "trust", "order", "sure", "games"}
    rules.check(ALL.rules, said)


@given(
    st.dictionaries(
        st.sampled_from((*ALL.names, "room-Comment")),
        st.recursive(
            st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
        ),
    )
)
def test_whatever_a_browser_says_is_taken_or_refused_in_words(said):
    try:
        assert set(rules.check(ALL.rules, said)) <= set(said)
    except BadMessage as refused:
        assert refused.message
