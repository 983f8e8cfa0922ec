"""The checks worker: calls authors' functions, checks, exports, rehearses, and films episodes.

Started by the director when one of them waits. It has no package's code itself: that is in
processes of its own, which it kills when a call takes too long (`igym.services.functions.calling`).
It stays for a while after the last question, so that the next one does not pay the start.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import gevent
import gevent.event
import gevent.lock
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer

from igym.services import footprint
from igym.services.connect import Deployment
from igym.services.data import exporting, filming
from igym.services.functions.answering import Answerer
from igym.services.operations import crowding
from igym.services.packages import examining
from igym.store import jobs
from igym.store.client import open_redis
from workers.beside import WORKER_TTL_S, BesideWorker

_log = logging.getLogger(__name__)

#: How long it stays with nothing to do.
IDLE_S = 60

#: Questions that are being answered at one time; more wait in the queue.
MOST = 64

_answerer: Answerer | None = None
_deployment: Deployment | None = None
_busy = 0

#: A check takes a core for seconds: one at a time, and people's questions beside it.
_one_check = gevent.lock.BoundedSemaphore(1)
_one_export = gevent.lock.BoundedSemaphore(1)
_one_crowd = gevent.lock.BoundedSemaphore(1)
_one_film = gevent.lock.BoundedSemaphore(1)


@contextlib.contextmanager
def _in_turn(one: gevent.lock.BoundedSemaphore) -> Iterator[Deployment]:
    """Count as busy, also while waiting for the turn among jobs of the same kind."""
    global _busy
    assert _deployment is not None, "this job runs only in a checks worker"
    _busy += 1
    try:
        with one:
            yield _deployment
    finally:
        _busy -= 1


def answer(
    experiment: str, question: str, package: str, what: str, arguments: str, limit_s: float
) -> None:
    """RQ job: answer one question of `igym.services.functions.asking`."""
    global _busy
    assert _answerer is not None, "this job runs only in a checks worker"
    _busy += 1
    try:
        _answerer.answer(experiment, question, package, what, arguments, limit_s)
    finally:
        _busy -= 1


def check_package(package: str) -> None:
    """RQ job: check a submitted package. Safe to run twice: what was checked is left alone."""
    with _in_turn(_one_check) as deployment:
        examining.check(deployment, package)


def export(experiment: str, id: str) -> None:
    """RQ job: make an export that was asked for. Safe to run twice: it is whole or not there."""
    with _in_turn(_one_export) as deployment:
        exporting.make(deployment, experiment, id)


def rehearse(experiment: str, id: str) -> None:
    """RQ job: a rehearsal that was asked for. Safe to run twice: it is begun once."""
    with _in_turn(_one_crowd) as deployment:
        crowding.hold(deployment, experiment, id)


def film(experiment: str, episode: str) -> None:
    """RQ job: film an episode. Safe to run twice: the film is whole or not there."""
    with _in_turn(_one_film) as deployment:
        filming.make(deployment, experiment, episode)


class ChecksWorker(BesideWorker):
    """Takes a question when there is room for it."""

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for room, then for a job."""
        while True:
            while _busy >= MOST and not self._stop_requested:
                gevent.sleep(0.05)
            found: tuple[Job, Queue] | None = super().dequeue_job_and_maintain_ttl(
                timeout, max_idle_time
            )
            # The check of a package may take longer than we stay with nothing to do.
            if found is not None or not _busy or self._stop_requested:
                return found


def run(deployment: Deployment, name: str) -> None:
    """Answer until nothing was asked for `IDLE_S`, or until SIGTERM."""
    global _answerer, _deployment
    _answerer, _deployment = Answerer(deployment), deployment
    worker = ChecksWorker(
        [jobs.CHECKS, jobs.PACKAGES], name=name,
        connection=open_redis(deployment.settings.redis_url), serializer=JSONSerializer,
        default_result_ttl=0, worker_ttl=WORKER_TTL_S,
    )  # fmt: skip
    worker.log.setLevel(logging.WARNING)
    over = gevent.event.Event()
    gevent.signal_handler(15, over.set)
    gevent.signal_handler(2, over.set)
    gevent.spawn(_work, worker, over)
    footprint.settle()
    _log.info("%s answers", name)
    over.wait()
    worker._stop_requested = True
    with gevent.Timeout(5.0, False):
        while _busy:
            gevent.sleep(0.02)
    _answerer.close()


def _work(worker: ChecksWorker, over: gevent.event.Event) -> None:
    """Work until idle: then, or when RQ's loop fails, the director starts another in its time."""
    try:
        worker.work(max_idle_time=IDLE_S, logging_level="WARNING")
    except Exception:  # noqa: BLE001 - the edge of the process
        _log.exception("the job loop ended")
    over.set()
