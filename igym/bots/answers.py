"""Plausible answers to a form in SurveyJS JSON. Pure; random where people differ.

Questions that are not known here stay unanswered, as some people leave them too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from igym.bots.shown import shown

_WORDS = [
    "it",
    "was",
    "fun",
    "and",
    "the",
    "ball",
    "went",
    "over",
    "net",
    "I",
    "think",
    "my",
    "partner",
    "played",
    "well",
    "today",
]

#: Where SurveyJS keeps a node's children.
_CHILDREN = ("pages", "elements", "questions", "templateElements")


def answers(form: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """Item name -> value, for every visible question of a known type."""
    found: dict[str, Any] = {}
    for question in questions(form):
        if shown(str(question.get("visibleIf") or ""), found):
            value = answer(question, rng)
            if value is not None:
                found[question["name"]] = value
    return found


def questions(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every question below `node`, in the order of the form."""
    for key in _CHILDREN:
        for child in node.get(key) or ():
            if child.get("visible") is False:
                continue
            if "name" in child and "type" in child and child["type"] != "panel":
                yield child
            else:
                yield from questions(child)


def answer(question: Mapping[str, Any], rng: random.Random) -> Any:
    """One answer; None where the type asks nothing or is not known here."""
    match question["type"]:
        case "text":
            return _text(question, rng)
        case "comment":
            return " ".join(rng.choices(_WORDS, k=rng.randint(3, 12)))
        case "rating":
            return _rating(question, rng)
        case "radiogroup" | "dropdown" | "imagepicker" | "buttongroup":
            choices = values(question.get("choices"))
            return rng.choice(choices) if choices else None
        case "checkbox" | "tagbox":
            choices = values(question.get("choices"))
            most = int(question.get("maxSelectedChoices") or len(choices))
            least = int(question.get("minSelectedChoices") or 1)
            if not choices:
                return None
            return rng.sample(choices, rng.randint(min(least, len(choices)), max(least, most)))
        case "boolean":
            no, yes = question.get("valueFalse", False), question.get("valueTrue", True)
            return rng.choice([no, yes])
        case "ranking":
            choices = values(question.get("choices"))
            return rng.sample(choices, len(choices))
        case "slider":
            return rng.randint(int(question.get("min", 0)), int(question.get("max", 100)))
        case "matrix":
            rows, columns = values(question.get("rows")), values(question.get("columns"))
            return {str(row): rng.choice(columns) for row in rows} if rows and columns else None
        case "multipletext":
            return {item["name"]: _text(item, rng) for item in question.get("items") or ()}
    return None


def values(choices: Any) -> list[Any]:
    """The values of a list of choices, each a value or {value, text}."""
    return [one.get("value") if isinstance(one, Mapping) else one for one in choices or ()]


def _rating(question: Mapping[str, Any], rng: random.Random) -> Any:
    if rates := values(question.get("rateValues")):
        return rng.choice(rates)
    least = int(question.get("rateMin", 1))
    most = int(question.get("rateMax", least + int(question.get("rateCount", 5)) - 1))
    step = int(question.get("rateStep", 1))
    return rng.choice(range(least, most + 1, step))


def _text(question: Mapping[str, Any], rng: random.Random) -> Any:
    match question.get("inputType", "text"):
        case "number" | "range":
            least = float(question.get("min", 18))
            return rng.randint(int(least), int(float(question.get("max", least + 60))))
        case "date":
            return f"{rng.randint(1960, 2005)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        case "email":
            return f"somebody{rng.randint(1, 999)}@example.org"
        case "tel":
            return f"+1555{rng.randint(0, 9_999_999):07d}"
        case "url":
            return "https://example.org/"
        case "color":
            return f"#{rng.randrange(2**24):06x}"
        case "time":
            return f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"
    return " ".join(rng.choices(_WORDS, k=rng.randint(1, 4)))[: int(question.get("maxLength", 60))]
