"""All of Redis as it was at one moment, and putting it back.

Taken as a replica would: the server forks, and sends its file over the connection. So it works
from another machine and over TLS, without a look at the server's disk. Put back key by key by
`RESTORE`, so that it works on a server that runs, of another version or the other family.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, TypeVar

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from igym.errors import Unavailable
from igym.store import keys
from igym.store.rdb import Entry

#: A server that sends nothing at all for so long has given up; while it forks it sends signs of
#: life. It may wait for 5 s for other replicas before it begins.
SILENT_S = 60.0

T = TypeVar("T")

_PIECE = 1 << 16

#: Keys with a life of at most this many seconds say what is going on, not what has happened.
_PASSING_S = 120

_PLACE = re.compile(re.escape(re.escape("\x00")))


def _pattern(key: keys.Key) -> str:
    count = key.name.__code__.co_argcount
    return _PLACE.sub(".+", re.escape(key(*["\x00"] * count)))


_PASSING = re.compile(
    "|".join(
        _pattern(key)
        for key in keys.ALL.values()
        if key.kind == "channel" or 0 < key.ttl_s <= _PASSING_S
    )
)


def lasts(key: bytes) -> bool:
    """Whether a key is igym's and says more than what is going on just now. RQ's are not."""
    name = key.decode(errors="replace")
    return name.startswith("igym:") and not _PASSING.fullmatch(name)


def database(redis: Redis) -> int:
    """The number of the database that igym uses."""
    return int(redis.connection_pool.connection_kwargs.get("db") or 0)


def take(redis: Redis, to: BinaryIO) -> int:
    """Write Redis's file, as of now, into `to`. Returns its bytes.

    Raises:
        Unavailable: the server does not give it, or the line broke.
    """
    connection: Any = redis.connection_pool.make_connection()
    try:
        connection.connect()
        for words in (("capa", "eof"), ("rdb-only", "1")):
            connection.send_command("REPLCONF", *words)
            with contextlib.suppress(ResponseError):  # servers before 7.0 know less
                connection.read_response()
        connection.send_command("SYNC")
        socket = connection._sock  # what comes now is no answer that a parser knows
        socket.settimeout(SILENT_S)
        return _received(socket, to)
    except (RedisError, OSError) as error:
        raise Unavailable(f"Redis did not send its snapshot: {error}.", hint=_HINT) from error
    finally:
        connection.disconnect()


_HINT = (
    "The user in REDIS_URL needs the commands SYNC and REPLCONF. A managed server may have "
    "neither: use its own snapshots, and copy the data volume after them."
)


def _received(socket: Any, to: BinaryIO) -> int:
    buffer = b""
    while b"\r\n" not in (buffer := buffer.lstrip(b"\n")):
        buffer += _more(socket)
    head, _, buffer = buffer.partition(b"\r\n")
    if not head.startswith(b"$"):
        raise Unavailable(f"Redis does not send a snapshot: {head.decode()[1:]}.", hint=_HINT)
    if head.startswith(b"$EOF:"):
        return _until(socket, to, head.removeprefix(b"$EOF:"), buffer)
    left = size = int(head[1:])
    while True:
        to.write(buffer[:left])
        left -= len(buffer)
        if left <= 0:
            return size
        buffer = _more(socket)


def _until(socket: Any, to: BinaryIO, mark: bytes, buffer: bytes) -> int:
    """A file whose length nobody knows ends with a mark."""
    size = 0
    while not buffer.endswith(mark):
        sure = buffer[: -len(mark)]
        to.write(sure)
        size += len(sure)
        buffer = buffer[len(sure) :] + _more(socket)
    to.write(buffer[: -len(mark)])
    return size + len(buffer) - len(mark)


def _more(socket: Any) -> bytes:
    piece: bytes = socket.recv(_PIECE)
    if not piece:
        raise ConnectionError("the server hung up")
    return piece


# --- putting it back ----------------------------------------------------------------------------


def lasting(redis: Redis) -> Iterator[bytes]:
    """Keys that would be in a backup. Walks over all of them: for whoever restores."""
    yield from (key for key in redis.scan_iter("igym:*", count=1_000) if lasts(key))


def clear(redis: Redis) -> int:
    """Forget all that igym and RQ know here. Returns the number of keys."""
    gone = 0
    for pattern in ("igym:*", "rq:*"):
        for some in _pieces(redis.scan_iter(pattern, count=1_000), 500):
            gone += int(redis.unlink(*some))
    return gone


def put(redis: Redis, found: Iterable[Entry]) -> int:
    """Write these keys, over what is there. Returns how many.

    Raises:
        Unavailable: the server does not take one. Those before it are there.
    """
    count = 0
    for some in _pieces(found, 200):
        try:
            with redis.pipeline(transaction=False) as pipe:
                for one in some:
                    pipe.restore(
                        one.key, one.until_ms, one.dumped(), replace=True, absttl=bool(one.until_ms)
                    )
                pipe.execute()
        except ResponseError as error:
            raise Unavailable(
                f"Redis does not take what was saved: {error}.",
                hint="It must be Redis 7.0 or newer, or Valkey; RESTORE must be allowed.",
            ) from error
        count += len(some)
    return count


def _pieces(found: Iterable[T], size: int) -> Iterator[list[T]]:
    piece: list[T] = []
    for one in found:
        piece.append(one)
        if len(piece) == size:
            yield piece
            piece = []
    if piece:
        yield piece
