"""What a person's connection and attention must be like during play. Pure; knows no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from igym.domain.duration import seconds
from igym.errors import BadPackage


@dataclass(frozen=True, slots=True)
class Limit:
    """Made by `slow`, `hidden` or `idle`. Seconds count from when the trouble began."""

    kind: Literal["rtt", "hidden", "idle"]
    warn_s: float
    out_s: float
    above_ms: float = 0  # rtt: a round trip longer than this is trouble


def _limit(kind: Literal["rtt", "hidden", "idle"], warn: str, out: str, above_ms: float) -> Limit:
    warn_s, out_s = seconds(warn), seconds(out)
    if not 0 < warn_s < out_s:
        raise BadPackage(f"A warning after {warn} must come before the end after {out}.")
    return Limit(kind, warn_s, out_s, above_ms)


def slow(above: str, *, warn: str = "5 s", out: str = "15 s") -> Limit:
    """The round trip may not stay above a limit. One spike never excludes anybody."""
    return _limit("rtt", warn, out, seconds(above) * 1000)


def hidden(*, warn: str = "3 s", out: str = "10 s") -> Limit:
    """The tab may not stay in the background."""
    return _limit("hidden", warn, out, 0)


def idle(*, warn: str = "20 s", out: str = "40 s") -> Limit:
    """Something has to be pressed or released now and then."""
    return _limit("idle", warn, out, 0)
