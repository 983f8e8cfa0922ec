"""Matching strategies: pure functions from tickets to groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ticket:
    """One session that waits in a lobby."""

    session: str
    since_ms: float


def fifo(tickets: Sequence[Ticket], size: int) -> list[list[Ticket]]:
    """Groups of `size` in order of arrival; whoever is left over waits on."""
    queue = sorted(tickets, key=lambda t: (t.since_ms, t.session))
    whole = len(queue) // size * size
    return [queue[i : i + size] for i in range(0, whole, size)]
