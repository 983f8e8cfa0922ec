"""Writes the generated parts of docs/*.md. Run `python docs/build.py` when what they show changes.

A part begins with `<!-- generated: NAME -->` and ends with `<!-- end -->`; what is between is
replaced. A test fails when a page differs from what this would write.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer

from igym import errors, settings, wire
from igym.archive.tables import TABLES
from igym.cli import main as cli
from igym.domain.metrics import METRICS
from igym.domain.outcome import GameOutcome, Outcome
from igym.domain.participant import LIFE
from igym.store import keys
from igym.store import schema as schemas
from igym.wire import api as rest
from igym.wire import openapi

HERE = Path(__file__).parent
PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.S)


def first_paragraph(text: str | None) -> str:
    """Up to the first empty line, on one line."""
    return " ".join((text or "").split("\n\n")[0].split())


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its head."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def data_part() -> str:
    """Every table and column."""
    parts = []
    for name, one in TABLES.items():
        foreign = "; ".join(
            f"`{column.replace(',', ', ')}` → [{to}](#{to})" for column, to in one.foreign.items()
        )
        key = ", ".join(f"`{column}`" for column in one.key)
        parts.append(f"### {name}\n\n{one.grain[0].upper() + one.grain[1:]}. Key: {key}.")
        if foreign:
            parts[-1] += f" Points to: {foreign}."
        rows = [("column", "type", "meaning")]
        rows += [(f"`{c}`", str(kind), meaning) for c, (kind, meaning) in one.columns.items()]
        parts.append(table(*rows))
    return "\n\n".join(parts)


def keys_part() -> str:
    """Every kind of key in Redis and its life."""
    rows = [("key", "kind", "life", "what is inside")]
    for name, one in keys.ALL.items():
        count = one.name.__code__.co_argcount
        shown = one(*(f"<{word}>" for word in one.name.__code__.co_varnames[:count]))
        rows.append((f"`{shown}`", one.kind, _life(name, one), first_paragraph(one.doc)))
    return table(*rows)


def metrics_part() -> str:
    """Every figure of /metrics."""
    rows = [("name", "kind", "labels", "what it is")]
    for name, one in METRICS.items():
        labels = ", ".join(f"`{label}`" for label in one.labels) or "–"
        rows.append((f"`{name}`", one.kind, labels, one.doc))
    return table(*rows)


def _life(name: str, one: keys.Key) -> str:
    if one.kind == "channel":
        return "–"
    if not one.ttl_s:
        return "permanent"
    days, rest = divmod(one.ttl_s, 86_400)
    return f"{days} days" if days and not rest else f"{one.ttl_s} s"


def wire_part() -> str:
    """Every message."""
    parts = []
    for title, messages in (
        ("Browser to server", wire.FROM_BROWSER),
        ("Server to browser", wire.FROM_SERVER),
    ):
        rows = [("event", "message", "fields", "what it says")]
        for kind in messages:
            fields = ", ".join(f"`{field.name}`" for field in msgspec.structs.fields(kind))
            rows.append(
                (f"`{kind.event}`", f"`{kind.__name__}`", fields, first_paragraph(kind.__doc__))
            )
        parts.append(f"### {title}\n\n{table(*rows)}")
    rows = [("screen", "view", "fields", "what it shows")]
    for view in typing.get_args(wire.View):
        fields = ", ".join(f"`{field.name}`" for field in msgspec.structs.fields(view))
        tag = view.__struct_config__.tag
        rows.append((f"`{tag}`", f"`{view.__name__}`", fields, first_paragraph(view.__doc__)))
    parts.append(f"### What a `State` shows\n\n{table(*rows)}")
    return "\n\n".join(parts)


def verbs() -> Iterator[tuple[str, Any]]:
    """Every verb with its command, in the order of `igym --help`."""

    def walk(prefix: str, group: Any) -> Iterator[tuple[str, Any]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from walk(f"{prefix} {name}", command)
            else:
                yield f"{prefix} {name}", command

    return walk("igym", typer.main.get_command(cli.app))


def cli_part() -> str:
    """Every verb."""
    parts = []
    for name, command in verbs():
        params = [p for p in command.params if p.name != "help"]
        takes = " ".join(
            f"{p.name.upper()}{'…' if p.nargs == -1 else ''}"
            for p in params
            if p.param_type_name == "argument"
        )
        parts.append(
            f"### `{name}{' ' + takes if takes else ''}`\n\n{first_paragraph(command.help)}"
        )
        rows = [("option", "default", "what it does")]
        for p in params:
            if p.param_type_name == "option":
                default = "" if p.default in (None, False) else f"`{p.default}`"
                rows.append((f"`{p.opts[0]}`", default, p.help or ""))
            elif p.help:
                rows.append((p.name.upper(), "", p.help))
        if len(rows) > 1:
            parts.append(table(*rows))
    return "\n\n".join(parts)


def error_classes() -> list[type[errors.IgymError]]:
    """Every refusal igym's own modules declare, each code once."""
    import igym.domain.participant

    def below(kind: type[errors.IgymError]) -> Iterator[type[errors.IgymError]]:
        yield kind
        for sub in kind.__subclasses__():
            yield from below(sub)

    shipped = {errors.__name__, settings.BadSettings.__module__, igym.domain.participant.__name__}
    found = {one.code: one for one in below(errors.IgymError) if one.__module__ in shipped}
    return list(found.values())


