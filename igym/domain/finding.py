"""What was found when something was looked at, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    verdict: Verdict
    said: str
    hint: str = ""  # what to do; "" = nothing


def fine(what: str, said: str) -> Finding:
    """As it should be."""
    return Finding(what, "ok", said)


def warn(what: str, said: str, hint: str) -> Finding:
    """It works, and may not go on doing so."""
    return Finding(what, "warn", said, hint)


def fail(what: str, said: str, hint: str) -> Finding:
    """People or data are in danger."""
    return Finding(what, "fail", said, hint)


def skipped(what: str, said: str, hint: str = "") -> Finding:
    """It could not be looked at."""
    return Finding(what, "skipped", said, hint)
