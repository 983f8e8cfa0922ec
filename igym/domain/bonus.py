"""What is paid beside the base: a pure function of what was recorded of one participant."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from igym.domain.duration import seconds
from igym.domain.rounds import Result, unpacked
from igym.errors import BadPackage


@dataclass(frozen=True, slots=True)
class Played:
    """One episode somebody was in."""

    scene: str
    seat: str  # theirs
    result: Result

    @property
    def score(self) -> float:
        """The sum of their rewards in it."""
        return self.result.scores[self.seat]


@dataclass(frozen=True, slots=True)
class Record:
    """What was recorded of one participant, as a bonus function is given it."""

    session: str
    mode: str
    wave: str
    outcome: str
    treatments: Mapping[str, str]  # treatment -> cell
    answers: Mapping[str, Any]  # "scene.item" -> answer, of up to 200 characters
    episodes: tuple[Played, ...]  # in order, practice included

    def score(self, scene: str = "") -> float:
        """Their score in that scene, or in all of them; practice does not count."""
        counted = [p for p in self.episodes if not p.result.practice]
        return sum(played.score for played in counted if scene in ("", played.scene))

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Record:
        """From JSON, as in the column `inputs` of the table `bonuses`."""
        episodes = tuple(
            Played(one["scene"], one["seat"], unpacked(one["result"])) for one in plain["episodes"]
        )
        return cls(**{**plain, "episodes": episodes})


@dataclass(frozen=True, slots=True)
class Bonus:
    """See `bonus`."""

    function: Callable[[Record], float]
    cap: float
    currency: str
    default: float
    limit_s: float


def bonus(
    function: Callable[[Record], float],
    *,
    cap: float,
    currency: str = "GBP",
    default: float = 0.0,
    limit: str = "2 s",
) -> Bonus:
    """Pay what `function` says, at most `cap`.

    Args:
        function: a pure function of an `igym.Record`; called in a worker once a session has ended.
        cap: the most that anybody gets. Below 0 is 0.
        currency: three letters, for people and the data.
        default: what is paid where the function raises, hangs or returns no number.
        limit: how long it may take.

    Raises:
        BadPackage: an amount is below 0 or above the cap, or the currency has not three letters.
    """
    if not callable(function):
        raise BadPackage(f"bonus({function!r}): the first argument is a function of a record.")
    if not (math.isfinite(cap) and cap > 0):
        raise BadPackage(f"bonus(cap={cap!r}) must be above 0.")
    if not 0 <= default <= cap:
        raise BadPackage(f"bonus(default={default!r}) is not between 0 and cap={cap!r}.")
    if len(currency) != 3 or not currency.isalpha() or not currency.isupper():
        raise BadPackage(f'bonus(currency={currency!r}) is not like "GBP".')
    return Bonus(function, float(cap), currency, float(default), seconds(limit))


def accepted(given: Any) -> Bonus | None:
    """`given`, if it is a bonus or None. Raises `BadPackage`."""
    if not (given is None or isinstance(given, Bonus)):
        raise BadPackage(f"bonus={given!r} is not bonus(…).")
    return given


def capped(value: object, cap: float) -> float | None:
    """What is paid for what a function said, in whole cents; None where that was no number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(min(max(float(value), 0.0), cap), 2)


def told(amount: float, currency: str) -> str:
    """An amount as people read it."""
    return f"{amount:.2f} {currency}"
