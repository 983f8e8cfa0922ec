"""Forms as values: questions in order, from which SurveyJS JSON is made.

The kinds of questions are in `igym.domain.questions`. Knows no file but by name: pictures and
words are put in when the package is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from igym.domain.answers import Rule
from igym.domain.conditions import Condition, answers_in, condition, leaves, surveyjs
from igym.domain.nearest import is_text, nearest
from igym.errors import BadPackage

#: The most items of one form, and of choices of one item.
MOST_ITEMS, MOST_CHOICES = 200, 100

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,50}")

#: Value and label of choices: a list of values, or value -> label.
Choices = Sequence[str | int | float] | Mapping[Any, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One question, some words between questions, or the end of a page."""

    kind: str  # the function that made it
    name: str = ""
    json: Mapping[str, Any] = field(default_factory=dict)  # for SurveyJS
    rule: Rule | None = None
    images: Mapping[str, str] = field(default_factory=dict)  # choice -> file of the package
    file: str = ""  # of words in a file
    shown_if: Condition | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """Questions in order."""

    items: tuple[Item, ...]
    title: str = ""
    description: str = ""
    button: str = ""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What each answer may be."""
        return tuple(item.rule for item in self.items if item.rule is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all questions, in order."""
        return tuple(rule.item for rule in self.rules)

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the package that it shows."""
        saidin = [item.file for item in self.items if item.file]
        return (*saidin, *(file for item in self.items for file in item.images.values()))

    def surveyjs(self, shown: Mapping[str, str] | None = None) -> dict[str, Any]:
        """As JSON of the SurveyJS form library.

        Args:
            shown: file -> what stands for it: HTML of words, or the address of a picture.
        """
        put = shown or {}
        pages: list[list[dict[str, Any]]] = [[]]
        for at, item in enumerate(self.items):
            if item.kind == "new_page":
                pages.append([])
                continue
            made = {"name": item.name or f"words{at}", **item.json}
            if item.shown_if is not None:
                made["visibleIf"] = surveyjs(item.shown_if)
            if item.file:
                made["html"] = put.get(item.file, "")
            if item.images:
                made["choices"] = [
                    {**one, "imageLink": put.get(item.images[one["value"]], "")}
                    for one in made["choices"]
                ]
            pages[-1].append(made)
        made = {
            "showQuestionNumbers": "off",
            "pages": [{"name": f"page{n}", "elements": page} for n, page in enumerate(pages)],
        }
        texts = given(title=self.title, description=self.description, completeText=self.button)
        return made | texts


def form(*items: Item, title: str = "", description: str = "", button: str = "") -> Form:
    """Questions in the order in which they are asked.

    Args:
        items: made by the other functions of `igym.forms`.
        title, description: above the questions.
        button: what sends the answers; "Continue" if empty.

    Raises:
        BadPackage: no question, two of one name, or a condition on a question that does not
            come before.
    """
    for item in items:
        if not isinstance(item, Item):
            raise BadPackage(
                f"form(…): {item!r} is not a question.",
                hint='Use the functions of igym.forms, as in number("age", "How old are you?").',
            )
    if not 1 <= sum(item.rule is not None for item in items) <= MOST_ITEMS:
        raise BadPackage(f"form(…) needs between 1 and {MOST_ITEMS} questions.")
    before: list[str] = []
    for item in items:
        where = f"form(…): {item.kind}({item.name!r})"
        if item.name and item.name in before:
            raise BadPackage(f"form(…): two questions are named {item.name!r}.")
        for name in sorted(answers_in([item.shown_if])) if item.shown_if is not None else ():
            if name not in before:
                raise BadPackage(
                    f"{where}: shown_if asks for {name!r}, which is no question before it.",
                    hint=nearest(name, before),
                )
        if item.rule is not None:
            before.append(item.name)
    return Form(tuple(items), title, description, button)


def words(file: str, *, shown_if: Condition | None = None) -> Item:
    """Something to read between questions, from a Markdown file of the package."""
    if not is_text(file) or not file.endswith((".md", ".html")):
        raise BadPackage(f"words({file!r}): give a Markdown or HTML file of the package.")
    when = condition(shown_if, f"words({file!r}): shown_if") if shown_if is not None else None
    return Item("words", json={"type": "html"}, file=file, shown_if=when)


def new_page() -> Item:
    """What follows is on another page of the form."""
    return Item("new_page")


# --- what the kinds of questions have in common ------------------------------------------------


def question(
    kind: str,
    type: str,
    title: str,
    rule: Rule,
    json: Mapping[str, Any],
    *,
    required: bool,
    shown_if: Condition | None,
    help: str = "",
    comment: str = "",
    images: Mapping[str, str] | None = None,
) -> Item:
    """A question of that `kind` and SurveyJS `type`, with what all kinds have in common.

    Raises:
        BadPackage: its name, title or condition will not do.
    """
    name = rule.item
    where = f"{kind}({name!r})"
    if not is_text(name) or not NAME.fullmatch(name):
        raise BadPackage(
            f"{where}: the name will not do.",
            hint="It is a column of the data: letters, digits and _, a letter first, 51 at most.",
        )
    if not is_text(title):
        raise BadPackage(f"{where}: the question itself is missing.")
    if not isinstance(required, bool):
        raise BadPackage(f"{where}: required={required!r} is not True or False.")
    made: dict[str, Any] = {"type": type, "title": title, **json}
    if required:
        made["isRequired"] = True
    if help:
        made["description"] = help
    if comment:
        made |= {"showCommentArea": True, "commentText": comment}
    when = condition(shown_if, f"{where}: shown_if") if shown_if is not None else None
    if when is not None and any(leaf.kind == "cell" for leaf in leaves(when)):
        raise BadPackage(
            f"{where}: shown_if asks for a treatment's cell.",
            hint="A form knows its own answers only; use a branch(…) between two forms.",
        )
    full = replace(
        rule,
        title=title,
        required=required,
        comment=bool(comment) or rule.comment,
        shown_if=when,
    )
    return Item(kind, name, made, full, dict(images or {}), shown_if=when)


def given(**said: Any) -> dict[str, Any]:
    """What the author said of these, for SurveyJS: without what is empty or None."""
    return {key: value for key, value in said.items() if value not in (None, "")}


def need(ok: bool, where: str, why: str) -> None:
    """Raise `BadPackage` unless `ok`."""
    if not ok:
        raise BadPackage(f"{where}: {why}.")


def listed(where: str, given: Choices) -> list[dict[str, Any]]:
    """Choices as SurveyJS has them."""
    if isinstance(given, str) or not isinstance(given, Sequence | Mapping):
        raise BadPackage(
            f"{where}: {given!r} are no choices.",
            hint='Give a list, ["left", "right"], or value -> label, {"l": "Left", "r": "Right"}.',
        )
    pairs = given.items() if isinstance(given, Mapping) else ((one, str(one)) for one in given)
    made = [{"value": value, "text": label} for value, label in pairs]
    need(1 <= len(made) <= MOST_CHOICES, where, f"{len(made)} choices are not 1 to {MOST_CHOICES}")
    for one in made:
        value, label = one["value"], one["text"]
        plain = isinstance(value, str | int | float) and not isinstance(value, bool)
        need(plain and value != "", where, f"the choice {value!r} is not a text or number")
        need(isinstance(label, str), where, f"the label {label!r} of {value!r} is not a text")
    values = [one["value"] for one in made]
    need(len(set(values)) == len(values), where, f"a choice is there twice: {values}")
    return made
