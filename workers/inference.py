"""The inference worker: runs ONNX models for the games of other processes, many at a time.

It listens to its inbox, keeps nothing about any game, and may be killed at any moment
(`igym.services.games.inferring`). Models compute in OS threads; the loop only sorts and sends.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress

import gevent
from gevent.threadpool import ThreadPool

from igym.services import footprint
from igym.services.connect import Deployment
from igym.services.games.inferring import LOOK_S, ModelRunner
from igym.services.leaving import Member
from igym.store import RedisError, inference, post
from igym.store.client import open_redis
from igym.store.post import Outbox
from igym.wire import inner

_log = logging.getLogger(__name__)

#: How often it says that it lives; it is believed for three times as long.
BEAT_S = 1.0

#: Nobody asks a worker that said it goes later than this: game workers look every `LOOK_S`.
ASKED_S = LOOK_S + 0.2

#: What is being computed by then is not waited for: whoever asked has gone on without it.
FINISH_S = 3.0


def run(deployment: Deployment, name: str, member: Member) -> None:
    """Answer until it is to leave; then finish what was asked, and what still comes."""
    pool = ThreadPool(max(2, os.cpu_count() or 2))
    runner = ModelRunner(deployment, Outbox(deployment.redis), pool.apply)
    stop, quiet = threading.Event(), threading.Event()

    def resumed() -> None:
        """Nothing to ask for: what was lost will be asked anew."""

    gevent.spawn(
        post.listen, open_redis(deployment.settings.redis_url), name, inner.decode_to_inference,
        runner.handle, resumed, stop,
    )  # fmt: skip
    gevent.spawn(_beat, deployment, name, quiet)
    footprint.settle()
    _log.info("%s runs models", name)
    deployment.meter.watch("igym_inferences_total", lambda: runner.answered)
    deployment.meter.watch("igym_inference_runs_total", lambda: runner.runs)
    member.ready()
    member.wait()
    quiet.set()
    with suppress(RedisError):
        inference.gone(deployment.redis, name)
    with gevent.Timeout(FINISH_S, False):
        while runner.busy(ASKED_S):
            gevent.sleep(0.05)
    stop.set()
    member.left()
    _log.info("%s: %d answers in %d runs", name, runner.answered, runner.runs)


def _beat(deployment: Deployment, name: str, quiet: threading.Event) -> None:
    while not quiet.is_set():
        try:
            inference.beat(deployment.redis, name)
        except RedisError as error:
            _log.warning("not said to be alive: %s", error)
        gevent.sleep(BEAT_S)
