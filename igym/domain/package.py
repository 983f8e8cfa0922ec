"""The versions of an experiment, and how each of them stands. Knows no files and no Redis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """Where a version is between its upload and its last participant."""

    STORED = "stored"  # its files are here, the check has not said anything yet
    REFUSED = "refused"  # the check found what will not do; sent again, it is checked again
    CHECKED = "checked"  # it compiles and plays; nobody gets it yet
    ACTIVE = "active"  # what newcomers get; one of an experiment at most
    RETIRED = "retired"  # newcomers do not get it (any more); its sessions go on


class Step(StrEnum):
    """What can be done with a version."""

    CHECK_AGAIN = "check_again"
    PASS = "pass"
    FAIL = "fail"
    ACTIVATE = "activate"
    RETIRE = "retire"


#: The whole life of a version. Where another one is activated, the active one retires in the
#: same step; to roll back is to activate a retired one.
MOVES: dict[Standing, dict[Step, Standing]] = {
    Standing.STORED: {Step.PASS: Standing.CHECKED, Step.FAIL: Standing.REFUSED},
    Standing.REFUSED: {Step.CHECK_AGAIN: Standing.STORED},
    Standing.CHECKED: {Step.ACTIVATE: Standing.ACTIVE, Step.RETIRE: Standing.RETIRED},
    Standing.ACTIVE: {Step.ACTIVATE: Standing.ACTIVE, Step.RETIRE: Standing.RETIRED},
    Standing.RETIRED: {Step.ACTIVATE: Standing.ACTIVE, Step.RETIRE: Standing.RETIRED},
}


def before(step: Step) -> tuple[Standing, ...]:
    """In which standings `step` can be taken."""
    return tuple(standing for standing, moves in MOVES.items() if step in moves)


def after(step: Step) -> Standing:
    """How a version stands after `step`; the same from wherever it is taken."""
    return next(moves[step] for moves in MOVES.values() if step in moves)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one experiment, as researchers and admins see it."""

    experiment: str
    version: str
    package: str  # content hash, hex
    title: str
    standing: Standing
    sent_by: str  # a token's name, or "local"
    sent_ms: float
    moved_by: str = ""  # who brought it to where it stands
    moved_ms: float = 0
    size: int = 0  # bytes of its files
