"""The director: loops of which one in the whole deployment may run at a time.

Matching, looking after games nobody runs, and archiving. Each holds a lease; any number
of directors may run, one acts, another takes over when its lease runs out.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from igym.errors import LeaseLost
from igym.services import footprint
from igym.services.connect import Deployment
from igym.services.data import erasures, exporting, filming
from igym.services.functions import asking, happening
from igym.services.games import reaping
from igym.services.leaving import Member
from igym.services.lobby import matching
from igym.services.operations import commanding, crowding, retiring
from igym.services.packages import examining
from igym.services.sessions import absence, deciding, paying, screening
from igym.store import Redis, RedisError, backlog, bell, durable, jobs, lease
from igym.store.client import open_redis
from igym.store.post import Outbox

_log = logging.getLogger(__name__)

#: Nobody is called absent so soon after the director began to look, or Redis was away.
ABSENT_PATIENCE_S = 60.0


class Patience:
    """Nobody is declared dead until everybody has had time to say that they live.

    While Redis is away no lease can be renewed; right after it is back, all look expired.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self.again()

    def again(self) -> None:
        """Redis was away just now, or we have only begun to look."""
        self._until = time.monotonic() + self._patience_s

    def over(self) -> bool:
        """Whether an expired lease means something."""
        return time.monotonic() > self._until


def _absent(deployment: Deployment, outbox: Outbox, patience: Patience) -> None:
    if patience.over():
        absence.look(deployment, outbox)


def _match(deployment: Deployment, outbox: Outbox, matcher: matching.Matcher, token: int) -> None:
    screening.judge_all(deployment, outbox)
    deciding.decide_all(deployment, outbox)
    matcher.round(token)


def run(deployment: Deployment, name: str, member: Member) -> None:
    """Direct as `name` until it is to leave; then give the leases back, and archive what waits.

    No two directors may ever have had the same name: it is what their leases are known by.
    """
    outbox = Outbox(deployment.redis)
    stop = threading.Event()
    bells = open_redis(deployment.settings.redis_url)
    patience = Patience(2 * deployment.settings.worker_lease_s)
    # Longer, because it takes browsers their time to come back to a Redis that was away.
    slow = Patience(ABSENT_PATIENCE_S)
    life_s = deployment.settings.director_lease_s
    matcher = matching.Matcher(
        deployment,
        outbox,
        name,
        # Whether it was kept does not matter here: who lost it is refused by every script.
        lambda: lease.take(deployment.redis, "matching", name, life_s),
    )
    reaper = reaping.Reaper(deployment, outbox)
    rounds: tuple[tuple[str, Callable[[int], object], Callable[[], object]], ...] = (
        (
            "matching",
            lambda token: _match(deployment, outbox, matcher, token),
            _rung(bells, stop),
        ),
        ("reaping", lambda _: reaper.round(sure=patience.over()), lambda: stop.wait(0.2)),
        ("paying", lambda _: paying.pay_all(deployment, outbox), lambda: stop.wait(0.5)),
        ("telling", lambda _: happening.tell_all(deployment), lambda: stop.wait(0.5)),
        ("presence", lambda _: _absent(deployment, outbox, slow), lambda: stop.wait(2.0)),
        ("archiving", lambda _: _archive(deployment, name, stop), lambda: stop.wait(1.0)),
        ("packages", lambda _: _packages(deployment), lambda: stop.wait(0.5)),
        ("checking", lambda _: _check(deployment, name, stop), lambda: stop.wait(0.2)),
        ("erasing", lambda _: _erase(deployment, name, stop), lambda: stop.wait(1.0)),
        ("commands", lambda _: commanding.look(deployment, outbox), lambda: stop.wait(1.0)),
        ("retiring", lambda _: retiring.retire(deployment), lambda: stop.wait(30.0)),
    )
    loops = [
        threading.Thread(
            target=_loop,
            args=(deployment, name, stop, slow if one[0] == "presence" else patience, *one),
            name=one[0],
        )
        for one in rounds
    ]
    durable.tell(deployment.redis)
    jobs.queued(deployment.redis)  # loads RQ now, and not while the first match waits for it
    for thread in loops:
        thread.start()
    footprint.settle()
    _log.info("%s directs", name)
    member.ready()
    member.wait()
    stop.set()
    for thread in loops:
        thread.join()  # each has given its lease back
    try:
        last = not member.has_heirs()
        if last and lease.take(deployment.redis, "archiving", name, 10.0):
            if backlog.waits(deployment.redis):
                _helper("archive", "--once").wait()
            lease.drop(deployment.redis, "archiving", name)
    except RedisError as error:
        _log.warning("what waits is archived by the next director: %s", error)
    member.left()


