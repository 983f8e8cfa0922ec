"""The latest lines of browsers and processes, as admins read them. Reads only.

Each web worker that is asked keeps the latest lines and reads on from the last one: a look costs
by what is new, and not by how many look.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from igym.services.connect import Deployment, now_ms
from igym.store import keys, packages, tails

#: How old what is told may be; lines that are kept of one stream, and told at once.
FRESH_S, MOST_KEPT, MOST_TOLD = 0.8, 2_000, 500

#: What somebody else's clock may be off, and a look may be late, ms.
MARGIN_MS = 3_000.0

Line = dict[str, Any]


class Tail:
    """One stream."""

    def __init__(self, deployment: Deployment, stream: str) -> None:
        self._redis, self._stream = deployment.redis, stream
        self._lines: deque[tuple[float, Line]] = deque(maxlen=MOST_KEPT)
        self._last = ""
        self._looked_s = float("-inf")
        self._lock = threading.Lock()

    def since(self, at_ms: float) -> list[Line]:
        """Lines since that moment by Redis's clock, oldest first: the latest if there are many.

        A line that comes twice has the same `id`. Text in it is anybody's: whoever shows it
        escapes it.
        """
        with self._lock:
            if time.monotonic() - self._looked_s >= FRESH_S:
                self._looked_s = time.monotonic()
                self._read()
            return [line for ms, line in self._lines if ms >= at_ms]

    def _read(self) -> None:
        for id, fields in tails.after(self._redis, self._stream, self._last, MOST_KEPT):
            self._last = id
            ms = float(id.partition("-")[0])
            self._lines.append((ms, {"id": id, "at_ms": ms, **_plain(fields)}))


def _plain(fields: tails.Line) -> Line:
    """An entry as it is told."""
    dropped = int(fields.get("dropped", "0"))
    if "line" not in fields:  # of a browser
        about = ("session", "participant", "level", "text")
        told: Line = {name: fields.get(name, "") for name in about}
        return {**told, "dropped": dropped, "browser_ms": float(fields.get("browser_ms", "0"))}
    said = json.loads(fields["line"])
    subjects = ("experiment", "session", "participant", "game", "episode", "scene", "request")
    return {
        "level": said["level"],
        "text": said["message"],
        "from": said["name"],
        "role": said["role"],
        "logger": said["logger"],
        "trace": said.get("trace", ""),
        "about": {name: str(said[name]) for name in subjects if said.get(name)},
        "dropped": dropped,
    }


class Tails:
    """The streams of one process, read when somebody first asks."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._server = Tail(deployment, keys.server_lines())
        self._browsers: dict[str, Tail] = {}
        self._known: frozenset[str] = frozenset()
        self._followed: frozenset[str] = frozenset()
        self._looked_s = float("-inf")

    def _look(self) -> None:
        if time.monotonic() - self._looked_s >= FRESH_S:
            self._looked_s = time.monotonic()
            self._known = frozenset(packages.known(self._deployment.redis))
            self._followed = tails.followed(self._deployment.redis)

    def browsers(
        self, may: Callable[[str], bool], since_ms: float, session: str = ""
    ) -> dict[str, Any]:
        """What browsers logged since `since_ms`.

        Args:
            may: whether that experiment is to be looked at.
            session: only of that one; "" = of all.
        """
        now = now_ms()
        self._look()
        lines: list[Line] = []
        for name in sorted(filter(may, self._known)):
            tail = self._browsers.setdefault(name, Tail(self._deployment, keys.browser_lines(name)))
            lines += [{"experiment": name, **one} for one in tail.since(since_ms - MARGIN_MS)]
        if session:
            lines = [one for one in lines if one["session"] == session]
        lines.sort(key=lambda one: float(one["at_ms"]))
        return {"now_ms": now, "lines": lines[-MOST_TOLD:]}

    def server(self, may: Callable[[str], bool], since_ms: float) -> dict[str, Any]:
        """What our processes logged since then; `may` is asked of "" for lines of no experiment."""
        now = now_ms()
        self._look()
        lines = [
            one
            for one in self._server.since(since_ms - MARGIN_MS)
            if may(one["about"].get("experiment", ""))
        ]
        return {"now_ms": now, "lines": lines[-MOST_TOLD:], "followed": sorted(self._followed)}

    def follow(self, id: str) -> list[str]:
        """Keep every line about that id for a while. Returns what is followed now."""
        tails.follow(self._deployment.redis, id)
        self._followed = tails.followed(self._deployment.redis)
        return sorted(self._followed)
