"""Who goes first where cores are short: whoever is nearest to people.

A frame is computed by a game worker, passed on by Redis and sent by a web worker. A core that
turns to the next game while a frame is on its way makes everybody wait for it, and a web worker
that queues behind games answers nobody. So the short turns of Redis, web workers and nginx come
first.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

#: How far a role stands back, in steps of nice(2). Ten steps are a tenth of the weight.
BACK = {"games": 10, "inference": 10, "director": 10}

#: Linux weighs sessions before it weighs processes (sched(7), "The autogroup feature").
_SESSION = Path("/proc/self/autogroup")

#: Whoever is not root may say so ten times a second, all processes together.
_AGAIN_S, _TRIES = 0.13, 50


def take(role: str) -> None:
    """Let this process take the place of its role. Once; there is no way back without root."""
    if role not in BACK:
        return
    nice = os.nice(BACK[role])
    if os.getsid(0) == os.getpid():  # else the session is of whoever started us by hand
        threading.Thread(target=_session, args=(nice,), name="precedence", daemon=True).start()


def _session(nice: int) -> None:
    with suppress(OSError):  # a kernel without sessions in its scheduler
        for _ in range(_TRIES):
            try:
                _SESSION.write_text(str(nice))
            except BlockingIOError:
                time.sleep(_AGAIN_S)
            else:
                return
