"""Which lines of participants' browser consoles are kept. Pure."""

from __future__ import annotations

from typing import Literal, get_args

#: The least severe line that is kept; "off" keeps none.
Least = Literal["off", "error", "warn", "info", "debug"]

#: From the least that can be kept to all of it.
ORDER: tuple[Least, ...] = get_args(Least)


def fewer(one: Least, other: Least) -> Least:
    """Whichever of the two keeps fewer lines."""
    return min(one, other, key=ORDER.index)


def kept(least: Least) -> frozenset[str]:
    """The levels of lines that are kept."""
    return frozenset(ORDER[1 : ORDER.index(least) + 1])
