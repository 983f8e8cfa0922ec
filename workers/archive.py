"""The archiver: a process that the director starts when rows or episodes wait.

It is a process of its own because Parquet is heavy, for memory and for the loop it would
run in. It writes until nothing has waited for a while, then it ends.
"""

from __future__ import annotations

import logging
import signal
import threading
import time

from igym.services import archiving
from igym.services.connect import Deployment
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
    busy_s = time.monotonic()
    while True:
        last = stop.is_set()
        try:
            while archiving.archive_all(deployment):
                busy_s = time.monotonic()
        except RedisError as error:
            _log.warning("archiving waits for Redis: %s", error)
        except OSError:
            # A full or unwritable disk: rows stay in Redis until it is mended.
            _log.exception("nothing could be written under %s", deployment.data)
        if last or time.monotonic() - busy_s > IDLE_S:
            return
        stop.wait(ROUND_S)
