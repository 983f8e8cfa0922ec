"""Whether a question of a form is shown, for a simulated participant who answers it. Pure.

Reads the expressions that `igym.domain.conditions.surveyjs` writes, and their like in forms from
a file. A question with any other expression counts as shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from igym.domain.conditions import Condition, Op, facts, holds

_TOKEN = re.compile(
    r"\s*(?:\{(?P<name>[^}]+)\}|'(?P<text>(?:[^'\\]|\\.)*)'|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z]+)|(?P<sign><=|>=|<>|!=|[=<>!(),\[\]]))"
)
_OPS: dict[str, Op] = {
    "=": "eq", "<>": "ne", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
    "anyof": "in", "contains": "has",
}  # fmt: skip


class _Unread(Exception):
    """The expression says something that is not known here."""


class _Reader:
    def __init__(self, expression: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while expression[at:].strip():
            found = _TOKEN.match(expression, at)
            if found is None or found.lastgroup is None:
                raise _Unread
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.tokens.append(("end", ""))

    def take(self, *values: str) -> str:
        """The next token's text, if it is one of these; "" else."""
        if self.tokens[0][1] in values and self.tokens[0][0] in ("word", "sign"):
            return self.tokens.pop(0)[1]
        return ""

    def need(self, value: str) -> None:
        if not self.take(value):
            raise _Unread

    def either(self) -> Condition:
        found = self.both()
        while self.take("or"):
            found = found | self.both()
        return found

    def both(self) -> Condition:
        found = self.one()
        while self.take("and"):
            found = found & self.one()
        return found

    def one(self) -> Condition:
        if self.take("!"):
            return ~self.one()
        if self.take("("):
            found = self.either()
            self.need(")")
            return found
        kind, name = self.tokens.pop(0)
        if kind != "name":
            raise _Unread
        if self.take("notempty"):
            return Condition("given", name=name)
        op = self.take(*_OPS)
        if not op:
            raise _Unread
        return Condition(_OPS[op], name=name, value=self.value())

    def value(self) -> Any:
        if self.take("["):
            made = [self.value()]
            while self.take(","):
                made.append(self.value())
            self.need("]")
            return made
        kind, said = self.tokens.pop(0)
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", said)
        if kind == "number":
            return float(said) if "." in said else int(said)
        if (kind, said) in (("word", "true"), ("word", "false")):
            return said == "true"
        raise _Unread


def shown(expression: str, answers: Mapping[str, Any]) -> bool:
    """Whether a question with that `visibleIf` is shown to somebody with these answers."""
    if not expression:
        return True
    try:
        reader = _Reader(expression)
        condition = reader.either()
        if reader.tokens[0][0] != "end":
            raise _Unread
    except (_Unread, IndexError):
        return True
    return holds(condition, facts(answers, {}))
