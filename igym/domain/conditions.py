"""Conditions on what is known of a participant: which question is shown, which way is taken.

Declared with ordinary comparisons and kept as plain data, so that the web tier decides without
an author's code:

    answer("age") >= 18
    (answer("about.hand") == "left") & (cell("partner") == "expert")

Pure. Whoever decides says what is known, as a mapping of facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from igym.domain.nearest import is_text
from igym.errors import BadPackage

Op = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "has", "given", "all", "any", "not"]
Kind = Literal["answer", "cell"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of one fact, or `parts` put together. Made by comparing a `Fact`."""

    op: Op
    kind: Kind = "answer"
    name: str = ""
    value: Any = None
    parts: tuple[Condition, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        return Condition("all", parts=(self, condition(other, "&")))

    def __or__(self, other: Condition) -> Condition:
        return Condition("any", parts=(self, condition(other, "|")))

    def __invert__(self) -> Condition:
        return Condition("not", parts=(self,))

    def __bool__(self) -> bool:
        raise BadPackage(
            "A condition is only known once somebody has answered.",
            hint="Join conditions with & and |, negate with ~, and do not use and, or, not, if.",
        )


class Fact:
    """Something that will be known of a participant; comparing it makes a `Condition`."""

    __slots__ = ("kind", "name")

    def __init__(self, kind: Kind, name: str) -> None:
        if not is_text(name):
            raise BadPackage(f"{kind}({name!r}): the name is a text, as in {kind}('about.age').")
        self.kind = kind
        self.name = name

    def _made(self, op: Op, value: Any) -> Condition:
        if not isinstance(value, str | int | float | bool | list | None):
            raise BadPackage(
                f"{self!r} is compared with {value!r}.",
                hint="Compare with a text, a number, True, False or a list of them.",
            )
        if any(
            "\\" in one
            for one in (value if isinstance(value, list) else [value])
            if isinstance(one, str)
        ):
            raise BadPackage(f"{self!r} is compared with {value!r}: a text has no backslash.")
        return Condition(op, self.kind, self.name, value)

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return self._made("eq", other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return self._made("ne", other)

    def __lt__(self, other: float) -> Condition:
        return self._made("lt", other)

    def __le__(self, other: float) -> Condition:
        return self._made("le", other)

    def __gt__(self, other: float) -> Condition:
        return self._made("gt", other)

    def __ge__(self, other: float) -> Condition:
        return self._made("ge", other)

    def one_of(self, *values: Any) -> Condition:
        """The fact is one of these."""
        return self._made("in", list(values))

    def has(self, value: Any) -> Condition:
        """The fact is a list, as of a multiple choice, with this in it."""
        return self._made("has", value)

    def given(self) -> Condition:
        """There is an answer."""
        return self._made("given", None)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{self.kind}({self.name!r})"


def answer(name: str) -> Fact:
    """An answer: "scene.item" in a flow, "item" in the same form.

    A quiz answers "<quiz>.passed" (True or False) and "<quiz>.attempts" by itself.
    """
    return Fact("answer", name)


def cell(treatment: str) -> Fact:
    """The cell of a treatment that the participant, or their group, is in."""
    return Fact("cell", treatment)


def condition(given: object, where: str) -> Condition:
    """`given`, if it is a condition. Raises `BadPackage`."""
    if isinstance(given, Condition):
        return given
    raise BadPackage(
        f"{where}: {given!r} is not a condition.",
        hint='Compare an answer or a cell, as in answer("about.age") >= 18.',
    )


def _number(value: Any) -> float | None:
    """`value` as a number; None where it is none. A number field's text counts."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


def holds(it: Condition, facts: Mapping[tuple[str, str], Any]) -> bool:
    """Whether `it` is true of `facts`, (kind, name) -> value.

    What is not known makes every comparison false but `!=`.
    """
    match it.op:
        case "all":
            return all(holds(part, facts) for part in it.parts)
        case "any":
            return any(holds(part, facts) for part in it.parts)
        case "not":
            return not holds(it.parts[0], facts)
    known = facts.get((it.kind, it.name))
    match it.op:
        case "given":
            return known not in (None, "", [], {})
        case "eq":
            return _same(known, it.value)
        case "ne":
            return not _same(known, it.value)
        case "in":
            return any(_same(known, one) for one in it.value)
        case "has":
            return isinstance(known, list) and any(_same(one, it.value) for one in known)
    left, right = _number(known), _number(it.value)
    return left is not None and right is not None and _ORDER[it.op](left, right)


def _same(a: Any, b: Any) -> bool:
    """Equal, and not only because Python's True is 1."""
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def facts(answers: Mapping[str, Any], cells: Mapping[str, str]) -> dict[tuple[str, str], Any]:
    """What `holds` is asked about."""
    return {("answer", name): value for name, value in answers.items()} | {
        ("cell", name): value for name, value in cells.items()
    }


def leaves(it: Condition) -> Iterator[Condition]:
    """Every comparison in `it`."""
    if it.parts:
        for part in it.parts:
            yield from leaves(part)
    else:
        yield it


def renamed(it: Condition, name: Callable[[str], str]) -> Condition:
    """`it` about answers with other names: `name` of each."""
    if it.parts:
        return replace(it, parts=tuple(renamed(part, name) for part in it.parts))
    return replace(it, name=name(it.name)) if it.kind == "answer" else it


def answers_in(those: Iterable[Condition]) -> set[str]:
    """The names of all answers that `those` ask about."""
    return {leaf.name for one in those for leaf in leaves(one) if leaf.kind == "answer"}


_SURVEYJS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def surveyjs(it: Condition) -> str:
    """`it` as an expression of the SurveyJS form library, for answers of the same form."""
    match it.op:
        case "all" | "any":
            join = " and " if it.op == "all" else " or "
            return "(" + join.join(surveyjs(part) for part in it.parts) + ")"
        case "not":
            return f"!({surveyjs(it.parts[0])})"
        case "given":
            return f"{{{it.name}}} notempty"
        case "in":
            return f"{{{it.name}}} anyof {_literal(it.value)}"
        case "has":
            return f"{{{it.name}}} contains {_literal(it.value)}"
    return f"{{{it.name}}} {_SURVEYJS[it.op]} {_literal(it.value)}"


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "\\'") + "'"
    return str(value)