def _helper(role: str, *options: str, redis_url: str = "") -> subprocess.Popen[bytes]:
    """A process that lives as long as its work, and no longer than this one.

    Args:
        redis_url: its own, where that is not ours.
    """
    command = [sys.executable, "-m", "workers", role, "--parent", str(os.getpid()), *options]
    own = {"IGYM_REDIS_URL": redis_url} if redis_url else {}
    return subprocess.Popen(command, env={**os.environ, **own})


def _archive(deployment: Deployment, name: str, stop: threading.Event) -> None:
    """Have what waits archived by a process of its own, for as long as the lease is ours."""
    if backlog.waits(deployment.redis):
        _attend(deployment, name, stop, "archiving", _helper("archive"))


def _erase(deployment: Deployment, name: str, stop: threading.Event) -> None:
    """Have people erased who asked for it, likewise."""
    if erasures.look(deployment):
        _attend(deployment, name, stop, "erasing", _helper("erase"))


def _packages(deployment: Deployment) -> None:
    """Have packages checked, exports made and studies rehearsed, by whoever takes the jobs."""
    examining.look(deployment)
    exporting.look(deployment)
    filming.look(deployment)
    crowding.look(deployment)


def _check(deployment: Deployment, name: str, stop: threading.Event) -> None:
    """Have authors' functions called by a process of its own, as above."""
    if asking.waits(deployment):
        url = deployment.settings.checks_redis_url
        _attend(deployment, name, stop, "checking", _helper("checks", redis_url=url))


def _attend(
    deployment: Deployment,
    name: str,
    stop: threading.Event,
    loop: str,
    helper: subprocess.Popen[bytes],
) -> None:
    """Keep the lease until the helper has ended; end it when the lease is gone."""
    life_s = deployment.settings.director_lease_s
    while helper.poll() is None:
        try:
            ours = lease.take(deployment.redis, loop, name, life_s)
        except RedisError:
            ours = 1  # nobody else can take it either
        if not ours or stop.is_set():
            helper.terminate()
            helper.wait()
            return
        stop.wait(life_s / 8)


def _rung(redis: Redis, stop: threading.Event) -> Callable[[], object]:
    def wait() -> None:
        if not stop.is_set():
            bell.wait(redis, 0.25)

    return wait


def _loop(
    deployment: Deployment,
    name: str,
    stop: threading.Event,
    patience: Patience,
    loop: str,
    act: Callable[[int], object],
    wait: Callable[[], object],
) -> None:
    life_s = deployment.settings.director_lease_s
    while not stop.is_set():
        try:
            if token := lease.take(deployment.redis, loop, name, life_s):
                act(token)
                wait()
            else:
                stop.wait(life_s / 8)  # and leave the bell to who acts
        except RedisError as error:
            _log.warning("%s waits for Redis: %s", loop, error)
            patience.again()
            stop.wait(0.5)
        except LeaseLost as lost:
            _log.warning("%s: %s", loop, lost)
            stop.wait(life_s / 8)
        except Exception:  # noqa: BLE001 - the edge of the process
            _log.exception("a round of %s failed, the next one goes on", loop)
            time.sleep(0.5)
    with suppress(RedisError):  # else it runs out by itself
        lease.drop(deployment.redis, loop, name)
