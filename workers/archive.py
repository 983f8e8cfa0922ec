"""The archiver: a process that the director starts when rows or episodes wait.

It is a process of its own because Parquet is heavy, for memory and for the loop it would
run in. It writes until nothing has waited for a while, then it ends.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import signal
import threading
import time

from igym.services import footprint
from igym.services.connect import Deployment
from igym.services.data import archiving
from igym.store import RedisError

_log = logging.getLogger(__name__)

ROUND_S = 10.0
IDLE_S = 10.0


def run(deployment: Deployment, *, once: bool) -> None:
    """Archive until nothing has waited for `IDLE_S`, or until SIGTERM after one more round."""
    stop = threading.Event()
    if once:
        stop.set()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    footprint.settle()
    # A log is ten thousand small lists an episode, none in a cycle: the collector, called at its
    # usual 700, took 8 of the 10 ms that reading one costs.
    gc.set_threshold(500_000)
    busy_s = time.monotonic()
    while True:
        last = stop.is_set()
        try:
            while archiving.archive_all(deployment):
                busy_s = time.monotonic()
        except RedisError as error:
            _log.warning("archiving waits for Redis: %s", error)
        except OSError as error:
            # A full or unwritable disk: rows stay in Redis until it is mended.
            _log.exception("nothing could be written under %s", deployment.data)
            with contextlib.suppress(RedisError):
                archiving.tell_unwritable(deployment, error)
        if last or time.monotonic() - busy_s > IDLE_S:
            return
        stop.wait(ROUND_S)
