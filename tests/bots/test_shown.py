"""Simulated participants see the questions that a person sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.bots.shown import shown
from igym.domain.conditions import answer, facts, holds, surveyjs

A, B = answer("a"), answer("b")
TEXTS = st.text("ab' {}", max_size=4)
VALUES = TEXTS | st.integers(-3, 3) | st.booleans()
LEAVES = st.one_of(
    st.builds(lambda f, v: f == v, st.sampled_from((A, B)), VALUES),
    st.builds(lambda f, v: f != v, st.sampled_from((A, B)), VALUES),
    st.builds(lambda f, v: f >= v, st.sampled_from((A, B)), st.integers(-3, 3)),
    st.builds(lambda f, v: f.one_of(*v), st.just(A), st.lists(VALUES, min_size=1, max_size=3)),
    st.builds(lambda f, v: f.has(v), st.just(B), VALUES),
    st.just(A.given()),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda a, b: a & b, inner, inner)
        | st.builds(lambda a, b: a | b, inner, inner)
        | st.builds(lambda a: ~a, inner)
    ),
    max_leaves=5,
)


@given(CONDITIONS, VALUES | st.none(), VALUES | st.lists(VALUES, max_size=3))
def test_what_a_condition_says_is_what_the_form_says(condition, a, b):
    answers = {"a": a, "b": b}
    assert shown(surveyjs(condition), answers) is holds(condition, facts(answers, {}))


@pytest.mark.parametrize("odd", ["age({a}) > 3", "{a} +", "{a} = ", "({a} = 1", "'", "{a} ~ 1"])
def test_what_cannot_be_read_counts_as_shown(odd):
    assert shown(odd, {"a": 2})
