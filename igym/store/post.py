"""Point-to-point messages between processes: one inbox each, one PUBLISH per peer per flush.

Messages added while a flush is on its way leave together with the next, so batches grow
with load and nothing waits while there is none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

import hiredis
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

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

#: Answers to a flush are read before the next one, or after so long.
SETTLE_S = 0.05

#: A message that lingered for so many times as long leaves with whoever says the next one. Sooner,
#: and batches no longer grow where much is to be done: full cores then get less done.
LATE = 4

_READ = 1 << 16


class Outbox:
    """Outgoing messages of this process, batched by peer. Runs one thread (or greenlet)."""

    def __init__(self, redis: Redis, linger_s: float = 0.0) -> None:
        self._redis = redis
        self._linger_s = linger_s
        self._said: deque[tuple[str, inner.Inner]] = deque()
        self._since_s = 0.0  # when the first of them was said
        self._waiting: dict[str, list[inner.Inner]] = defaultdict(list)
        self._sent: deque[dict[str, list[inner.Inner]]] = deque()  # flushes without an answer yet
        self._some = threading.Event()
        self._connection: Any = None  # redis-py's connections have no useful type
        self._write: Callable[[bytes], int] | None = None  # what the kernel takes at once
        self._writing = False
        self._rest = b""  # of what it took in part
        self.published = 0  # PUBLISH commands so far
        threading.Thread(target=self._run, name="outbox", daemon=True).start()

    def put(self, peer: str, message: inner.Inner) -> None:
        """Send `message` to the inbox of `peer` with the next flush. Never waits for anything."""
        if not self._said:
            self._since_s = time.monotonic()
        self._said.append((peer, message))
        late_s = LATE * self._linger_s
        if late_s and time.monotonic() - self._since_s > late_s and self._leave():
            return
        if not self._some.is_set():
            self._some.set()

    def _leave(self) -> bool:
        """Flush here and now, if the kernel takes it.

        Where games keep the loop busy, one tick after the other, the greenlet that should flush
        comes after all of them.
        """
        if self._write is None or self._writing or self._rest or self._waiting:
            return False
        self._gather()
        try:
            packed = b"".join(self._packed())
            taken = self._write(packed)
        except Exception:  # noqa: BLE001 - full, or gone: the greenlet waits for it, or finds out
            return False
        self._handed_over()
        self._rest = packed[taken:]
        return not self._rest

    def _run(self) -> None:
        while True:
            some = self._some.wait(SETTLE_S if self._sent else None)
            if some:
                self._some.clear()
                time.sleep(self._linger_s)  # 0 still lets whoever else is due add theirs
            try:
                if self._rest:  # before anything else, answers included
                    self._send([self._rest])
                    self._rest = b""
                # After the pause the answers are there: they cost a read, and no wait.
                self._settle()
                if some:
                    self._publish()
            except RedisError as error:
                self._hang_up()
                self._gather()
                unsaid, self._waiting = self._waiting, defaultdict(list)
                for flush in (*self._sent, unsaid):
                    for peer, messages in flush.items():
                        self._waiting[peer] = (self._waiting[peer] + messages)[-BACKLOG:]
                self._sent.clear()
                _log.warning("Redis is away, %d peers wait: %s", len(self._waiting), error)
                self._some.set()
                time.sleep(0.25)
            except Exception:  # noqa: BLE001 - a process without this thread is mute for good
                _log.exception("a flush to %d peers is dropped", len(self._waiting))
                self._hang_up()
                self._waiting.clear()
                self._sent.clear()

    def _gather(self) -> None:
        while self._said:
            peer, message = self._said.popleft()
            self._waiting[peer].append(message)

    def _packed(self) -> list[bytes]:
        """One PUBLISH for each peer that something waits for."""
        commands = [
            ("PUBLISH", keys.inbox(peer), inner.encode(messages))
            for peer, messages in self._waiting.items()
        ]
        packed: list[bytes] = self._connection.pack_commands(commands)
        return packed

    def _handed_over(self) -> None:
        """What waited is on its way."""
        self._sent.append(self._waiting)
        self._waiting = defaultdict(list)

    def _publish(self) -> None:
        """Flush, all in one write, on a connection kept for it.

        A pipeline does the same for twice the time, and this is most of what a frame costs
        its game worker beside the environment. Redis' answers are read later.
        """
        if self._connection is None:
            connection = self._redis.connection_pool.get_connection()
            sock = connection._sock
            # What gevent's socket writes to without waiting; not what encrypts on the way.
            plain = None if hasattr(sock, "_sslobj") else getattr(sock, "_sock", None)
            self._write = None if plain is None else plain.send
            self._connection = connection
        self._gather()
        if self._waiting:  # else it has left
            self._send(self._packed())
            self._handed_over()

    def _send(self, packed: list[bytes]) -> None:
        self._writing = True  # it may wait
        try:
            self._connection.send_packed_command(packed, check_health=False)
        finally:
            self._writing = False

    def _settle(self) -> None:
        """Read what Redis answered to what was sent up to now."""
        for _ in range(len(self._sent)):
            for _ in self._sent[0]:
                self._connection.read_response()
            self.published += len(self._sent.popleft())

    def _hang_up(self) -> None:
        """What is half said or half read on the connection is of no use to anybody."""
        self._write, self._rest = None, b""
        if self._connection is not None:
            self._connection.disconnect()
            self._redis.connection_pool.release(self._connection)
            self._connection = None


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
        try:
            pubsub.subscribe(channel)
            for said in _heard(pubsub.connection, stop):
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


def _heard(connection: Any, stop: threading.Event) -> Iterator[list[bytes]]:
    """What is pushed on a connection that has subscribed, until `stop`.

    Reads the socket itself: redis-py does for each message what is needed once for all that came,
    and costs a web worker a tenth of its time.

    Raises:
        RedisError, OSError: the connection is gone, or as good as gone.
    """
    sock = connection._sock
    sock.settimeout(HEAR_S)
    reader = hiredis.Reader(protocolError=RedisError, replyError=RedisError)
    silent = 0
    while not stop.is_set():
        try:
            data = sock.recv(_READ)
        except TimeoutError:
            # Silence, or a connection that is dead and swallows what is said to it.
            silent += 1
            if silent > DEAF:
                raise
            connection.send_command("PING", check_health=False)
            continue
        if not data:
            raise RedisConnectionError("Redis hung up")
        silent = 0
        reader.feed(data)
        while (said := reader.gets()) is not False:
            if isinstance(said, Exception):
                raise said
            yield said
