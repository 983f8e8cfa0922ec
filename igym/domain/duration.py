"""Durations as people write them: "90 s", "4 min", "150 ms". Knows no clock."""

from __future__ import annotations

import re

from igym.errors import BadPackage

_UNIT_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "days": 86_400.0}
_TEXT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|days)\s*")


def seconds(text: str) -> float:
    """`text` in seconds: a number, a unit (ms, s, min, h or days), nothing else.

    Raises:
        BadPackage: it does not read as a duration.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise BadPackage(
            f"{text!r} is not a duration.", hint='Write a number and a unit, such as "90 s".'
        )
    return float(match[1]) * _UNIT_S[match[2]]
