"""A process among the others of its deployment: it says that it is there, and hears when to leave.

Leaving is one thing, whoever asks for it: SIGTERM, `igym drain` or `igym restart`. From then on
`Deployment.leaving` is set: the process is not ready and takes nothing new. Then it gives away
what it has. A drained process stays until it is stopped, so that nothing starts it again.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

from igym.services.connect import Deployment
from igym.store import RedisError, processes
from igym.store.client import open_redis
from igym.store.processes import Leave, State

_log = logging.getLogger(__name__)

#: So often a process says that it is there and looks whether it was asked to leave.
SAY_S = 1.0


class Why(StrEnum):
    """Why a process leaves."""

    STOP = "stop"  # SIGTERM or SIGINT: it ends as soon as it can
    DRAIN = "drain"  # it stays with nothing, until it is stopped
    RESTART = "restart"  # it ends, and is started again by whoever started it


class Member:
    """This process, as the others know it."""

    def __init__(self, deployment: Deployment, name: str, role: str, binding: str = "") -> None:
        self._deployment = deployment
        # A beat that hangs must not keep the process from hearing that it is to leave.
        self._redis = open_redis(deployment.settings.redis_url, answer_s=2 * SAY_S)
        self._name = name
        self._role = role
        self._binding = binding
        self._state = State.STARTING
        self._asked = threading.Event()  # to leave, by whomever
        self._ending = threading.Event()  # a signal: it ends
        self._restarts = False
        self._over = threading.Event()
        self.holds: Callable[[], int] = lambda: 0

    # --- the life of a process -------------------------------------------------------------------

    def ready(self, holds: Callable[[], int] = lambda: 0) -> None:
        """It takes what comes; `holds` counts what it has. Signals are heard from now on."""
        self.holds = holds
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end)
        self._state = State.READY
        threading.Thread(target=self._keep_saying, name="member", daemon=True).start()

    def wait(self) -> Why:
        """Until the process is to leave. From then on it is not ready."""
        self._asked.wait()
        self._deployment.leaving.set()
        self._state = State.LEAVING
        self._say()
        _log.info("%s is to %s", self._name, self.why)
        return self.why

    @property
    def why(self) -> Why:
        """Why it leaves, as far as is known by now: a drained process may be stopped any time."""
        if self._ending.is_set():
            return Why.STOP
        return Why.RESTART if self._restarts else Why.DRAIN

    def patience(self, seconds: float) -> bool:
        """Let others run for so long, less if the process is to end. Whether it is not yet to."""
        until = time.monotonic() + seconds
        while self.why is Why.DRAIN and time.monotonic() < until:
            self._ending.wait(min(0.1, max(0.0, until - time.monotonic())))
        return self.why is Why.DRAIN

    def has_heirs(self) -> bool:
        """Whether another process can take over what this one has. Unknown counts as no."""
        with suppress(RedisError):
            return bool(processes.heirs(self._redis, self._name, self._role))
        return False

    def left(self) -> None:
        """It has nothing any more. Returns when it is to end: at once, unless it was drained."""
        self._state = State.LEFT
        if self.why is Why.DRAIN:
            self._say()
            _log.info("%s has left and may be stopped", self._name)
        while self.patience(60.0):
            pass
        self._over.set()
        with suppress(RedisError):
            processes.gone(self._redis, self._name)

    # --- saying and hearing ----------------------------------------------------------------------

    def end(self, *_: object) -> None:
        """It is to end: a signal came, or it has nothing to do any more."""
        self._ending.set()
        self._asked.set()

    def _keep_saying(self) -> None:
        while not self._over.is_set():
            self._say()
            self._over.wait(SAY_S)

    def _say(self) -> None:
        about = {
            "role": self._role,
            "node": socket.gethostname(),
            "pid": str(os.getpid()),
            "binding": self._binding,
            "state": self._state.value,
            "holds": str(self.holds()),
        }
        try:
            asked = processes.say(self._redis, self._name, about)
        except RedisError as error:
            _log.debug("%s could not say that it is there: %s", self._name, error)
            return
        if asked is Leave.RESTART:
            self._restarts = True
        if asked is not None:
            self._asked.set()
