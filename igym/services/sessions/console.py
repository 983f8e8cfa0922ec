"""What participants' browsers log, for admins who look into something that happens there.

Off unless the setting `browser_logs` says otherwise, and an experiment may have fewer kept. A
browser is not believed: rate, size and level are bounded here whatever it sends, and what could
give somebody away or let somebody in is taken out before a line is kept. There is no file: lines
are in Redis, capped, and end by themselves.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from igym import log, wire
from igym.domain.allowance import Allowance
from igym.domain.browser_logs import fewer, kept
from igym.services.connect import Deployment
from igym.store import sessions, tails

#: Lines a browser may say at once, and a second after that: a fifth more than it means to say
#: itself (client/src/console.ts), since what it says together does not come evenly.
AT_ONCE, PER_S = 10, 12.0

#: And all browsers of a web worker together.
ALL_AT_ONCE, ALL_PER_S = 400, 200.0

#: A signed token of ours, or of anybody who writes them as base64 with dots.
_TOKEN = re.compile(r"[\w-]{16,}(?:\.[\w-]{5,}){1,2}")
#: What follows the path of an address: recruiters' ids and keys stand there.
_QUERY = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s\"'<>?#]*)[?#][^\s\"'<>)]*", re.IGNORECASE)
#: The same without an address before it, as in location.search.
_PAIR = re.compile(r"([?&][\w.-]{1,40}=)[^\s&\"'<>)]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(slots=True)
class Voice:
    """What one connection may still say."""

    participant: str
    kept: frozenset[str]  # the levels of its study
    allowance: Allowance = field(default_factory=lambda: Allowance(AT_ONCE, PER_S))


class Console:
    """The lines of one web worker's participants."""

    def __init__(self, deployment: Deployment, now: Callable[[], float] = time.monotonic) -> None:
        self._deployment = deployment
        self._now = now
        self._all = Allowance(ALL_AT_ONCE, ALL_PER_S)
        self._least = deployment.settings.browser_logs

    def hear(
        self, experiment: str, session: str, voice: Voice | None, said: wire.Logged
    ) -> Voice | None:
        """Keep the lines that may be kept; the others are counted.

        Args:
            voice: what this answered for the connection before.

        Returns:
            What the connection may still say; None where nothing is kept at all.
        """
        if self._least == "off":
            return None
        if voice is None:
            known = sessions.read(self._deployment.redis, experiment, session)
            plan = self._deployment.plans.get(experiment, known.package)
            voice = Voice(known.participant, kept(fewer(self._least, plan.browser_logs)))
        voice.allowance.lost += said.dropped
        lines: list[dict[str, str | float]] = []
        for level, at_ms, text in said.lines:
            if level not in voice.kept:
                continue
            now_s = self._now()
            if not voice.allowance.takes(now_s):
                self._deployment.meter.count("igym_browser_lines_dropped_total")
                continue
            if not self._all.takes(now_s):
                voice.allowance.lost += 1
                self._deployment.meter.count("igym_browser_lines_dropped_total")
                continue
            lines.append(
                {
                    "session": session,
                    "participant": voice.participant,
                    "level": level,
                    "browser_ms": at_ms,
                    "text": scrubbed(text),
                    "dropped": voice.allowance.told(),
                }
            )
        if lines:
            tails.heard(self._deployment.redis, experiment, lines)
        return voice


def scrubbed(text: str) -> str:
    """`text` without tokens, secrets, what follows a question mark in a link, and controls."""
    text = _CONTROL.sub(" ", text)
    text = _QUERY.sub(rf"\1?{log.MASK}", text)
    text = _PAIR.sub(rf"\1{log.MASK}", text)
    return log.masked(_TOKEN.sub(log.MASK, text))
