"""An RQ worker that starts each job on a greenlet and does not wait for it to end."""

from __future__ import annotations

import logging

import gevent
from rq import SimpleWorker
from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue
from rq.timeouts import BaseDeathPenalty

from igym.store import RedisError, jobs

_log = logging.getLogger(__name__)


#: RQ asks for a job for 15 s less than this at a time, and believes in a silent connection for
#: 10 s more than that: a line that swallows everything is noticed after 15 s.
WORKER_TTL_S = 20


class NoPenalty(BaseDeathPenalty):
    """No time-outs of RQ's: SIGALRM would hit whichever job runs at that moment."""

    def setup_death_penalty(self) -> None:
        """Nothing to set up."""

    def cancel_death_penalty(self) -> None:
        """Nothing to cancel."""


class BesideWorker(SimpleWorker):
    """Takes one job after the other and runs them beside each other."""

    death_penalty_class = NoPenalty
    #: RQ would wait for up to a minute after a long absence of Redis, with people in the lobby.
    max_connection_wait_time = 1.0

    def register_birth(self) -> None:
        """RQ refuses a name that is taken. Ours are used once: a record of it is our own."""
        self.connection.delete(self.key)
        super().register_birth()  # type: ignore[no-untyped-call]

    def _install_signal_handlers(self) -> None:
        """The process has its own."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Start the job beside the others; drop what is not on the list.

        A refused job is forgotten, and not finished as RQ finishes failed ones: that would import
        the callback it names.
        """
        if why := jobs.refusal(job, type(self).__module__):
            _log.error("refused the job %s from the queue %s: %s", job.id[:100], queue.name, why)
            self.connection.lrem(queue.intermediate_queue_key, 1, job.id)
            self.connection.delete(job.key)
            return
        execution = self.prepare_execution(job)
        self.taken(job)
        gevent.spawn(self._perform, job, queue, execution)

    def taken(self, job: Job) -> None:
        """The job is about to start."""

    def _perform(self, job: Job, queue: Queue, execution: Execution) -> None:
        try:
            self.perform_job(job, queue, execution)
        except RedisError as error:
            # RQ's own bookkeeping; what the job did or did not do is looked after elsewhere.
            _log.warning("job %s has no record, Redis is away: %s", job.id, error)
