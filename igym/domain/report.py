"""What was found out about a package: findings, each a sentence with a place and what to do.

The form of `igym check --json` and of the report a server keeps with each version. Fields are
added and never renamed; `FORMAT` grows when the meaning of one changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FORMAT = 1

#: An error keeps the package from being published; a warning wants a look; a note is for
#: completeness.
Level = Literal["error", "warning", "note"]

_ORDER = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a package."""

    level: Level
    code: str  # what kind of thing; for machines, never changes
    message: str  # a sentence
    hint: str = ""  # what to do
    file: str = ""  # inside the package; "" = it is about no one file
    line: int = 0  # from 1; 0 = not known
    scene: str = ""
    trace: str = ""  # the researcher's own traceback


@dataclass(frozen=True, slots=True)
class SceneReport:
    """One scene as it was compiled."""

    name: str
    kind: Literal["page", "survey", "quiz", "game", "ending", "other"]
    about: str  # a line: who sits where, how many questions, which outcomes have a code
    tick_ms: float = 0  # of a game: a step and its picture, on average
    longest_ms: float = 0  # … the longest step
    recovery: str = ""  # … how it goes on after a crash (`igym.domain.plan.Recovery`)
    deterministic: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found out."""

    folder: str
    igym: str
    experiment: str = ""  # "" = the manifest does not say
    version: str = ""
    title: str = ""
    package: str = ""  # content hash, hex
    bytes: int = 0  # of its files
    took_s: float = 0
    findings: tuple[Finding, ...] = ()  # errors first
    scenes: tuple[SceneReport, ...] = ()  # none where it does not compile
    format: int = field(default=FORMAT)

    @property
    def ok(self) -> bool:
        """Whether it can be published."""
        return not any(found.level == "error" for found in self.findings)

    def count(self, level: Level) -> int:
        """How many findings there are of that level."""
        return sum(found.level == level for found in self.findings)


def ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Errors first, each level in the order in which it was found; nothing twice."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda found: _ORDER.index(found.level)))
