"""From what each participant saw to one summary. Pure: no sockets, no clock, no terminal."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

#: The most errors a summary lists; it says how many more there were.
MOST_ERRORS = 20


@dataclass
class Seen:
    """One participant's run, as they saw it."""

    number: int
    outcome: str = ""  # "" = never reached the ending
    stuck: str = ""  # where, for who never did
    left: str = ""  # where, for who closed the page for good
    session: str = ""
    games: list[str] = field(default_factory=list)
    fps_nominal: float = 0.0  # of the last game; 0 = played none
    frames: int = 0  # delivered while an episode was being played
    playing_s: float = 0.0
    dropped: int = 0  # ticks of which no frame came
    gaps: int = 0  # frames that could not be used before the next keyframe
    packets: int = 0
    reconnects: int = 0
    age_ms: array[float] = field(default_factory=lambda: array("d"))
    reply_ms: array[float] = field(default_factory=lambda: array("d"))
    ghosts: int = 0  # frames of a game's superseded generation
    back: list[float] = field(default_factory=list)  # ticks, at each takeover of a game
    met: list[str] = field(default_factory=list)  # weather that befell them
    #: (session, scene, item -> value) of what the server said it has.
    answers: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    without_screen: list[str] = field(default_factory=list)  # "phase: view" that no page shows
    trail: dict[str, Any] = field(default_factory=dict)  # `igym.bots.trail.Trail.plain`
    errors: list[str] = field(default_factory=list)

    @property
    def fps(self) -> float | None:
        """Frames a second while playing; None where nothing was played."""
        return self.frames / self.playing_s if self.playing_s > 0 else None


def percentiles(values: Iterable[float], points: Sequence[int]) -> dict[str, float | None]:
    """{"p50": …} by nearest rank, rounded to 1/100; None where there are no values."""
    ordered = sorted(values)
    return {
        f"p{point}": round(ordered[min(len(ordered) - 1, len(ordered) * point // 100)], 2)
        if ordered
        else None
        for point in points
    }


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return sum(values) / len(values) if values else None


def _rounded(value: float | None, digits: int = 2) -> float | None:
    return None if value is None else round(value, digits)


def summary(people: Sequence[Seen], seconds: float) -> dict[str, Any]:
    """Everything the participants can tell. What only the server knows is added by who asks it."""
    rates = [person.fps for person in people if person.fps is not None]
    return {
        "participants": len(people),
        "seconds": seconds,
        "games": len({game for person in people for game in person.games}),
        "finished": sum(1 for person in people if person.outcome),
        "stuck": sum(1 for person in people if not person.outcome and not person.left),
        "left": sum(1 for person in people if person.left),
        "outcomes": dict(Counter(person.outcome for person in people if person.outcome)),
        "fps_delivered": _rounded(mean(rates)),
        "fps_worst": _rounded(min(rates, default=None)),
        "fps_nominal": max((person.fps_nominal for person in people), default=0.0) or None,
        "frame_age_ms": percentiles((age for p in people for age in p.age_ms), (50, 95, 99)),
        "action_to_frame_ms": percentiles((ms for p in people for ms in p.reply_ms), (50, 95, 99)),
        "frames": sum(person.frames for person in people),
        "frames_dropped": sum(person.dropped for person in people),
        "frames_ghosts": sum(person.ghosts for person in people),
        "ticks_back": max((back for person in people for back in person.back), default=0),
        "reconnects": sum(person.reconnects for person in people),
        "weather": dict(Counter(kind for person in people for kind in person.met)),
        "states_without_screen": sum(len(person.without_screen) for person in people),
        "errors": capped(errors(people)),
    }


def errors(people: Iterable[Seen]) -> list[str]:
    """What went wrong for whom, equal ones told once with a count."""
    told: Counter[str] = Counter()
    for person in people:
        told.update(person.errors)
        if person.stuck:
            told[f"stuck: {person.stuck}"] += 1
        told.update(f"no screen for {one}" for one in person.without_screen)
        if person.outcome == "technical_problem":
            told["ended with technical_problem"] += 1
    return [f"{said} (×{count})" if count > 1 else said for said, count in told.most_common()]


def capped(told: Sequence[str]) -> list[str]:
    """The first `MOST_ERRORS`, and how many there were beyond them."""
    more = len(told) - MOST_ERRORS
    return [*told[:MOST_ERRORS], *([f"… and {more} more"] if more > 0 else [])]
