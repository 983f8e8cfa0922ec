"""Bound workers: processes that run the games of one package only.

A package with libraries of its own needs them (two versions of one library do not fit into one
process), and so does a scene with `isolation="process"`, whose steps would delay other games.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Binding:
    """What a bound worker runs. As text it is the name of the queue its games wait in."""

    experiment: str
    package: str  # content hash, hex
    alone: bool = False  # one game at a time

    def __str__(self) -> str:
        return f"{self.experiment}/{self.package}" + ("/alone" if self.alone else "")

    @classmethod
    def parse(cls, text: str) -> Binding:
        """The binding that reads like that."""
        experiment, package, *alone = text.split("/")
        return cls(experiment, package, bool(alone))
