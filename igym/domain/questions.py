"""The kinds of questions a form can have; each function is one.

It checks its arguments at once, so that a mistake is reported on the author's own line. What all
kinds take is spelt out in each all the same: an editor or notebook that completes a call knows only
what is written there, and not a `TypedDict` of common arguments behind `**`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from igym.domain.answers import NONE, OTHER, Rule
from igym.domain.conditions import Condition
from igym.domain.forms import NAME, Choices, Item, given, listed, need, question
from igym.domain.nearest import is_number, is_text, is_whole, nearest
from igym.errors import BadPackage


def text(
    name: str,
    title: str,
    *,
    required: bool = False,
    shown_if: Condition | None = None,
    most_chars: int = 300,
    pattern: str = "",
    placeholder: str = "",
    help: str = "",
) -> Item:
    """One line of text.

    Args:
        name: the item in the data; in a flow's conditions it is "scene.name".
        title: the question.
        required: whether one has to answer to go on.
        shown_if: a condition on earlier answers of this form: `answer("smokes") == "yes"`.
        most_chars: the longest answer.
        pattern: a regular expression that the whole answer must match, checked in the browser.
        placeholder, help: in the empty field; under the question.
    """
    where = f"text({name!r})"
    need(1 <= most_chars <= 2_000, where, f"most_chars={most_chars!r} is not 1 to 2000")
    made = {"maxLength": most_chars, **given(placeholder=placeholder)}
    if pattern:
        try:
            re.compile(pattern)
        except re.error as error:
            raise BadPackage(f"{where}: pattern={pattern!r}: {error}.") from error
        made["validators"] = [{"type": "regex", "regex": f"^(?:{pattern})$"}]
    rule = Rule(name, "text", most_chars=most_chars)
    return question(
        "text", "text", title, rule, made, required=required, shown_if=shown_if, help=help
    )


def paragraph(
    name: str,
    title: str,
    *,
    required: bool = False,
    shown_if: Condition | None = None,
    rows: int = 4,
    most_chars: int = 5_000,
    placeholder: str = "",
    help: str = "",
) -> Item:
    """Several lines of text. Arguments as of `text`; `rows` is the field's height in lines."""
    where = f"paragraph({name!r})"
    need(1 <= rows <= 30, where, f"rows={rows!r} is not 1 to 30")
    need(1 <= most_chars <= 10_000, where, f"most_chars={most_chars!r} is not 1 to 10000")
    made = {"rows": rows, "maxLength": most_chars, **given(placeholder=placeholder)}
    rule = Rule(name, "text", most_chars=most_chars)
    return question(
        "paragraph", "comment", title, rule, made, required=required, shown_if=shown_if, help=help
    )


def number(
    name: str,
    title: str,
    *,
    least: float | None = None,
    most: float | None = None,
    whole: bool = False,
    required: bool = False,
    shown_if: Condition | None = None,
    help: str = "",
) -> Item:
    """A number, between `least` and `most` where they are given; `whole` allows no fraction."""
    where = f"number({name!r})"
    for what, bound in (("least", least), ("most", most)):
        need(bound is None or is_number(bound), where, f"{what}={bound!r} is not a number")
    if least is not None and most is not None:
        need(least <= most, where, f"least={least} is above most={most}")
    made = {"inputType": "number", **given(min=least, max=most)}
    if whole:
        made |= {
            "step": 1,
            "validators": [{"type": "expression", "expression": f"{{{name}}} % 1 = 0"}],
        }
    rule = Rule(name, "number", least=least, most=most, whole=whole)
    return question(
        "number", "text", title, rule, made, required=required, shown_if=shown_if, help=help
    )


def choice(
    name: str,
    title: str,
    choices: Choices,
    *,
    look: Literal["list", "menu", "buttons"] = "list",
    other: str = "",
    comment: str = "",
    shuffled: bool = False,
    required: bool = False,
    shown_if: Condition | None = None,
    help: str = "",
) -> Item:
    """One of several.

    Args:
        choices: a list, or value -> label.
        look: below each other, as a drop-down menu, or as buttons in a row.
        other: label of one more choice with a field; its answer is "other", the text is in
            "<name>-Comment".
        comment: label of a field beside the question.
        shuffled: in another order for each person.
        name, title, required, shown_if, help: as of `text`.
    """
    where = f"choice({name!r})"
    types = {"list": "radiogroup", "menu": "dropdown", "buttons": "buttongroup"}
    if look not in types:
        raise BadPackage(f"{where}: look={look!r} is not known.", hint=nearest(look, types))
    made: dict[str, Any] = {"choices": listed(where, choices)}
    values = [one["value"] for one in made["choices"]]
    if other:
        need(look != "buttons", where, "other needs look='list' or 'menu'")
        need(OTHER not in values, where, f"the value {OTHER!r} is that of other=…")
        made |= {"showOtherItem": True, "otherText": other}
    need(not (other and comment), where, "other and comment would be the same field")
    if shuffled:
        made["choicesOrder"] = "random"
    rule = Rule(
        name, "one", choices=(*values, *([OTHER] if other else [])), comment=bool(other or comment)
    )
    return question(
        "choice", types[look], title, rule, made,
        required=required, shown_if=shown_if, help=help, comment=comment,
    )  # fmt: skip


