"""More and more people, step by step, until they are no longer served as they should be."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

from bench.curve import seen
from bench.curve.servers import Server

#: Time for the last who came to be at home, and how long a step is looked at.
SETTLE_S, LOOK_S = 3.0, 10.0


class Load:
    """A generator, as its parent sees it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        command = [sys.executable, "-m", "bench.curve.generator", server.url, f"{server.fps:g}"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    @property
    def pid(self) -> int:
        """Of the generator's process."""
        return self._process.pid

    def order(self, **what: float) -> None:
        """Say what to do, and go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """What came of it, while the server's supervisor goes on with its work."""
        process = self._process
        assert process.stdout is not None
        while not select.select([process.stdout], [], [], 0.1)[0]:
            self._server.watch()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load generator ended with {process.wait()}")
        told: dict[str, Any] = json.loads(line)
        return told

    def ask(self, **what: float) -> dict[str, Any]:
        """Have something done."""
        self.order(**what)
        return self.answer()

    def end(self) -> None:
        """Everybody leaves."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def climb(
    server: Server,
    steps: Sequence[int],
    *,
    share: float = 0.99,
    age_ms: float = 33.0,
    past: bool = False,
    told: Callable[[dict[str, Any]], None] = lambda one: None,
) -> list[dict[str, Any]]:
    """Measure `server` with each number of people in turn, up to the first that is too many.

    `past`: and beyond it.

    Returns:
        A window for each step (`bench.curve.seen.summary`), with CPU, memory and Redis of the
        server in it, and `doubts` why it is not to be reported.
    """
    load = Load(server)
    made = []
    people = 0
    try:
        for step in steps:
            came = load.ask(add=step - people)
            people = step
            if came.get("failed"):
                made.append({"people": step, "failed": came["failed"], "refused": came["refused"]})
                told(made[-1])
                break
            load.ask(look=SETTLE_S)
            cpu_s, redis = server.cpu_s(), server.redis()
            one = load.ask(look=LOOK_S)
            now_s, after = server.cpu_s(), server.redis()
            spent = {tier: now_s[tier] - cpu_s[tier] for tier in now_s}
            frames = max(1, one["frames"])
            one |= {
                "server": server.name,
                "cpu_us": {tier: round(s / frames * 1e6, 2) for tier, s in spent.items()},
                "cpu_us_all": round(sum(spent.values()) / frames * 1e6, 2),
                "memory_mb": {tier: round(mb, 1) for tier, mb in server.memory_mb().items()},
                "redis_commands": round((after["commands"] - redis["commands"]) / frames, 3),
                "redis_bytes": round((after["bytes"] - redis["bytes"]) / frames, 1),
                "machine_load": round(os.getloadavg()[0], 2),
            }
            one["doubts"] = seen.doubts(one)
            one["good"] = not one["doubts"] and seen.good(one, share=share, age_ms=age_ms)
            made.append(one)
            told(one)
            if not one["good"] and not past:
                break
    finally:
        load.end()
    return made
