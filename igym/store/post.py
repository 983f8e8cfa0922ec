"""Point-to-point messages between processes: one inbox each, one PUBLISH per peer per flush.

Messages added while a flush is on its way leave together with the next, so batches grow
with load and nothing waits while there is none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from igym.store import keys
from igym.wire import inner

_log = logging.getLogger(__name__)

#: The most that waits for one peer while Redis is away; older messages are dropped, since
#: every kind says how its loss heals.
BACKLOG = 2_000

#: After so much silence on a subscription, ask whether the connection still lives.
HEAR_S = 1.0

#: … and after so many questions without an answer it does not.
DEAF = 3


class Outbox:
    """Outgoing messages of this process, batched by peer. Runs one thread (or greenlet)."""

    def __init__(self, redis: Redis, linger_s: float = 0.0) -> None:
        self._redis = redis
        self._linger_s = linger_s
        self._waiting: dict[str, list[inner.Inner]] = defaultdict(list)
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._connection: Any = None  # redis-py's connections have no useful type
        self.published = 0  # PUBLISH commands so far
        threading.Thread(target=self._run, name="outbox", daemon=True).start()

    def put(self, peer: str, message: inner.Inner) -> None:
        """Send `message` to the inbox of `peer` with the next flush. Never waits for Redis."""
        with self._lock:
            self._waiting[peer].append(message)
        self._some.set()

    def _run(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            time.sleep(self._linger_s)  # 0 still lets whoever else is due add theirs
            with self._lock:
                waiting, self._waiting = self._waiting, defaultdict(list)
            try:
                self._publish(waiting)
                self.published += len(waiting)
            except RedisError as error:
                _log.warning("Redis is away, %d peers wait: %s", len(waiting), error)
                with self._lock:
                    for peer, messages in waiting.items():
                        self._waiting[peer] = (messages + self._waiting[peer])[-BACKLOG:]
                self._some.set()
                time.sleep(0.25)
            except Exception:  # noqa: BLE001 - a process without this thread is mute for good
                _log.exception("a flush to %d peers was not sent and is dropped", len(waiting))

    def _publish(self, waiting: dict[str, list[inner.Inner]]) -> None:
        """One PUBLISH per peer, all in one write, on a connection kept for it.

        A pipeline does the same for twice the time, and this is most of what a frame costs
        its game worker beside the environment.
        """
        if self._connection is None:
            self._connection = self._redis.connection_pool.get_connection()
        connection = self._connection
        try:
            connection.send_packed_command(
                connection.pack_commands(
                    [
                        ("PUBLISH", keys.inbox(peer), inner.encode(messages))
                        for peer, messages in waiting.items()
                    ]
                ),
                check_health=False,
            )
            for _ in waiting:
                connection.read_response()
        except BaseException:
            connection.disconnect()
            self._redis.connection_pool.release(connection)
            self._connection = None
            raise


def listen(
    redis: Redis,
    name: str,
    decode: Callable[[bytes], list[Any]],
    handle: Callable[[list[Any]], None],
    resumed: Callable[[], None],
    stop: threading.Event,
) -> None:
    """Hand every batch for `name` to `handle` until `stop`. Call it in a thread of its own.

    `resumed` is called after each (re)subscription: what was published in between is lost,
    so ask again for whatever matters. An exception of `handle` is logged and the next
    batch goes on.
    """
    channel = keys.inbox(name)
    while not stop.is_set():
        pubsub = redis.pubsub()  # type: ignore[no-untyped-call]
        silent = 0
        try:
            pubsub.subscribe(channel)
            while not stop.is_set():
                # Not `get_message`: it polls the socket before each read, half of the cost.
                try:
                    said = pubsub.connection.read_response(
                        timeout=HEAR_S, disconnect_on_error=False
                    )
                except RedisTimeout:
                    # Silence, or a connection that is dead and swallows what is said to it.
                    silent += 1
                    if silent > DEAF:
                        raise
                    pubsub.ping()
                    continue
                silent = 0
                if said[0] == b"subscribe":
                    resumed()
                if said[0] != b"message":
                    continue
                try:
                    handle(decode(said[2]))
                except Exception:  # noqa: BLE001 - one bad batch must not deafen the process
                    _log.exception("a batch for %s could not be handled", name)
        except (RedisError, OSError) as error:
            if not stop.is_set():
                _log.warning("inbox %s lost Redis, trying again: %s", name, error)
                time.sleep(0.25)
        finally:
            pubsub.close()