def choices(
    name: str,
    title: str,
    choices: Choices,
    *,
    least: int = 0,
    most: int = 0,
    other: str = "",
    none: str = "",
    shuffled: bool = False,
    required: bool = False,
    shown_if: Condition | None = None,
    help: str = "",
) -> Item:
    """Any of several; the answer is a list.

    Args:
        least, most: how many may be chosen; 0 = any number.
        none: label of a choice that excludes all others; its answer is ["none"].
        choices, other, shuffled: as of `choice`; the others as of `text`.
    """
    where = f"choices({name!r})"
    made: dict[str, Any] = {"choices": listed(where, choices)}
    values = [one["value"] for one in made["choices"]]
    count = len(values) + bool(other)
    need(0 <= least <= count, where, f"least={least!r} is not 0 to {count}")
    need(most == 0 or least <= most <= count, where, f"most={most!r} is not {least} to {count}")
    for word, label, key in ((OTHER, other, "Other"), (NONE, none, "None")):
        if label:
            need(word not in values, where, f"the value {word!r} is that of {word}=…")
            made |= {f"show{key}Item": True, f"{word}Text": label}
    made |= given(minSelectedChoices=least or None, maxSelectedChoices=most or None)
    if shuffled:
        made["choicesOrder"] = "random"
    every = (*values, *([OTHER] if other else []), *([NONE] if none else []))
    rule = Rule(
        name, "many", choices=every, least=least or None, most=most or None, comment=bool(other)
    )
    return question(
        "choices", "checkbox", title, rule, made, required=required, shown_if=shown_if, help=help
    )


def yes_no(
    name: str,
    title: str,
    *,
    yes: str = "",
    no: str = "",
    required: bool = False,
    shown_if: Condition | None = None,
    help: str = "",
) -> Item:
    """Yes or no; the answer is True or False. `yes` and `no` are the labels."""
    made = {"renderAs": "radio", "swapOrder": True, **given(labelTrue=yes, labelFalse=no)}
    rule = Rule(name, "yes")
    return question(
        "yes_no", "boolean", title, rule, made, required=required, shown_if=shown_if, help=help
    )


def scale(
    name: str,
    title: str,
    *,
    points: int = 7,
    first: int = 1,
    low: str = "",
    high: str = "",
    required: bool = False,
    shown_if: Condition | None = None,
    help: str = "",
) -> Item:
    """One rating: whole numbers from `first`, as many as `points`. `low`, `high` name the ends."""
    where = f"scale({name!r})"
    need(is_whole(points, 2, 11), where, f"points={points!r} is not 2 to 11")
    need(is_whole(first, -1000, 1000), where, f"first={first!r} is not a whole number")
    last = first + points - 1
    made = {"rateMin": first, "rateMax": last, "rateCount": points}
    made |= given(minRateDescription=low, maxRateDescription=high)
    rule = Rule(name, "one", choices=tuple(range(first, last + 1)))
    return question(
        "scale", "rating", title, rule, made, required=required, shown_if=shown_if, help=help
    )


#: The scale of `likert`, in the language of the experiment.
AGREEMENT = (
    "Strongly disagree",
    "Disagree",
    "Neither agree nor disagree",
    "Agree",
    "Strongly agree",
)


def likert(
    name: str,
    title: str,
    statements: Mapping[str, str],
    *,
    points: Choices = AGREEMENT,
    shuffled: bool = False,
    required: bool = False,
    shown_if: Condition | None = None,
    help: str = "",
) -> Item:
    """Several statements on one scale; the answer is statement -> number of the point, from 1.

    Args:
        statements: name -> statement.
        points: the labels of the scale in order, or value -> label.
        shuffled: the statements in another order for each person.
        name, title, required, shown_if, help: as of `text`; `required` asks for all statements.
    """  # fmt: skip
    columns: Choices = points
    if not isinstance(points, Mapping) and not isinstance(points, str):
        columns = {n: str(label) for n, label in enumerate(points, 1)}
    rule, made = _grid(f"likert({name!r})", name, statements, columns, shuffled, required)
    return question(
        "likert", "matrix", title, rule, made, required=required, shown_if=shown_if, help=help
    )


