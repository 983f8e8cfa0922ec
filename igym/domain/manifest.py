"""experiment.toml: which fields there are, and what is wrong with those that were given. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from igym.domain.report import Finding, Level

FILE = "experiment.toml"

#: Folders of the data volume that are not an experiment's.
RESERVED = ("packages", "exports", "libraries", "redis", "run", "nginx", "vault")

_ID = "abcdefghijklmnopqrstuvwxyz0123456789_-"

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[\w\s,.-]*\])?"
    r"\s*(?P<rest>$|[;@].*|\(?\s*(?:===|[<>=!~]=|[<>]).*)"
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the manifest."""

    kinds: tuple[type, ...]
    meaning: str
    needed: bool = False
    example: str = ""

    @property
    def expected(self) -> str:
        """The types as a person would say them."""
        names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "a table"}
        return " or ".join(dict.fromkeys(names[kind] for kind in self.kinds))


_TEXT = (str,)

#: Every field that igym reads or that others are known to read.
FIELDS: dict[str, Field] = {
    "id": Field(_TEXT, "in links and data folders", True, 'id = "my_study"'),
    "version": Field((str, int, float), "a data folder of its own for each", True, 'version = "1"'),
    "title": Field(_TEXT, "participants see it", True, 'title = "My study"'),
    "dependencies": Field(
        (list,), "Python packages that are imported", example='dependencies = ["slimevb>=0.1"]'
    ),
    "data": Field((dict,), "the data policy", example="[data]"),
    "python": Field(_TEXT, "versions of Python it runs on", example='python = ">=3.11"'),
    "igym": Field(_TEXT, "versions of igym it was written for", example='igym = ">=0.1"'),
    "description": Field(_TEXT, "for readers"),
    "authors": Field((list, str), "for readers"),
    "contact": Field(_TEXT, "for readers"),
    "licence": Field(_TEXT, "for readers"),
    "license": Field(_TEXT, "for readers"),
    "citation": Field((str, list, dict), "for readers"),
    "url": Field(_TEXT, "for readers"),
    "keywords": Field((list,), "for readers"),
}


def line_of(text: str, name: str) -> int:
    """The line on which the field is set; 0 where it is not."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[?\s*[\"']?{re.escape(name)}[\"']?\s*[=.\]]", line):
            return number
    return 0


def problems(table: Mapping[str, Any], text: str = "") -> list[Finding]:
    """What is wrong with a manifest that was read from `text`; errors come first."""

    def found(level: Level, name: str, message: str, hint: str = "") -> Finding:
        return Finding(level, "manifest", message, hint, FILE, line_of(text, name))

    made: list[Finding] = []
    unknown = [name for name in table if name not in FIELDS]
    for name, field in FIELDS.items():
        if name not in table:
            if field.needed:
                near = difflib.get_close_matches(name, unknown, n=1, cutoff=0.6)
                hint = f"It has {near[0]}: is that it?" if near else f"Add a line: {field.example}"
                made.append(Finding("error", "manifest", f"{FILE} has no {name}.", hint, FILE))
            continue
        value = table[name]
        if not isinstance(value, field.kinds) or isinstance(value, bool):
            said = f"{name} = {_shown(value)} will not do: it must be {field.expected}."
            made.append(found("error", name, said, f"As in: {field.example or f'{name} = …'}"))
        elif field.needed and not str(value).strip():
            made.append(found("error", name, f"{FILE} has no {name}: it is empty.", field.example))
        else:
            made += [found(*each) for each in _values(name, value)]
    for name in unknown:
        near = difflib.get_close_matches(name, FIELDS, n=1, cutoff=0.6)
        if near:
            hint = f"Did you mean {near[0]}? A field of your own is fine and is left alone."
            made.append(found("warning", name, f"igym knows no field {name}.", hint))
        else:
            made.append(found("note", name, f"{name} is for readers: igym knows no such field."))
    both = [table.get("licence"), table.get("license")]
    if all(both) and both[0] != both[1]:
        said = f"licence and license contradict each other: {both[0]!r} and {both[1]!r}."
        made.append(found("error", "license", said, "Keep one of them."))
    return sorted(made, key=lambda each: ("error", "warning", "note").index(each.level))


def _values(name: str, value: Any) -> Iterator[tuple[Level, str, str, str]]:
    """What is wrong with the value of a field that has the right type."""
    if name == "id":
        if not 1 <= len(value) <= 40 or set(value) - set(_ID):
            fit = re.sub(r"[^a-z0-9_-]+", "_", value.lower()).strip("_")[:40] or "my_study"
            hint = f"Use small letters, digits, _ and -, 40 at the most: {fit}"
            yield "error", name, f"id = {value!r} will not do.", hint
        elif value in RESERVED:
            said = f"id = {value!r} is a folder igym keeps for itself."
            yield "error", name, said, "Choose another."
    elif name == "version":
        said = str(value)
        odd = set(said.lower()) - set(_ID + ".+")
        if not 1 <= len(said) <= 40 or odd or said[0] == ".":
            hint = "Use letters, digits and . + - _, 40 at the most, and no dot at the start."
            yield "error", name, f"version = {value!r} will not do.", hint
        elif isinstance(value, float):
            hint = f'Write version = "{value}": as a number 1.10 and 1.1 are the same.'
            yield "warning", name, f"version = {value} is a number, not text.", hint
    elif name == "title" and len(value) > 200:
        said = f"title has {len(value)} characters and may have 200."
        yield "error", name, said, "Shorten it."
    elif name == "dependencies":
        yield from _dependencies(value)


def _dependencies(listed: list[Any]) -> Iterator[tuple[Level, str, str, str]]:
    seen: dict[str, str] = {}
    for each in listed:
        match = _REQUIREMENT.fullmatch(each.strip()) if isinstance(each, str) else None
        if match is None:
            said = f"dependencies: {_shown(each)} names no Python package."
            yield "error", "dependencies", said, 'Write "name" or "name>=1.2,<2".'
            continue
        name = distribution(each)
        if name in seen and seen[name] != each.strip():
            said = f"dependencies: {seen[name]!r} and {each!r} are about the same package."
            yield "error", "dependencies", said, "Write one line with all its limits."
        seen[name] = each.strip()


def distribution(requirement: str) -> str:
    """The normalised name of the package that a requirement is about; "" = it is none."""
    match = _REQUIREMENT.fullmatch(requirement.strip())
    return re.sub(r"[-_.]+", "-", match["name"]).lower() if match else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
