"""The sessions of a study that people come back for. The author's words, as values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from igym.errors import BadPackage, NotOpen

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


def check_open(wave: Wave, now_ms: float) -> None:
    """Raises `NotOpen` with the time, where newcomers are not let in at `now_ms`."""
    if now_ms < wave.opens_ms:
        raise NotOpen(
            f"This part of the study opens on {_shown(wave.opens_ms)}.",
            hint="Open the same link again then.",
            at_ms=wave.opens_ms,
        )
    if wave.closes_ms and now_ms >= wave.closes_ms:
        raise NotOpen(
            f"This part of the study closed on {_shown(wave.closes_ms)}.",
            hint="Thank you for your interest.",
            at_ms=wave.closes_ms,
        )


def check_order(waves: Sequence[Wave]) -> None:
    """Raises `BadPackage` where two have one name, or one comes after a wave that is not before."""
    names: list[str] = []
    for one in waves:
        if one.name in names:
            raise BadPackage(f"Two waves are named {one.name!r}.")
        if one.after and one.after not in names:
            raise BadPackage(
                f"wave({one.name!r}, after={one.after!r}): there is no such wave before it."
            )
        names.append(one.name)


def _shown(at_ms: float) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d, %H:%M} UTC"


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