def matrix(
    name: str,
    title: str,
    rows: Mapping[str, str],
    columns: Choices,
    *,
    shuffled: bool = False,
    required: bool = False,
    shown_if: Condition | None = None,
    help: str = "",
) -> Item:
    """One choice of `columns` in each of `rows`; the answer is row -> value of the column.

    Arguments as of `likert`.
    """
    rule, made = _grid(f"matrix({name!r})", name, rows, columns, shuffled, required)
    return question(
        "matrix", "matrix", title, rule, made, required=required, shown_if=shown_if, help=help
    )


def _grid(
    where: str,
    name: str,
    rows: Mapping[str, str],
    columns: Choices,
    shuffled: bool,
    required: bool,
) -> tuple[Rule, dict[str, Any]]:
    need(isinstance(rows, Mapping), where, f"{rows!r} is not name -> text")
    for row in rows:
        ok = is_text(row) and NAME.fullmatch(row) is not None
        need(ok, where, f"the row {row!r} is not a name of letters, digits and _")
    made: dict[str, Any] = {
        "columns": listed(where, columns),
        "rows": listed(where, rows),
        "alternateRows": True,
    }
    if shuffled:
        made["rowOrder"] = "random"
    if required:
        made["eachRowRequired"] = True
    rule = Rule(
        name, "grid", choices=tuple(one["value"] for one in made["columns"]), rows=tuple(rows)
    )
    return rule, made


def image(
    name: str,
    title: str,
    images: Mapping[str, str],
    *,
    labels: Mapping[str, str] | None = None,
    many: bool = False,
    comment: str = "",
    shuffled: bool = False,
    required: bool = False,
    shown_if: Condition | None = None,
    help: str = "",
) -> Item:
    """Pictures to choose from; the answer is the value, or a list of them with `many`.

    Args:
        images: value -> PNG, JPEG, WebP, GIF or SVG file of the package.
        labels: value -> text under the picture, which is also what a screen reader says; the
            value itself where missing.
        comment, shuffled: as of `choice`; the others as of `text`.
    """
    where = f"image({name!r})"
    need(isinstance(images, Mapping), where, f"{images!r} is not value -> file")
    odd = set(labels or ()) - set(images)
    if odd:
        raise BadPackage(
            f"{where}: labels names {sorted(odd)[0]!r}, which is no picture.",
            hint=nearest(sorted(odd)[0], images),
        )
    shown = {value: (labels or {}).get(value, value) for value in images}
    made: dict[str, Any] = {
        "choices": listed(where, shown),
        "showLabel": True,
        "multiSelect": many,
        "minImageWidth": 120,
        "minImageHeight": 90,
        "maxImageWidth": 320,
        "maxImageHeight": 240,
    }
    if shuffled:
        made["choicesOrder"] = "random"
    rule = Rule(name, "many" if many else "one", choices=tuple(images))
    return question(
        "image", "imagepicker", title, rule, made,
        required=required, shown_if=shown_if, help=help, comment=comment, images=images,
    )  # fmt: skip


def slider(
    name: str,
    title: str,
    *,
    least: float = 0,
    most: float = 100,
    step: float = 1,
    low: str = "",
    high: str = "",
    required: bool = False,
    shown_if: Condition | None = None,
    help: str = "",
) -> Item:
    """A number set with a slider; unanswered until it is touched. `low`, `high` name its ends."""
    where = f"slider({name!r})"
    need(least < most, where, f"least={least!r} is not below most={most!r}")
    need(0 < step <= most - least, where, f"step={step!r} is not between 0 and {most - least}")
    made: dict[str, Any] = {"min": least, "max": most, "step": step}
    if low or high:
        made["customLabels"] = [
            {"value": least, "text": low or str(least)},
            {"value": most, "text": high or str(most)},
        ]
    rule = Rule(name, "number", least=least, most=most)
    return question(
        "slider", "slider", title, rule, made, required=required, shown_if=shown_if, help=help
    )


def ranking(
    name: str,
    title: str,
    choices: Choices,
    *,
    shuffled: bool = True,
    required: bool = False,
    shown_if: Condition | None = None,
    help: str = "",
) -> Item:
    """Choices to bring into order, best first; the answer is all of them in that order.

    `shuffled` starts each person with another order. It is unanswered until something is moved.
    """
    where = f"ranking({name!r})"
    made: dict[str, Any] = {"choices": listed(where, choices)}
    if shuffled:
        made["choicesOrder"] = "random"
    rule = Rule(name, "order", choices=tuple(one["value"] for one in made["choices"]))
    return question(
        "ranking", "ranking", title, rule, made, required=required, shown_if=shown_if, help=help
    )
