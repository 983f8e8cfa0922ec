"""Which episode of a game comes next, and conditions on how the earlier ones went. Pure.

A game has practice episodes first, then those that count. A gate (`until=`) ends the practice, or
where there is none the game itself, as soon as its condition is met. Whatever is decided
here is decided from results alone, so another worker decides the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from igym.errors import BadPackage


@dataclass(frozen=True, slots=True)
class Result:
    """How one episode went: what `until=`, `Adaptive` and callbacks are given of it."""

    episode: int  # from 0, within the game
    practice: bool
    steps: int
    scores: Mapping[str, float]  # seat -> sum of its rewards in this episode
    people: tuple[str, ...]  # the seats of people
    terminated: bool = False  # the environment ended it
    cells: Mapping[str, str] = field(default_factory=dict)  # adaptive seat -> the cell it had
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # seat -> item -> answer
    reached: bool = False  # what the gate said after it


@dataclass(frozen=True, slots=True)
class Goal:
    """A condition on results. Called with results it says whether it is met by now."""

    kind: Literal["scored", "won"]
    seat: str = ""
    at_least: float = 0.0
    times: int = 1
    in_a_row: bool = True

    def __post_init__(self) -> None:
        if self.times < 1 or self.times % 1:
            raise BadPackage(f"{self.kind}(times={self.times!r}) is not a whole number above 0.")
        if not math.isfinite(self.at_least):
            raise BadPackage(f"{self.kind}({self.at_least!r}) is not a score.")

    def met(self, result: Result) -> bool:
        """Whether that one episode was a success."""
        seats = (self.seat,) if self.seat else result.people
        if self.kind == "scored":
            return all(result.scores[seat] >= self.at_least for seat in seats)
        others = [score for seat, score in result.scores.items() if seat not in seats]
        return all(result.scores[seat] > score for seat in seats for score in others)

    def __call__(self, results: Sequence[Result]) -> bool:
        """Whether there were enough successes, the last ones in a row unless that is not asked."""
        successes = [self.met(result) for result in results]
        if not self.in_a_row:
            return sum(successes) >= self.times
        return len(successes) >= self.times and all(successes[-self.times :])


def scored(at_least: float, seat: str = "", *, times: int = 1, in_a_row: bool = True) -> Goal:
    """An episode in which `seat` (every person, if empty) had at least that score.

    Args:
        at_least: the sum of the seat's rewards in one episode.
        seat: whose; every person's if empty.
        times: how many such episodes it takes.
        in_a_row: whether they have to follow each other, up to the last one.
    """
    return Goal("scored", str(seat), float(at_least), times, in_a_row)


def won(seat: str = "", *, times: int = 1, in_a_row: bool = True) -> Goal:
    """An episode in which `seat` (every person, if empty) scored more than all other seats.

    Args:
        seat: whose; every person's if empty.
        times: how many such episodes it takes.
        in_a_row: whether they have to follow each other, up to the last one.
    """
    return Goal("won", str(seat), 0.0, times, in_a_row)


#: `until=`: a condition, or a pure function of the results so far.
Gate = Callable[[Sequence[Result]], bool]


@dataclass(frozen=True, slots=True)
class Round:
    """An episode that is to be played, as people are told of it."""

    episode: int  # from 0, within the game
    practice: bool
    number: int  # from 1, among those of its kind
    of: int  # so many of its kind; 0 = a condition ends them


def gated(results: Sequence[Result], practice: int) -> list[Result]:
    """Those of `results` that a gate looks at: practice, where there is any."""
    return [r for r in results if r.practice or not practice]


def upcoming(
    results: Sequence[Result], *, practice: int, episodes: int, gate: bool
) -> Round | Literal["over", "unreached"]:
    """What follows after `results`.

    Args:
        practice, episodes: the most of each kind.
        gate: whether there is an `until`.

    Returns:
        The next round; "over" when all was played, "unreached" when the gate stayed closed.
    """
    practised = sum(r.practice for r in results)
    played = len(results) - practised
    reached = any(r.reached for r in results)
    if gate and reached and not practice:
        return "over"
    if not played and practised < practice and not (gate and reached):
        return Round(len(results), True, practised + 1, 0 if gate else practice)
    if gate and not reached and (practice or played == episodes):
        return "unreached"
    if played == episodes:
        return "over"
    open_end = gate and not practice
    return Round(len(results), False, played + 1, 0 if open_end else episodes)


def packed(result: Result) -> dict[str, Any]:
    """`result` as plain values, for JSON."""
    return asdict(result)


def unpacked(plain: Mapping[str, Any]) -> Result:
    """What `packed` made."""
    return Result(**{**plain, "people": tuple(plain["people"])})
