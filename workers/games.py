"""The game worker: RQ jobs on the queue `games`, many at once in one process.

One job is one live game. Jobs run on gevent in this process and are admitted while its
measured load has headroom. RQ never retries a game and no time-out ends one: whether a game
is alive is said by the worker's lease, which its supervisor renews.

A bound worker (`igym.domain.bound`) runs the games of one package only and ends when none has
come for a while; its supervisor starts another when one waits (`igym.cli.binding`).
"""

from __future__ import annotations

import gc
import logging
import mmap
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
from gevent.threadpool import ThreadPool
from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer

from igym.domain.bound import Binding
from igym.services import footprint
from igym.services.connect import Deployment
from igym.services.games.playing import GameHost
from igym.services.games.progress import PROGRESS, answer, mark, size
from igym.services.leaving import Member, Why
from igym.services.packages.loading import load_stored
from igym.store import RedisError, jobs, lease, post
from igym.store.client import open_redis
from igym.store.post import Outbox
from igym.wire import inner
from workers.beside import WORKER_TTL_S, BesideWorker

_log = logging.getLogger(__name__)

_host: GameHost | None = None


def play(experiment: str, game: str, generation: int) -> str:
    """RQ job: run one game to its end. Returns its outcome.

    Safe to run twice: the second run cannot claim the generation and returns "".
    """
    assert _host is not None, "this job runs only in a game worker"
    return _host.play(experiment, game, generation)


#: After so long a game ticks and its cost is in the measured load: countdown and smoothing.
SETTLED_S = 6.0


#: A worker takes games that lost theirs until this much is expected of it, more than it has:
#: late ticks until another worker is up are better than games that stand still.
AGAIN_LOAD = 1.5


#: A bound worker ends after so long without a game.
BOUND_IDLE_S = 120


#: The supervisor renews the lease long before this is over.
FIRST_LEASE_S = 15.0


#: How long a frame waits for those of other games on its way to the same web worker.
FRAMES_LINGER_S = 0.002


class Clock:
    """The tick loop's time, on gevent."""

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let the other games run."""
        gevent.sleep(seconds)


class Work:
    """A call that runs in an OS thread while the loop goes on."""

    def __init__(self, pool: ThreadPool, call: Callable[[], Any]) -> None:
        self._result = pool.spawn(call)

    def wait(self, timeout_s: float) -> bool:
        """True once it is done; lets others run for `timeout_s` at most."""
        return bool(self._result.wait(timeout_s) is not None or self._result.ready())

    def get(self) -> Any:
        """What it returned; raises what it raised."""
        return self._result.get()


class Load:
    """The share of its time this process was busy lately, and what a game costs."""

    def __init__(self) -> None:
        self._at, self._cpu = time.monotonic(), time.process_time()
        self.value = 0.0

    def measure(self) -> float:
        """Busy share since the last call, smoothed over about two seconds."""
        now, cpu = time.monotonic(), time.process_time()
        wall = max(now - self._at, 1e-6)
        share = min(1.0, (cpu - self._cpu) / wall)
        self._at, self._cpu = now, cpu
        keep = 0.5 ** (wall / 1.0)
        self.value = keep * self.value + (1 - keep) * share
        return self.value


class GameWorker(BesideWorker):
    """Takes a game when there is headroom and does not wait for it to end."""

    def prepare(self, host: GameHost, load: Load, max_load: float, *, alone: bool) -> None:
        """Set what the constructor of RQ has no place for. `alone`: one game at a time."""
        self._host, self._load, self._max_load, self._alone = host, load, max_load, alone
        self._ahead = 0  # games taken and not over
        self._young: list[tuple[float, float]] = []  # (start, cost) not yet in the measured load
        self._last_cost = 0.02

    def headroom(self, most: float) -> bool:
        """Whether one more game fits below `most`: measured load, plus what young games will add.

        What a game costs was measured when its package was compiled. The next one is not
        known before it is taken, so it is expected to cost what the last one did.
        """
        if self._alone:
            return self._ahead == 0
        now = time.monotonic()
        self._young = [(at, cost) for at, cost in self._young if now - at < SETTLED_S]
        coming = sum(cost for _, cost in self._young)
        return self._load.value + coming + self._last_cost <= most

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for headroom, then for a job.

        Games that lost their worker come first and need less of it: people sit in them.
        """
        told, beaten_s = False, time.monotonic()
        while not self.headroom(self._max_load) and not self._stop_requested:
            if not told and not self._alone:
                _log.warning("no headroom, new games wait (load %.2f)", self._load.value)
                told = True
            if self._hurries() and (again := self._again()) is not None:
                return again
            if time.monotonic() - beaten_s > WORKER_TTL_S:
                beaten_s = time.monotonic()
                self.heartbeat()
            gevent.sleep(0.1)
        found: tuple[Job, Queue] | None = super().dequeue_job_and_maintain_ttl(
            timeout, max_idle_time
        )
        return found

    def _hurries(self) -> bool:
        """Whether a game that lost its worker is taken all the same."""
        return not self._alone and self.headroom(AGAIN_LOAD)

    def _again(self) -> tuple[Job, Queue] | None:
        """A game that lost its worker, if one waits; without waiting for one."""
        found: tuple[Job, Queue] | None = None
        with suppress(RedisError):
            found = Queue.dequeue_any(
                [queue for queue in self.queues if queue.name == jobs.AGAIN],
                None,
                connection=self.connection,
                serializer=JSONSerializer,
            )
        return found

    def taken(self, job: Job) -> None:
        """Expect of the next game what this one will cost."""
        self._last_cost = self._host.cost(*job.args)
        self._young.append((time.monotonic(), self._last_cost))
        self._ahead += 1

    @property
    def playing(self) -> int:
        """Games that were taken and are not over."""
        return self._ahead

    def _perform(self, job: Job, queue: Queue, execution: Execution) -> None:
        try:
            super()._perform(job, queue, execution)
        finally:
            self._ahead -= 1


