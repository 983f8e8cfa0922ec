"""The load: a process of its own that is told on standard input what to do, and answers in JSON.

`{"add": 50}` brings fifty people more and answers once all of them play; `{"look": 10}` watches for
ten seconds and answers with `bench.curve.seen.summary`; its end of input ends it.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.curve import seen
from bench.curve.lines import Line, Lines
from bench.curve.visitors import Onlooker, Participant, PeersParticipant, Shared
from igym.bots.site import Site

Someone = Participant | PeersParticipant | Onlooker

#: People who open the door at once; each waits for the server and hardly works.
DOORS = 8

#: How long it may take until everybody who came plays.
PLAYING_S = 120.0


class Generator:
    """Everybody, and the window through which they are looked at."""

    def __init__(self, url: str, fps: float) -> None:
        """`url` of a study, of a floor (ws://…) or of a peer (mug+http://…)."""
        self._url = url
        self._fps = fps
        self._tag = secrets.token_hex(4)
        self._shared = Shared()
        self._lines = Lines()
        self._visitors: list[Someone] = []
        self._ready: queue.SimpleQueue[tuple[Line | Exception, Someone]]
        self._ready = queue.SimpleQueue()
        self._doors = ThreadPoolExecutor(DOORS)

    def add(self, count: int) -> dict[str, Any]:
        """Bring so many more, and wait until all of them play."""
        first = len(self._visitors)
        for number in range(first, first + count):
            visitor = self._visitor(number)
            self._visitors.append(visitor)
            self._shared.people.append(visitor.person)
            self._doors.submit(self._enter, visitor)
        until_s = time.monotonic() + PLAYING_S
        while self._shared.playing < len(self._visitors):
            if time.monotonic() > until_s:
                return self._failed("not everybody plays")
            self._lines.turn()
            while not self._ready.empty():
                line, visitor = self._ready.get()
                if isinstance(line, Exception):
                    return self._failed(f"somebody could not come: {line}")
                self._lines.add(line, visitor)
        return {"playing": self._shared.playing}

    def _failed(self, why: str) -> dict[str, Any]:
        shared = self._shared
        return {"playing": shared.playing, "failed": why, "refused": shared.refused[:5]}

    def _visitor(self, number: int) -> Someone:
        if self._url.startswith("ws"):
            return Onlooker(self._url, number, self._shared)
        if self._url.startswith("mug+"):
            return PeersParticipant(self._url, number, self._shared)
        name = f"load-{self._tag}-{number}"
        return Participant(Site.at(self._url), name, number, self._shared)

    def _enter(self, visitor: Someone) -> None:
        try:
            self._ready.put((visitor.enter(), visitor))
        except Exception as error:  # noqa: BLE001 - whatever it was, the one who counts must hear
            self._ready.put((error, visitor))

    def stay(self, seconds: float) -> None:
        """Everybody plays, and nobody looks."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._lines.turn()

    def look(self, seconds: float) -> dict[str, Any]:
        """Everybody plays, and what they see is counted."""
        shared, lines = self._shared, self._lines
        gc.collect()
        gc.freeze()
        began_s = time.monotonic()
        shared.window = seen.Window(began_s, time.time(), time.process_time())
        for one in shared.people:
            one.frames = one.missing = 0
        lines.bytes, lines.longest_s = 0, 0.0
        lost = lines.lost
        self.stay(seconds)
        return seen.summary(
            shared.window,
            shared.people,
            now_s=time.monotonic(),
            wall_s=time.time(),
            cpu_s=time.process_time(),
            fps=self._fps,
            longest_s=lines.longest_s,
            lost=lines.lost - lost,
            bytes_=lines.bytes,
        ) | {"refused": shared.refused[:5]}

    def obey(self) -> None:
        """Do as standard input says, until it ends."""
        handle = sys.stdin.fileno()
        os.set_blocking(handle, False)
        self._lines.watch(handle)
        rest = b""
        while True:
            if handle not in self._lines.turn():
                continue
            data = os.read(handle, 4096)
            if not data:
                return
            *orders, rest = (rest + data).split(b"\n")
            for order in orders:
                asked = json.loads(order)
                told = self.add(asked["add"]) if "add" in asked else self.look(asked["look"])
                sys.stdout.write(json.dumps(told) + "\n")
                sys.stdout.flush()


def main() -> None:
    """The command line: URL and nominal frames a second."""
    Generator(sys.argv[1], float(sys.argv[2])).obey()


if __name__ == "__main__":
    main()
