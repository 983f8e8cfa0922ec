"""What a window of a load curve showed, from all who were there. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from igym.bots.report import percentiles

#: The clock on the wall may run away from the other one by so much in a window.
CLOCK_MS = 5.0

#: A load generator that needs more than this of its core is what is being measured.
BUSY = 0.85


@dataclass
class Person:
    """One person's part of a window."""

    frames: int = 0
    missing: int = 0  # ticks that no frame came for
    tick: int = -1  # of the last frame
    playing: bool = False


@dataclass
class Window:
    """Everything since it began."""

    began_s: float
    wall_s: float
    cpu_s: float
    ages_ms: array[float] = field(default_factory=lambda: array("d"))
    replies_ms: array[float] = field(default_factory=lambda: array("d"))  # from keys to their frame
    spoken: int = 0


def summary(
    window: Window,
    people: Sequence[Person],
    *,
    now_s: float,
    wall_s: float,
    cpu_s: float,
    fps: float,
    longest_s: float,
    lost: int,
    bytes_: int,
) -> dict[str, Any]:
    """The window as plain values."""
    took_s = now_s - window.began_s
    frames = sum(one.frames for one in people)
    rates = sorted(one.frames / took_s for one in people)
    return {
        "people": len(people),
        "seconds": round(took_s, 3),
        "frames": frames,
        "fps": round(sum(rates) / len(rates), 3) if rates else 0.0,
        "fps_worst": round(rates[0], 3) if rates else 0.0,
        "of_nominal": round(sum(rates) / len(rates) / fps, 4) if rates else 0.0,
        "missing": sum(one.missing for one in people),
        "age_ms": percentiles(window.ages_ms, (50, 95, 99)),
        "reply_ms": percentiles(window.replies_ms, (50, 95, 99)),
        "bytes": bytes_,
        "spoken": window.spoken,
        "lost": lost,
        "silent": sum(1 for one in people if not one.frames),
        "load_cpu_s": round(cpu_s - window.cpu_s, 3),
        "load_longest_ms": round(longest_s * 1000, 1),
        "clock_ms": round((wall_s - window.wall_s - took_s) * 1000, 2),
    }


def doubts(told: dict[str, Any]) -> list[str]:
    """Why a window's figures are not to be reported; empty where they are."""
    made = []
    busy = told["load_cpu_s"] / told["seconds"]
    if busy > BUSY:
        made.append(
            f"the load generator was busy {100 * busy:.0f} % of the time: it held things up"
        )
    if abs(told["clock_ms"]) > CLOCK_MS:
        made.append(f"the clock was moved by {told['clock_ms']:g} ms: ages of frames mean nothing")
    if told["lost"]:
        made.append(f"{told['lost']} connections were lost")
    if told["silent"]:
        made.append(f"{told['silent']} people saw no frame at all")
    return made


def good(told: dict[str, Any], *, share: float = 0.99, age_ms: float = 33.0) -> bool:
    """Whether people were served as they should be."""
    p99 = told["age_ms"]["p99"]
    return bool(told["of_nominal"] >= share and p99 is not None and p99 <= age_ms)


def largest(windows: Iterable[dict[str, Any]], **criterion: float) -> int:
    """The most people of whom everybody was served well, below the first window that failed."""
    most = 0
    for told in sorted(windows, key=lambda one: one["people"]):
        if doubts(told) or not good(told, **criterion):
            break
        most = told["people"]
    return most
