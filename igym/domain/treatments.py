"""Treatments: conditions that people or groups are assigned to, and how many of each.

Pure. Whoever assigns says what was reserved and completed; nothing here counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from igym.errors import BadPackage

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")

Per = Literal["participant", "group"]


@dataclass(frozen=True, init=False)
class Treatment:
    """A factor with named cells.

    Attributes:
        cells: cell -> what it stands for: a policy, or any plain value.
        per: assigned to each "participant", or to a "group" inside the match.
        wanted: valid completions wanted of each cell; 0 = no quota.
        over: places given out beyond `wanted`, against attrition.
        at: scene at which a participant is assigned; "" = at arrival.
        valid: outcomes that count as a completion. A group counts when all its members do.
    """

    name: str
    per: Per
    wanted: int
    over: int
    at: str
    valid: tuple[str, ...]
    cells: Mapping[str, Any] = field(compare=True)

    def __init__(
        self,
        name: str,
        *,
        per: Per = "participant",
        wanted: int = 0,
        over: int = 0,
        at: str = "",
        valid: Sequence[str] = ("complete",),
        **cells: Any,
    ) -> None:
        """Raises `BadPackage`: fewer than two cells, or a value outside its range."""

        def need(ok: bool, why: str) -> None:
            if not ok:
                raise BadPackage(f"Treatment({name!r}): {why}")

        need(bool(_NAME.fullmatch(name)), "the name needs small letters, digits and _, 41 at most")
        need(per in ("participant", "group"), f'per={per!r} is not "participant" or "group"')
        need(len(cells) >= 2, "give at least two cells, as in novice=…, expert=…")
        need(wanted >= 0, f"wanted={wanted} is below 0")
        need(over >= 0, f"over={over} is below 0")
        need(not (at and per == "group"), "a group is assigned when it is matched: leave out at=")
        for what, value in (
            ("name", name), ("per", per), ("wanted", wanted), ("over", over), ("at", at),
            ("valid", tuple(valid)), ("cells", dict(cells)),
        ):  # fmt: skip
            object.__setattr__(self, what, value)

    def __hash__(self) -> int:
        return hash(self.name)
