"""One measured figure and what it is measured against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`value` against `bound`, both in `unit`. A bound of None is a figure to know, not a goal."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    at_least: bool = False  # the bound is a floor and not a ceiling

    @property
    def ratio(self) -> float | None:
        """Measured over bound: what to compare between machines and changes."""
        return self.value / self.bound if self.bound else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.bound is None:
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def row(self) -> str:
        """A line of the table."""
        sign = "≥" if self.at_least else "≤"
        bound = f"{sign} {self.bound:g} {self.unit}" if self.bound else ""
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else ""
        return f"| {self.name} | {self.value:.4g} {self.unit} | {bound} | {ratio} |"


HEAD = "| figure | measured | goal | measured / goal |\n| --- | --- | --- | --- |"
