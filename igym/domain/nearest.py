"""What authors may have meant, and whether they gave what was asked for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def is_text(value: object) -> bool:
    """Whether an author gave a text that is not empty. They need not have looked at the types."""
    return isinstance(value, str) and value != ""


def is_number(value: object) -> bool:
    """Whether an author gave a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: object, least: int, most: int) -> bool:
    """Whether an author gave a whole number in that range."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def nearest(name: object, names: Iterable[str]) -> str:
    """A hint with the name of `names` that is nearest to `name`, or with all of them."""
    known = list(dict.fromkeys(names))
    close = difflib.get_close_matches(str(name), known, 1, 0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"There are {', '.join(map(repr, known[:12]))}." if known else ""
