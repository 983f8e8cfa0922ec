"""What the answers to a form in raw SurveyJS JSON may be, as far as the JSON says so. Pure.

It reads what is declared and evaluates no expression: a question that is shown, or whose choices
are, by an expression need not be answered, and any of its choices will do. A kind of question, or
a way of choosing, that is not known here has a rule that takes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from igym.domain.answers import NONE, OTHER, Rule
from igym.errors import BadPackage

#: Elements that only show something.
SHOWN = ("panel", "html", "image")

#: Where elements are inside of others, or a form.
_INSIDE = ("pages", "elements", "questions")

#: What makes choices that are not in the JSON.
_ELSEWHERE = ("choicesByUrl", "choicesFromQuestion", "valuePropertyName", "choicesLazyLoadEnabled")

#: What hides a question by an expression, or asks for it by one.
_HIDES = ("visibleIf", "enableIf", "requiredIf", "resetValueIf", "setValueIf")

Element = Mapping[str, Any]


def elements(form: Element) -> Iterator[tuple[Element, bool]]:
    """Every question, also those in panels, and whether everybody is asked it."""

    def walk(node: Element, always: bool) -> Iterator[tuple[Element, bool]]:
        for key in _INSIDE:
            for child in node.get(key) or ():
                if not isinstance(child, Mapping):
                    continue
                here = always and child.get("visible", True) is True
                here = here and not child.get("readOnly") and not any(child.get(k) for k in _HIDES)
                if "type" in child and child["type"] not in SHOWN:
                    yield child, here
                else:
                    yield from walk(child, here)

    # A trigger may end the form, or fill in what then is not asked.
    yield from walk(form, not form.get("triggers") and form.get("validationEnabled") is not False)


def rules(form: Element, file: str) -> tuple[Rule, ...]:
    """A rule for each question of the form.

    Raises:
        BadPackage: what a question declares is not of the kind that SurveyJS takes there.
    """
    found = {}
    for element, always in elements(form):
        item = str(element.get("valueName") or element["name"])
        try:
            rule = _rule(item, element, form)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise BadPackage(
                f"{file}: the question {item!r} is not as SurveyJS wants it: {error}.",
                hint="Look at it in SurveyJS's documentation, or in its editor.",
            ) from error
        required = always and element.get("isRequired") is True
        found[item] = rule(required) if item not in found else _any(item, "valueName")(required)
    return tuple(found.values())


_Made = Callable[[bool], Rule]


def _any(item: str, why: str, title: str = "") -> _Made:
    return lambda required: Rule(item, "any", title, required, unchecked=why, comment=True)


def _rule(item: str, element: Element, form: Element) -> _Made:
    kind = str(element["type"])
    title = element.get("title")
    title = title if isinstance(title, str) else ""  # or one for each language
    free = form.get("validationEnabled") is False
    make = _KINDS.get(kind)
    made = make(element, form) if make is not None and not free else None
    if made is None:
        return _any(item, kind, title)
    beside = any(element.get(k) for k in ("hasComment", "showCommentArea", *_OTHER))
    fields = {"title": title, "comment": bool(beside), **made}
    return lambda required: Rule(item, required=required, **fields)


_Fields = dict[str, Any] | None  # of a rule; None = nothing can be said


def _text(element: Element, _: Element) -> _Fields:
    kind = element.get("inputType", "text")
    if element.get("maskType", "none") != "none":
        return None
    if kind in ("number", "range"):
        least, most = (_number(element.get(key)) for key in ("min", "max"))
        for one in element.get("validators") or ():
            if one.get("type") == "numeric":
                least = _outer(max, least, _number(one.get("minValue")))
                most = _outer(min, most, _number(one.get("maxValue")))
        if kind == "range":
            least, most = 0 if least is None else least, 100 if most is None else most
        return {"kind": "number", "least": least, "most": most}
    if kind == "date":
        first, last = (_date(element.get(key)) for key in ("min", "max"))
        return {"kind": "date", "choices": (first, last)}
    return {"kind": "text", "most_chars": _chars(element)}


def _comment(element: Element, _: Element) -> _Fields:
    return {"kind": "text", "most_chars": _chars(element)}


def _chars(element: Element) -> int:
    given = int(element.get("maxLength") or 0)
    lengths = [given] if given > 0 else []
    for one in element.get("validators") or ():
        if one.get("type") == "text" and one.get("maxLength"):
            lengths.append(int(one["maxLength"]))
    return min(lengths, default=0)


def _yes(element: Element, _: Element) -> _Fields:
    if "valueTrue" in element or "valueFalse" in element:
        both = (element.get("valueTrue", True), element.get("valueFalse", False))
        return {"kind": "one", "choices": both}
    return {"kind": "yes"}


_OTHER = ("hasOther", "showOtherItem")
_EXTRA = {
    **dict.fromkeys(_OTHER, OTHER),
    **dict.fromkeys(("hasNone", "showNoneItem"), NONE),
    "showRefuseItem": "refused",
    "showDontKnowItem": "dontknow",
}


def _one(element: Element, form: Element) -> _Fields:
    if element.get("multiSelect"):  # of an imagepicker
        return _many(element, form)
    choices = _choices(element, form)
    return None if choices is None else {"kind": "one", "choices": choices}


def _many(element: Element, form: Element) -> _Fields:
    choices = _choices(element, form)
    if choices is None:
        return None
    return {"kind": "many", "choices": choices, **_bounds(element)}


def _bounds(element: Element) -> dict[str, Any]:
    least = int(element.get("minSelectedChoices") or 0)
    most = int(element.get("maxSelectedChoices") or 0)
    return {"least": least or None, "most": most or None}


def _ranking(element: Element, form: Element) -> _Fields:
    choices = _choices(element, form)
    if choices is None:
        return None
    if element.get("selectToRankEnabled"):
        return {"kind": "many", "choices": choices, **_bounds(element)}
    hidden = element.get("choicesVisibleIf") or any(
        isinstance(one, Mapping) and one.get("visibleIf") for one in element["choices"]
    )
    return {"kind": "many" if hidden else "order", "choices": choices}


def _choices(element: Element, form: Element) -> tuple[Any, ...] | None:
    """Every value that may be chosen; None where they are made elsewhere."""
    if any(element.get(key) for key in _ELSEWHERE):
        return None
    if any(element.get(key) for key in _OTHER) and form.get("storeOthersAsComment") is False:
        return None
    if element.get("storeOthersAsComment") in (False, "false") or element.get("allowCustomChoices"):
        return None
    found = list(map(_value, element.get("choices") or ()))
    if "choicesMax" in element:  # of a dropdown: numbers in a row
        found += _row(
            element.get("choicesMin", 0), element["choicesMax"], element.get("choicesStep", 1)
        )
    found += [value for key, value in _EXTRA.items() if element.get(key)]
    return tuple(found)


def _value(choice: Any) -> Any:
    return choice["value"] if isinstance(choice, Mapping) else choice


def _rating(element: Element, _: Element) -> _Fields:
    if element.get("rateValues"):
        return {"kind": "one", "choices": tuple(map(_value, element["rateValues"]))}
    first, step = element.get("rateMin", 1), element.get("rateStep", 1)
    last = element.get("rateMax", first + (element.get("rateCount", 5) - 1) * step)
    return {"kind": "one", "choices": tuple(_row(first, last, step))}


def _row(first: float, last: float, step: float) -> list[float]:
    if step <= 0 or (last - first) / step > 10_000:
        raise ValueError(f"{first} to {last} by {step} is no row of numbers")
    return [first + n * step for n in range(int((last - first) / step + 1e-9) + 1)]


def _matrix(element: Element, _: Element) -> _Fields:
    if element.get("cellType", "radio") != "radio":
        return None
    columns = tuple(map(_value, element.get("columns") or ()))
    rows = tuple(str(_value(row)) for row in element.get("rows") or ())
    if not rows:
        return {"kind": "one", "choices": columns}
    whole = bool(element.get("isAllRowRequired") or element.get("eachRowRequired"))
    partial = not whole or bool(element.get("rowsVisibleIf"))
    return {"kind": "grid", "rows": rows, "choices": columns, "partial": partial}


def _slider(element: Element, _: Element) -> _Fields:
    if element.get("sliderType", "single") != "single":
        return None
    return {
        "kind": "number",
        "least": _number(element.get("min", 0)),
        "most": _number(element.get("max", 100)),
    }


_KINDS: dict[str, Callable[[Element, Element], _Fields]] = {
    "text": _text,
    "comment": _comment,
    "boolean": _yes,
    "radiogroup": _one,
    "dropdown": _one,
    "imagepicker": _one,
    "buttongroup": _one,
    "checkbox": _many,
    "tagbox": _many,
    "ranking": _ranking,
    "rating": _rating,
    "matrix": _matrix,
    "slider": _slider,
}


def _number(given: Any) -> float | None:
    """A bound; None where there is none, or an expression stands for it."""
    if isinstance(given, bool) or given is None:
        return None
    try:
        return float(given)
    except (TypeError, ValueError):
        return None


def _outer(
    which: Callable[[float, float], float], a: float | None, b: float | None
) -> float | None:
    return b if a is None else a if b is None else which(a, b)


def _date(given: Any) -> str:
    """A bound as in an answer; "" where there is none, or an expression stands for it."""
    try:
        return date.fromisoformat(given).isoformat()
    except (TypeError, ValueError):
        return ""
