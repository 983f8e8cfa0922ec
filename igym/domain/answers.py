"""What an answer to a form may be, as plain data, and whether one is. Pure.

The browser checks too, so that people are told beside the question; this is for what a browser
that does not keep to the form sends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from igym.domain.conditions import Condition, facts, holds
from igym.errors import BadMessage

#: The most that one answer, and all of a page, may hold: characters of JSON.
MOST_CHARS, MOST_CHARS_IN_ALL = 20_000, 100_000

#: What SurveyJS appends to an item's name for what was written beside a choice.
COMMENT = "-Comment"

#: The value of a choice that is written into a field beside it, and of "none of these".
OTHER, NONE = "other", "none"


@dataclass(frozen=True, slots=True)
class Rule:
    """What the answer to one item may be."""

    item: str
    kind: Literal["text", "number", "date", "one", "many", "grid", "order", "yes", "any"]
    title: str = ""
    required: bool = False
    choices: tuple[Any, ...] = ()  # of a choice, the columns of a grid, first and last date or ""
    rows: tuple[str, ...] = ()  # of a grid
    least: float | None = None  # of a number, or of how many are chosen
    most: float | None = None
    whole: bool = False
    most_chars: int = 0  # 0 = as many as any answer
    comment: bool = False  # whether something can be written beside it
    shown_if: Condition | None = None
    partial: bool = False  # of a grid: rows may be left out, though it is required
    unchecked: str = ""  # of "any": the kind of question about which nothing else is known


def shown(rules: Sequence[Rule], answers: Mapping[str, Any]) -> dict[str, Rule]:
    """The rules of the items that somebody with these answers sees, by item, in order.

    An answer to a question that is not shown counts as none for those that depend on it.
    """
    found: dict[str, Rule] = {}
    known: dict[str, Any] = {}
    for rule in rules:
        if rule.shown_if is None or holds(rule.shown_if, facts(known, {})):
            found[rule.item] = rule
            if rule.item in answers:
                known[rule.item] = answers[rule.item]
    return found


def check(rules: Sequence[Rule], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that count: those to questions that were shown.

    Raises:
        BadMessage: one is missing, or is none that the question has.
    """
    if not rules:
        return dict(answers)
    seen = shown(rules, answers)
    for item, rule in seen.items():
        value = answers.get(item)
        if value in (None, "", [], {}):
            if rule.required:
                raise BadMessage(f"Please answer the question “{rule.title or item}”.")
            continue
        if not fits(rule, value):
            raise BadMessage(
                f"The answer to “{rule.title or item}” is none of those that are asked for.",
                hint="Please look at it once more.",
            )
        beside = answers.get(item + COMMENT)
        if beside is not None and not (rule.comment and isinstance(beside, str)):
            raise BadMessage(f"Nothing can be written beside “{rule.title or item}”.")
    return {k: v for k, v in answers.items() if k.removesuffix(COMMENT) in seen}


def fits(rule: Rule, value: Any) -> bool:
    """Whether `value`, which is not empty, may be the answer."""
    match rule.kind:
        case "text":
            return isinstance(value, str) and len(value) <= (rule.most_chars or MOST_CHARS)
        case "number":
            return (
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and (rule.least is None or value >= rule.least)
                and (rule.most is None or value <= rule.most)
                and (not rule.whole or value == int(value))
            )
        case "date":
            return _day(value, *rule.choices)
        case "any":
            return True
        case "yes":
            return isinstance(value, bool)
        case "one":
            return _among(value, rule.choices)
        case "many":
            return _chosen(rule, value)
        case "order":
            return _chosen(rule, value) and len(value) == len(rule.choices)
        case "grid":
            return (
                isinstance(value, dict)
                and all(
                    row in rule.rows and _among(one, rule.choices) for row, one in value.items()
                )
                and (not rule.required or rule.partial or len(value) == len(rule.rows))
            )


def _day(value: Any, first: str, last: str) -> bool:
    """Whether `value` is a day as "2026-11-26", between the two where they are given."""
    try:
        day = date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        return False
    return (not first or day >= first) and (not last or day <= last)


def right(rule: Rule, accepted: Sequence[Any], value: Any) -> bool:
    """Whether `value` is one of the `accepted` answers, whose order matters only in a ranking."""
    match rule.kind:
        case "text":
            words = str(value).strip().casefold()
            return any(words == str(one).strip().casefold() for one in accepted)
        case "many":
            chosen = value if isinstance(value, list) else []
            return any(
                len(chosen) == len(one) and all(_among(part, one) for part in chosen)
                for one in accepted
            )
    return _among(value, accepted)


def _chosen(rule: Rule, value: Any) -> bool:
    if not isinstance(value, list) or not all(_among(one, rule.choices) for one in value):
        return False
    if any(value.count(one) > 1 for one in value):
        return False
    if value == [NONE]:
        return True
    return (rule.least or 0) <= len(value) <= (rule.most or len(rule.choices))


def _among(value: Any, choices: Sequence[Any]) -> bool:
    """Whether `value` is one of `choices`, and not only because Python's True is 1."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in choices)
