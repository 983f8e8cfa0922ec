"""What befalls simulated people: reloads, dropped lines, slow lines, leaving. Pure and seeded.

A share of the crowd meets each of them once, at a moment of their visit that is drawn for them:
so long after they first come to a page, a lobby, a game or a survey. Who never comes there is
spared; the summary says what happened.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from igym.errors import BadMessage

#: Where somebody can be, by the tag of the view on their screen.
PLACES = ("page", "lobby", "game", "survey")

#: A line that dropped comes back after so long.
SHORTEST_S, LONGEST_S = 0.5, 4.0

#: On a screen that is read, weather comes before it is answered.
SOON_S = 0.2


@dataclass(frozen=True, slots=True)
class Weather:
    """For a whole crowd: shares between 0 and 1, and round trips dealt out in turn."""

    reload: float = 0.0  # close the page and come back at once
    drop: float = 0.0  # the line goes silent, and a new one comes some seconds later
    leave: float = 0.0  # close the page for good
    rtt_ms: tuple[float, ...] = ()  # added to every line, half of it each way


@dataclass(frozen=True, slots=True)
class Turn:
    """One stroke of it: what, where, and how long after they came there."""

    kind: str  # reload, drop or leave
    place: str
    after_s: float
    away_s: float = 0.0  # until they are back


@dataclass(frozen=True, slots=True)
class Fate:
    """One person's."""

    turns: tuple[Turn, ...] = ()
    rtt_ms: float = 0.0
    met: list[str] = field(default_factory=list)  # kinds that have happened


def fates(weather: Weather, people: int, seconds: float, seed: int) -> list[Fate]:
    """A fate for each of them; exactly the shares asked for, to the nearest person.

    `seconds` is how long a game lasts: weather in a game comes while it is played.
    """
    rng = random.Random(seed)
    turns: list[list[Turn]] = [[] for _ in range(people)]
    for kind in ("reload", "drop", "leave"):
        share: float = getattr(weather, kind)
        for person in rng.sample(range(people), round(share * people)):
            turns[person].append(_turn(kind, seconds, rng))
    rtts = weather.rtt_ms or (0.0,)
    return [Fate(tuple(mine), rtts[n % len(rtts)]) for n, mine in enumerate(turns)]


def _turn(kind: str, seconds: float, rng: random.Random) -> Turn:
    place = rng.choice(PLACES)
    after_s = rng.uniform(0.0, 0.8 * seconds if place == "game" else SOON_S)
    away_s = rng.uniform(SHORTEST_S, LONGEST_S) if kind == "drop" else 0.0
    return Turn(kind, place, after_s, away_s)


def share(text: str) -> float:
    """ "10%" or "0.1" as a share. Raises `BadMessage` for anything else."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadMessage(f"{text!r} is not a share.", hint="Write 10% or 0.1.")
    return value


def round_trips(text: str) -> tuple[float, ...]:
    """ "20,80,200" as milliseconds; () for "". Raises `BadMessage`."""
    try:
        found = tuple(float(one) for one in text.split(",")) if text else ()
    except ValueError:
        found = (-1.0,)
    if any(not 0 <= one <= 10_000 for one in found):
        raise BadMessage(f"{text!r} are not round trips.", hint="Write ms, as in 20,80,200.")
    return found


def happened(fates: Sequence[Fate]) -> dict[str, int]:
    """How many people each kind has befallen."""
    return {k: sum(k in fate.met for fate in fates) for k in ("reload", "drop", "leave")}
