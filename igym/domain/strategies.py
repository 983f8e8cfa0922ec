"""Matching strategies: pure functions from tickets to groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Ticket:
    """One session that waits in a lobby."""

    session: str
    since_ms: float
    participant: str = ""
    rtt_ms: float = -1  # last measured round trip to the server; -1 = not yet
    cells: Mapping[str, str] = field(default_factory=dict)  # treatment -> cell
    attributes: Mapping[str, Any] = field(default_factory=dict)  # "scene.item" -> answer
    met: tuple[str, ...] = ()  # participants they have been in a game with
    group: str = ""  # of a reunion: the game whose group meets again


def fifo(tickets: Sequence[Ticket], size: int) -> list[list[Ticket]]:
    """Groups of `size` in order of arrival; whoever is left over waits on."""
    queue = sorted(tickets, key=lambda t: (t.since_ms, t.session))
    whole = len(queue) // size * size
    return [queue[i : i + size] for i in range(0, whole, size)]