def errors_part() -> str:
    """Every code."""
    rows = [("code", "HTTP", "class", "when")]
    for one in error_classes():
        said = first_paragraph(one.__doc__)
        rows.append((f"`{one.code}`", str(one.status), f"`{one.__name__}`", said))
    return table(*rows)


def outcomes_part() -> str:
    """Every outcome, with the comment beside it in the code."""
    parts = []
    for kind, title in ((Outcome, "Of a session"), (GameOutcome, "Of a game")):
        source = inspect.getsource(kind)
        rows = [("outcome", "meaning")]
        for one in kind:
            comment = re.search(rf'{one.name} = "{one.value}"  # (.*)', source)
            rows.append((f"`{one.value}`", comment[1] if comment else ""))
        parts.append(f"{title}:\n\n{table(*rows)}")
    return "\n\n".join(parts)


def signature(name: str, made: Any) -> str:
    """A call as it is written, types left out."""
    takes = []
    star = False
    for one in inspect.signature(made).parameters.values():
        if one.kind is one.KEYWORD_ONLY and not star:
            takes.append("*")
            star = True
        text = f"*{one.name}" if one.kind is one.VAR_POSITIONAL else one.name
        if one.default is not one.empty:
            factory = dataclasses.is_dataclass(made) and not isinstance(
                one.default, str | int | float | tuple | None
            )
            text += "={}" if factory else f"={one.default!r}"
        takes.append(text)
    return f"{name}({', '.join(takes)})"


def described(doc: str) -> str:
    """A docstring as Markdown: its words, then its arguments as a list."""
    words, _, rest = inspect.cleandoc(doc).partition("\nArgs:\n")
    given, _, after = rest.partition("\nRaises:")
    _, raises, why = (after and ("", "Raises", after)) or ("", "", "")
    text = words.replace("\nRaises:\n    BadPackage:", "\nRefused with `bad_package`:").strip()
    for name, said in re.findall(r"^    (\w[\w, ]*): (.*(?:\n        .*)*)", given, re.M):
        names = ", ".join(f"`{one.strip()}`" for one in name.split(","))
        text += f"\n- {names}: {' '.join(said.split())}"
        text = (
            text.replace(f"\n- {names}", f"\n\n- {names}", 1) if text.count("\n- ") == 1 else text
        )
    if raises:
        text += f"\n\nRefused with `bad_package`:{why.partition(':')[2]}"
    return text


def api(module: Any) -> str:
    """Every public name of an author's module."""
    parts = []
    for name in module.__all__:
        made = getattr(module, name)
        if not callable(made):
            parts.append(f"### `{name}`\n\n{first_paragraph(type(made).__doc__)}")
            continue
        if name == "Shape":
            parts.append(f"### `{name}`\n\n{first_paragraph(made.__doc__)}")
            continue
        parts.append(
            f"### `{name}`\n\n    {signature(name, made)}\n\n{described(made.__doc__ or '')}"
        )
    return "\n\n".join(parts)


def igym_part() -> str:
    """`igym`, as an author imports it."""
    import igym

    return api(igym)


def draw_part() -> str:
    """`igym.draw`, as an author imports it."""
    import igym.draw

    return api(igym.draw)


def forms_part() -> str:
    """`igym.forms`, as an author imports it."""
    import igym.forms

    return api(igym.forms)


def moves_part() -> str:
    """The life of a session."""
    rows = [("while", "this happens", "then")]
    for phase, stand in LIFE.items():
        rows += [(f"`{phase}`", f"`{event}`", f"`{to}`") for event, to in stand.moves.items()]
    return table(*rows)


def api_part() -> str:
    """Every route of the REST API, and what is said and heard there."""
    rows = [("", "path", "right", "what it does")]
    rows += [
        (f"`{r.method}`", f"`{r.path}`", r.right.value if r.right else "any token", r.about)
        for r in rest.ROUTES
    ]
    parts = [table(*rows)]
    described = openapi.describe("")["components"]["schemas"]
    for name, schema in sorted(described.items()):
        if "properties" not in schema:
            continue
        kind = getattr(rest, name)
        rows = [("field", "type", "")]
        rows += [
            (
                f"`{field}`",
                _json_type(one),
                "" if field in schema.get("required", ()) else "optional",
            )
            for field, one in schema["properties"].items()
        ]
        parts.append(f"### {name}\n\n{first_paragraph(kind.__doc__)}\n\n{table(*rows)}")
    return "\n\n".join(parts)


def _json_type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_json_type(schema['items'])}"
    return str(schema.get("type", "anything"))


PARTS = {
    "api": api_part,
    "data": data_part,
    "wire": wire_part,
    "cli": cli_part,
    "keys": keys_part,
    "metrics": metrics_part,
    "errors": errors_part,
    "outcomes": outcomes_part,
    "moves": moves_part,
    "igym": igym_part,
    "draw": draw_part,
    "forms": forms_part,
}


def built(page: Path) -> str:
    """The page as it should be."""
    return PART.sub(
        lambda m: f"{m[1]}\n{PARTS[m[2]]()}\n\n{m[3]}", page.read_text(encoding="utf-8")
    )


def main() -> None:
    """Write every page."""
    for page in sorted(HERE.glob("*.md")):
        page.write_text(built(page), encoding="utf-8")
    for name in schemas.SCHEMAS:
        (HERE / f"{name}.schema.json").write_text(schemas.written(name), encoding="utf-8")


if __name__ == "__main__":
    main()