def run(
    deployment: Deployment,
    name: str,
    member: Member,
    progress: Path | None,
    binding: str = "",
) -> None:
    """Work until it is to leave, then give the games to others or play them to their end.

    Args:
        binding: run only the games of that binding, and end when none has come for a while.
    """
    global _host
    settings = deployment.settings
    pool = ThreadPool(4)
    outbox = Outbox(deployment.redis, linger_s=FRAMES_LINGER_S)
    memory = _memory(progress) if progress is not None else None
    host = _host = GameHost(
        deployment,
        name,
        outbox,
        Clock(),
        lambda call: Work(pool, call),
        load_stored,
        (lambda whose: mark(memory, whose)) if memory is not None else (lambda whose: None),
    )
    stop = threading.Event()
    inbox = open_redis(settings.redis_url)
    gevent.spawn(post.listen, inbox, name, inner.decode_to_game, host.handle, host.resumed, stop)
    load = Load()
    queues = [jobs.BOUND + binding] if binding else [jobs.AGAIN, jobs.GAMES]
    worker = GameWorker(
        queues, name=name, connection=open_redis(settings.redis_url),
        serializer=JSONSerializer, default_result_ttl=0, worker_ttl=WORKER_TTL_S,
    )  # fmt: skip
    alone = bool(binding) and Binding.parse(binding).alone
    worker.prepare(host, load, settings.max_load, alone=alone)
    worker.log.setLevel(logging.WARNING)
    if progress is not None and memory is not None:
        answer(progress)
        gevent.spawn(_beat, memory, load, worker)
    # Games are claimed before the supervisor has beaten for the first time.
    lease.beat(deployment.redis, name, FIRST_LEASE_S, {"pid": str(os.getpid())})
    footprint.settle()
    # Environments make and drop small objects by the thousand; cycles among them are rare.
    gc.set_threshold(20_000, 20, 100)
    deployment.meter.watch("igym_load", lambda: load.value)
    deployment.meter.watch("igym_worker_games", lambda: worker.playing)
    member.ready(lambda: worker.playing)
    gevent.spawn(_work, worker, member.end if binding else None)
    _log.info("%s takes games%s", name, f" of {binding}" if binding else "")
    member.wait()
    worker._stop_requested = True
    _part(host, worker, member)
    stop.set()
    with suppress(RedisError):
        worker.register_death()  # type: ignore[no-untyped-call]
    member.left()


def _part(host: GameHost, worker: GameWorker, member: Member) -> None:
    """Give every game to another worker. One that is drained and the last of its kind plays them
    to their end instead, for as long as it is let."""
    host.leave()
    while member.why is Why.DRAIN and worker.playing:
        if member.has_heirs():
            host.hand_over()
        member.patience(0.5)
    host.hand_over()


def _work(worker: GameWorker, idle: Callable[[], object] | None) -> None:
    """Keep working: RQ's loop ends when Redis stays away for too long.

    Where `idle` is given it ends too when no game has come for a while, and `idle` is called once
    none runs any more either.
    """
    while not worker._stop_requested:
        try:
            worker.work(logging_level="WARNING", max_idle_time=BOUND_IDLE_S if idle else None)
            if idle and not worker.playing:
                idle()
                return
        except Exception:  # noqa: BLE001 - the edge of the process
            _log.exception("the job loop ended, starting it again")
            with suppress(RedisError):  # else its own name stands in its way
                worker.register_death()  # type: ignore[no-untyped-call]
        gevent.sleep(0.5)


def _memory(progress: Path) -> mmap.mmap:
    """What is shared with the supervisor."""
    with progress.open("r+b") as file:
        return mmap.mmap(file.fileno(), size())


def _beat(memory: mmap.mmap, load: Load, worker: GameWorker) -> None:
    """Show the supervisor that the loop turns. A step that blocks stops this, as it should."""
    beats = 0
    while True:
        beats += 1
        PROGRESS.pack_into(memory, 0, beats, load.measure(), worker.playing)
        gevent.sleep(0.1)
