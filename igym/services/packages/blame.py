"""The author's own line: where in a package an error comes from. Runs where packages are tried."""

from __future__ import annotations

import ast
import re
import traceback
from pathlib import Path

Place = tuple[str, int]  # file inside the package and line; ("", 0) = not known

NOWHERE: Place = ("", 0)

_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')


def of_error(error: BaseException, root: Path) -> Place:
    """The innermost line of the package that led to `error`."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, SyntaxError) and (
            place := _inside(seen.filename or "", seen.lineno or 0, root)
        ):
            return place
        for frame in reversed(traceback.extract_tb(seen.__traceback__)):
            if place := _inside(frame.filename, frame.lineno or 0, root):
                return place
        seen = seen.__cause__ or seen.__context__
    return NOWHERE


def of_text(dump: str, root: Path) -> Place:
    """The same from the text of a stack, innermost line first (`faulthandler`)."""
    for match in _FRAME.finditer(dump):
        if place := _inside(match["file"], int(match["line"]), root):
            return place
    return NOWHERE


def _inside(file: str, line: int, root: Path) -> Place | None:
    path, here = Path(file).resolve(), root.resolve()
    if not path.is_relative_to(here):
        return None
    return path.relative_to(here).as_posix(), line


def of_literal(text: str, root: Path, file: str = "experiment.py") -> Place:
    """Where `text` is written in quotes: the name of a scene, of a page, of a policy."""
    try:
        tree = ast.parse((root / file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return NOWHERE
    lines = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Constant) and n.value == text]
    return (file, min(lines)) if lines else NOWHERE


def shortened(error: BaseException, root: Path) -> str:
    """The traceback from the author's first line on: what igym did before is not theirs to read."""
    frames = traceback.extract_tb(error.__traceback__)
    first = next(
        (i for i, f in enumerate(frames) if _inside(f.filename, f.lineno or 0, root)), len(frames)
    )
    if first == len(frames) and not isinstance(error, SyntaxError):
        return "".join(traceback.format_exception(error))
    told = traceback.format_list(frames[first:]) if first < len(frames) else []
    head = ["Traceback (most recent call last):\n"] if told else []
    return "".join([*head, *told, *traceback.format_exception_only(error)])
