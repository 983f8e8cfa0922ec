"""The sessions of a study that people come back for. The author's words, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from igym.errors import BadPackage

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")


@dataclass(frozen=True, slots=True)
class Wave:
    """Made by `wave`. Times are ms since the epoch; 0 = no limit."""

    name: str
    opens_ms: float = 0
    closes_ms: float = 0
    after: str = ""  # the wave one must have completed before


def wave(name: str, *, opens: str = "", closes: str = "", after: str = "") -> Wave:
    """One wave; its link is the study's with ?wave=`name`.

    Args:
        opens, closes: ISO 8601 with an offset, as in "2026-12-01T09:00+01:00".
        after: an earlier wave that must have been completed.

    Raises:
        BadPackage: a malformed name or time, or a time without an offset.
    """
    if not _NAME.fullmatch(name):
        raise BadPackage(f"The wave name {name!r} will not do.")
    made = Wave(name, _ms(name, opens), _ms(name, closes), after)
    if made.opens_ms and made.closes_ms and made.closes_ms <= made.opens_ms:
        raise BadPackage(f"wave({name!r}) closes before it opens.")
    return made


def _ms(name: str, text: str) -> float:
    if not text:
        return 0
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadPackage(f"wave({name!r}): {text!r} is no time.") from error
    if at.tzinfo is None:
        raise BadPackage(
            f"wave({name!r}): {text!r} does not say its offset.", hint="End it with +01:00 or Z."
        )
    return at.timestamp() * 1000
