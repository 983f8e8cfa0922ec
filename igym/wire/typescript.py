"""The TypeScript twin of `igym.wire`. Knows nothing that the Python page does not say.

    python -m igym.wire.typescript            prints it
    python -m igym.wire.typescript --write    writes client/src/wire.gen.ts

Maps become interfaces. *Array* messages become an interface, a tuple and one function
between the two, so that the rest of the client reads fields by name.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import tokenize
from collections.abc import Iterator
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec.inspect import (
    AnyType,
    BoolType,
    DictType,
    EnumType,
    Field,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    NoneType,
    StrType,
    StructType,
    TupleType,
    UnionType,
    type_info,
)

from igym import wire
from igym.domain.participant import Phase
from igym.sim import draw

#: Where the twin lives in a source checkout.
FILE = Path(__file__).parents[2] / "client" / "src" / "wire.gen.ts"

_HEAD = """\
// Generated from igym/wire/__init__.py; redo with: python -m igym.wire.typescript --write
"""

_WORDS: dict[type, str] = {
    AnyType: "Json",
    BoolType: "boolean",
    FloatType: "number",
    IntType: "number",
    NoneType: "null",
    StrType: "string",
}


def _type(info: Any) -> str:
    """The TypeScript type for one msgspec type. Raises `TypeError` for one not used so far."""
    match info:
        case StructType(cls=cls) | EnumType(cls=cls):
            return str(cls.__name__)
        case LiteralType(values=values):
            return " | ".join(_quote(v) if isinstance(v, str) else str(v) for v in values)
        case ListType(item_type=item):
            word = _type(item)
            return f"({word})[]" if "|" in word else f"{word}[]"
        case TupleType(item_types=items):
            return f"[{', '.join(map(_type, items))}]"
        case DictType(value_type=value):
            return f"Record<string, {_type(value)}>"
        case UnionType(types=types):
            return " | ".join(map(_type, types))
    if type(info) not in _WORDS:
        raise TypeError(f"igym.wire.typescript has no word for {info!r}; add one")
    return _WORDS[type(info)]


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@cache
def _comments(cls: type) -> dict[str, str]:
    """Field or member name -> the comment at the end of its line."""
    source = textwrap.dedent(inspect.getsource(cls))
    said = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    names: dict[str, str] = {}
    for line in body.body:
        if isinstance(line, ast.AnnAssign):
            target = line.target
        elif isinstance(line, ast.Assign):
            target = line.targets[0]  # type: ignore[assignment]
        else:
            continue
        assert isinstance(target, ast.Name)
        for number in range(line.lineno, (line.end_lineno or line.lineno) + 1):
            if number in said:
                names[target.id] = said[number]
    return names


def _doc(text: str | None, indent: str = "") -> Iterator[str]:
    """`text` as a JSDoc comment."""
    lines = inspect.cleandoc(text or "").replace("*/", "*\\/").splitlines()
    if len(lines) == 1:
        yield f"{indent}/** {lines[0]} */"
    elif lines:
        yield f"{indent}/**"
        yield from (f"{indent} * {line}".rstrip() for line in lines)
        yield f"{indent} */"


def _fields(info: StructType, optional: bool) -> Iterator[str]:
    comments = _comments(info.cls)
    if info.tag is not None:
        yield f"  {info.tag_field}: {_quote(str(info.tag))};"
    for field in info.fields:
        yield from _doc(comments.get(field.name), "  ")
        mark = "?" if optional and not field.required else ""
        yield f"  {field.encode_name}{mark}: {_type(field.type)};"


def _interface(info: StructType) -> Iterator[str]:
    """One struct. What a browser sends may leave out fields that have a default."""
    cls = info.cls
    optional = cls in wire.FROM_BROWSER and not info.array_like
    yield from _doc(cls.__doc__)
    fields = list(_fields(info, optional))
    yield f"export interface {cls.__name__} {{{'' if fields else '}'}"
    yield from [*fields, "}"] if fields else ()
    yield ""
    if info.array_like:
        yield from _tuple(info)


def _tuple(info: StructType) -> Iterator[str]:
    """The array form of an *array* message, and the way there or back."""
    name = info.cls.__name__
    fields = [(f.encode_name, _type(f.type)) for f in info.fields]
    yield f"/** `{name}` as it travels. */"
    yield f"export type {name}Array = ["
    yield from (f"  {field}: {word}," for field, word in fields)
    yield "];"
    yield ""
    if info.cls in wire.FROM_BROWSER:
        yield f"export function encode{name}(it: {name}): {name}Array {{"
        yield "  return [" + ", ".join(f"it.{field}" for field, _ in fields) + "];"
    else:
        yield f"export function decode{name}(array: {name}Array): {name} {{"
        yield "  const [" + ", ".join(field for field, _ in fields) + "] = array;"
        yield "  return { " + ", ".join(field for field, _ in fields) + " };"
    yield "}"
    yield ""


def _structs(field: Field) -> Iterator[StructType]:
    """The structs inside one field, innermost first."""

    def walk(info: Any) -> Iterator[StructType]:
        match info:
            case StructType():
                for inner in info.fields:
                    yield from walk(inner.type)
                yield info
            case ListType(item_type=item):
                yield from walk(item)
            case DictType(value_type=value):
                yield from walk(value)
            case UnionType(types=types):
                for one in types:
                    yield from walk(one)

    yield from walk(field.type)


def _all() -> Iterator[StructType]:
    """Every struct of the page once, those used by others first."""
    seen: set[type] = set()
    for message in (*wire.FROM_BROWSER, *wire.FROM_SERVER):
        info = type_info(message)
        assert isinstance(info, StructType)
        for struct in (*(s for f in info.fields for s in _structs(f)), info):
            if struct.cls not in seen:
                seen.add(struct.cls)
                yield struct


def _events(name: str, doc: str, messages: tuple[type[wire.Message], ...]) -> Iterator[str]:
    yield from _doc(doc)
    yield f"export interface {name} {{"
    for message in messages:
        array = msgspec.structs.fields(message) and message.__struct_config__.array_like
        yield f"  {message.event}: {message.__name__}{'Array' if array else ''};"
    yield "}"
    yield ""


def _lines() -> Iterator[str]:
    yield from _doc("A server of another version tells this client to reload.")
    yield f"export const VERSION = {wire.VERSION};"
    yield ""
    yield "export type Json = unknown;"
    yield ""
    yield from _doc(Phase.__doc__)
    yield "export type Phase ="
    phases = list(Phase)
    comments = _comments(Phase)
    for phase in phases:
        end = ";" if phase is phases[-1] else ""
        yield f"  /** {comments[phase.name]} */"
        yield f"  | {_quote(phase.value)}{end}"
    yield ""
    for info in _all():
        if info.cls is wire.State:
            views = [view.__name__ for view in get_args(wire.View)]
            yield f"export type View = {' | '.join(views)};"
            yield ""
        yield from _interface(info)
    yield from _events("FromBrowser", "Event -> payload, browser to server.", wire.FROM_BROWSER)
    yield from _events("FromServer", "Event -> payload, server to browser.", wire.FROM_SERVER)
    yield from _doc("Coordinates are integers, so many to the stage's width or height.")
    yield f"export const GRID = {draw.GRID};"
    yield ""
    yield from _doc("What an object is: field 0 is an index into this.")
    yield f"export const KINDS = [{', '.join(map(_quote, draw.KINDS))}] as const;"
    yield ""
    yield from _doc("Field number -> what it says of an object; see igym/sim/draw.py.")
    yield "export const FIELDS = ["
    yield from (f"  {_quote(field)}," for field in draw.FIELDS)
    yield "] as const;"


def text() -> str:
    """The whole file, before prettier (which leaves generated files alone)."""
    # A union of views has a name on the Python page; use it.
    views = " | ".join(view.__name__ for view in get_args(wire.View))
    body = "\n".join(_lines())
    return _HEAD + "\n" + body.replace(f"  view: {views};", "  view: View;") + "\n"


def main(arguments: list[str]) -> int:
    """Print the twin, or write it with `--write`."""
    if arguments == ["--write"]:
        FILE.write_text(text(), encoding="utf-8")
        print(f"wrote {FILE}", file=sys.stderr)
        return 0
    if arguments:
        print("usage: python -m igym.wire.typescript [--write]", file=sys.stderr)
        return 2
    sys.stdout.write(text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
