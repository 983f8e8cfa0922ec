"""A seat whose policy is chosen anew for each episode, by how the earlier ones went. Pure.

What a rule says depends on the results it is given and on nothing else, so the sequence can be
made again from the data, and another worker makes the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from igym.domain.duration import seconds
from igym.domain.policy import Policy
from igym.domain.rounds import Goal, Result
from igym.errors import BadPackage


@dataclass(frozen=True, slots=True)
class Staircase:
    """One cell up after so many successes in a row, one down after so many failures in a row."""

    goal: Goal
    start: str = ""
    up: int = 1
    down: int = 1

    def cell(self, cells: Sequence[str], results: Sequence[Result]) -> str:
        """The cell for the episode that follows `results`; practice is not looked at."""
        level = cells.index(self.start) if self.start else 0
        successes = failures = 0
        for result in results:
            if result.practice:
                continue
            if self.goal.met(result):
                successes, failures = successes + 1, 0
            else:
                successes, failures = 0, failures + 1
            if successes == self.up:
                level, successes = min(level + 1, len(cells) - 1), 0
            if failures == self.down:
                level, failures = max(level - 1, 0), 0
        return cells[level]


@dataclass(frozen=True, slots=True)
class ChosenBy:
    """A participant chooses: before the first episode, or before each."""

    seat: str
    question: str
    labels: Mapping[str, str] = field(default_factory=dict)
    each: bool = False
    name: str = "choice"
    limit_s: float = 60.0


#: A pure function of the results so far that names a cell.
Chooser = Callable[[Sequence[Result]], str]


@dataclass(frozen=True, slots=True, init=False)
class Adaptive:
    """A seat whose policy follows from the episodes so far; `cells` are in order, easiest first."""

    rule: Staircase | ChosenBy | Chooser
    cells: Mapping[str, Policy]

    def __init__(self, rule: Staircase | ChosenBy | Chooser, /, **cells: Policy) -> None:
        """Name what the rule chooses between.

        Args:
            rule: `staircase(…)`, `chosen_by(…)`, or a pure function of the results so far that
                returns the name of a cell.
            cells: name -> policy, in the order of a staircase. The first is taken where a rule
                has nothing to say.

        Raises:
            BadPackage: fewer than two cells, or a rule that names another one.
        """
        object.__setattr__(self, "rule", rule)
        object.__setattr__(self, "cells", dict(cells))

        def need(ok: bool, why: str) -> None:
            if not ok:
                raise BadPackage(f"Adaptive(…): {why}")

        known = isinstance(rule, Staircase | ChosenBy) or callable(rule)
        need(known, f"{rule!r} is not staircase(…), chosen_by(…) or a function")
        need(len(cells) >= 2, "name at least two policies to choose between")
        for cell, policy in cells.items():
            need(isinstance(policy, Policy), f"{cell}={policy!r} is not a policy")
        named = {rule.start} - {""} if isinstance(rule, Staircase) else set[str]()
        named |= set(rule.labels) if isinstance(rule, ChosenBy) else set()
        odd = sorted(named - set(cells))
        need(not odd, f"{odd} is not among its cells {list(cells)}")

    @property
    def kind(self) -> Literal["staircase", "chosen_by", "function"]:
        """What sort of rule it is, for the data."""
        if isinstance(self.rule, Staircase):
            return "staircase"
        return "chosen_by" if isinstance(self.rule, ChosenBy) else "function"

    def form(self) -> dict[str, Any]:
        """The question of a `chosen_by`, as SurveyJS JSON."""
        assert isinstance(self.rule, ChosenBy)
        labels = {cell: cell.replace("_", " ").capitalize() for cell in self.cells}
        labels |= self.rule.labels
        choices = [{"value": cell, "text": labels[cell]} for cell in self.cells]
        return {
            "elements": [
                {
                    "type": "radiogroup",
                    "name": self.rule.name,
                    "title": self.rule.question,
                    "isRequired": True,
                    "choices": choices,
                }
            ]
        }


def check_rules(
    seats: Mapping[Any, Any], people: Sequence[Any], until: Any, need: Callable[[bool, str], None]
) -> None:
    """Whether the seats that a game's rules and its gate are about are there.

    Args:
        seats: agent id -> who sits there; `people` are those of them with a person.
        need: need(is so, why not) refuses the scene.
    """
    texts, persons = {str(seat) for seat in seats}, {str(seat) for seat in people}
    goals: list[tuple[str, Any]] = [("until=…", until)]
    for seat, who in seats.items():
        rule = who.rule if isinstance(who, Adaptive) else None
        if isinstance(rule, Staircase):
            goals.append((f"the staircase of {seat!r}", rule.goal))
        if isinstance(rule, ChosenBy):
            need(
                rule.seat in persons, f"seat {seat!r} is chosen by {rule.seat!r}, where nobody sits"
            )
    for what, goal in goals:
        about = getattr(goal, "seat", "")
        need(not about or about in texts, f"{what} is about {about!r}, which is no seat")


def staircase(goal: Goal, *, start: str = "", up: int = 1, down: int = 1) -> Staircase:
    """Make it harder after successes and easier after failures.

    Args:
        goal: what a success is: `won(…)` or `scored(…)`, looked at episode by episode.
        start: the cell to begin with; the first if empty.
        up: successes in a row that make it one cell harder.
        down: failures in a row that make it one cell easier.

    Raises:
        BadPackage: `up` or `down` is below 1, or `goal` is no goal.
    """
    if not isinstance(goal, Goal):
        raise BadPackage(f"staircase({goal!r}) needs won(…) or scored(…).")
    for name, value in (("up", up), ("down", down)):
        if value < 1 or value % 1:
            raise BadPackage(f"staircase({name}={value!r}) is not a whole number above 0.")
    return Staircase(goal, start, up, down)


def chosen_by(
    seat: Any,
    question: str,
    *,
    labels: Mapping[str, str] | None = None,
    each: bool = False,
    name: str = "choice",
    limit: str = "1 min",
) -> ChosenBy:
    """Let the person in `seat` choose.

    Args:
        seat: whose choice it is.
        question: what they read above the choices.
        labels: cell -> what they read for it; its name where missing.
        each: whether they choose before each episode, and not only before the first.
        name: of the question and its answer in the data.
        limit: how long the others wait for the choice. After that it is the last one, or the
            first cell.
    """
    return ChosenBy(str(seat), question, dict(labels or {}), each, name, seconds(limit))
