"""What a person's connection and attention must be like during play. Pure; knows no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from igym.domain.duration import seconds
from igym.errors import BadPackage

Kind = Literal["rtt", "hidden", "idle"]

#: Round trips whose median counts. One of them alone never tips it.
SAMPLES = 3

#: A round trip that does not change counts again after so long: about as often as browsers
#: measure one.
SAMPLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Limit:
    """Made by `slow`, `hidden` or `idle`. Seconds count from when the trouble began."""

    kind: Kind
    warn_s: float
    out_s: float
    above_ms: float = 0  # rtt: a round trip longer than this is trouble


def _limit(kind: Kind, warn: str, out: str, above_ms: float) -> Limit:
    warn_s, out_s = seconds(warn), seconds(out)
    if not 0 < warn_s < out_s:
        raise BadPackage(f"A warning after {warn} must come before the end after {out}.")
    return Limit(kind, warn_s, out_s, above_ms)


def slow(above: str, *, warn: str = "5 s", out: str = "15 s") -> Limit:
    """The round trip may not stay above a limit. One spike never excludes anybody."""
    return _limit("rtt", warn, out, seconds(above) * 1000)


def hidden(*, warn: str = "3 s", out: str = "10 s") -> Limit:
    """The tab may not stay in the background."""
    return _limit("hidden", warn, out, 0)


def idle(*, warn: str = "20 s", out: str = "40 s") -> Limit:
    """Something has to be pressed or released now and then."""
    return _limit("idle", warn, out, 0)


@dataclass(frozen=True, slots=True)
class Word:
    """What a `Watch` has to say."""

    what: Literal["warn", "clear", "out"]
    kind: Kind
    until_s: float = 0  # warn: when "out" follows unless the trouble ends; the caller's clock


@dataclass(slots=True)
class _Trouble:
    """One limit, and how it stands."""

    limit: Limit
    since_s: float | None = None  # None = no trouble
    until_s: float | None = None  # warned, and out by then; None = not warned
    out: bool = False

    def look(self, since_s: float | None, now_s: float) -> Word | None:
        """`since_s`: when the trouble began, None where there is none."""
        if self.out:
            return None
        if since_s is None:
            warned, self.since_s, self.until_s = self.until_s is not None, None, None
            return Word("clear", self.limit.kind) if warned else None
        self.since_s = since_s
        if self.until_s is None and now_s - since_s >= self.limit.warn_s:
            # Whoever is warned late has as long as everybody else to mend it.
            late_s = now_s - since_s - self.limit.warn_s
            self.until_s = since_s + self.limit.out_s + late_s
            return Word("warn", self.limit.kind, self.until_s)
        if self.until_s is not None and now_s >= self.until_s:
            self.out = True
            return Word("out", self.limit.kind)
        return None


class Watch:
    """One seat's limits during play.

    Feed it a few times a second with what is known; it answers what changed. The clock is the
    caller's: any that only goes forward, in seconds.
    """

    def __init__(self, limits: Sequence[Limit], now_s: float) -> None:
        self._troubles = [_Trouble(limit) for limit in limits]
        self._rtts: deque[float] = deque(maxlen=SAMPLES)
        self._sampled_s = float("-inf")
        self._from_s = now_s
        self._hidden_s: float | None = None

    def again(self, now_s: float) -> list[Word]:
        """Begin anew: the game stood still, and nobody is to blame for that time.

        Returns:
            A "clear" for each warning that was given.
        """
        self._from_s = now_s
        self._hidden_s = None
        self._rtts.clear()
        said = [trouble.look(None, now_s) for trouble in self._troubles]
        return [word for word in said if word is not None]

    def feed(self, now_s: float, rtt_ms: float, hidden: bool, last_input_s: float) -> list[Word]:
        """What is known now.

        Args:
            now_s: the time.
            rtt_ms: the round trip last measured; below 0 = none yet.
            hidden: whether the tab is in the background.
            last_input_s: when something was last pressed or released.

        Returns:
            What changed, usually nothing. After an "out" no more of that limit.
        """
        self._sample(now_s, rtt_ms)
        if not hidden:
            self._hidden_s = None
        elif self._hidden_s is None:
            self._hidden_s = now_s
        said = [t.look(self._since(t, now_s, last_input_s), now_s) for t in self._troubles]
        return [word for word in said if word is not None]

    def standing(self) -> list[Word]:
        """The warnings that stand, for somebody who may not have seen them."""
        return [
            Word("warn", trouble.limit.kind, trouble.until_s)
            for trouble in self._troubles
            if trouble.until_s is not None and not trouble.out
        ]

    def _sample(self, now_s: float, rtt_ms: float) -> None:
        known = rtt_ms >= 0
        changed = not self._rtts or rtt_ms != self._rtts[-1]
        if known and (changed or now_s - self._sampled_s >= SAMPLE_S):
            self._rtts.append(rtt_ms)
            self._sampled_s = now_s

    def _since(self, trouble: _Trouble, now_s: float, last_input_s: float) -> float | None:
        """When what this limit forbids began; None = it is not so."""
        limit = trouble.limit
        if limit.kind == "hidden":
            return self._hidden_s
        if limit.kind == "idle":
            since_s = max(self._from_s, last_input_s)
            return since_s if now_s - since_s >= limit.warn_s else None
        if len(self._rtts) < SAMPLES or median(self._rtts) <= limit.above_ms:
            return None
        return now_s if trouble.since_s is None else trouble.since_s
