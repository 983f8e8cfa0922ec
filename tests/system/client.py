"""One participant over a real socket, without a browser. Knows no page and no picture.

A thread reads; a test speaks, and waits for what it wants to hear. Everything that was heard
stays in `heard`, in order, with the moment it came.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgpack
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from igym.wire import VERSION

#: Positions in a `Frame`, which travels as an array.
GAME, GENERATION, EPISODE, TICK, AT_MS, BASE, ACKS, OBJECTS, GONE, HUD = range(10)

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR = range(5)


class Heard(NamedTuple):
    """A message of the server."""

    at_s: float
    event: str
    said: Any


class Turned(Exception):
    """The server did not let the socket in. `said` has code, text and hint."""

    def __init__(self, said: dict[str, Any]) -> None:
        super().__init__(said)
        self.said = said


def fetch(url: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """(status, answer): JSON where it is JSON, else text. Never raises for a status."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            status, raw = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            status, raw = error.code, error.read().decode()
    try:
        return status, json.loads(raw)
    except ValueError:
        return status, raw


def join(url: str, experiment: str, **query: str) -> str:
    """A new participant's token."""
    status, said = fetch(f"{url}/api/x/{experiment}/join", {"query": query, "fresh": not query})
    assert status == 200, said
    return said["token"]


class Client:
    """A connected participant. Close it, or use it as a context."""

    def __init__(
        self,
        url: str,
        token: object,
        *,
        auth: object = ...,
        seen: int = 0,
        receive_bytes: int = 0,
        **headers: str,
    ) -> None:
        """`receive_bytes` makes the kernel's buffer that small. Raises `Turned`."""
        self.heard: list[Heard] = []
        self.closed = False
        self.token = token
        self.seen = -1  # tick of the newest frame
        self.game: dict[str, Any] = {}
        self._answers: dict[int, Any] = {}
        self._asked = 0
        self._count = 0
        self._held = 0
        self._spots: list[list[Any]] = []  # where pointer and sticks are
        self.answers = True  # whether it says that it is there when a match asks
        self.silent = False  # no signs of life: as a browser whose page has frozen
        self._speaking = threading.Lock()
        self._some = threading.Condition()
        self._listening = threading.Event()
        self._listening.set()
        where = urlsplit(url)
        sock = socket.socket()
        if receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.settimeout(10)
        sock.connect((where.hostname, where.port))
        self._ws = connect(
            f"ws://{where.netloc}/socket.io/?EIO=4&transport=websocket",
            sock=sock,
            additional_headers=headers,
            compression=None,
            max_queue=1 if receive_bytes else 1024,
            max_size=None,
            ping_interval=None,
            close_timeout=0.2,
        )
        self._ws.recv(timeout=10)  # the 0{…} of Engine.IO
        said = {"token": token, "wire": VERSION, "seen": seen} if auth is ... else auth
        self.packet(CONNECT, said)
        while True:
            answer = self._ws.recv(timeout=10)
            if answer == "2":
                self._ws.send("3")
                continue
            break
        kind = msgpack.unpackb(answer, strict_map_key=False)
        if kind["type"] != CONNECT:
            self._ws.close()
            raise Turned(kind["data"])
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        threading.Thread(target=self._live, daemon=True).start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        self._listening.set()
        self._ws.close()
        self._reader.join(5)

    def drop(self) -> None:
        """Leave like a laptop whose lid closes: without a word of the WebSocket's own."""
        self._ws.socket.shutdown(socket.SHUT_RDWR)

    # --- hearing --------------------------------------------------------------------------------

    def _read(self) -> None:
        while True:
            self._listening.wait()
            try:
                raw = self._ws.recv()
            except (ConnectionClosed, OSError, EOFError):
                break
            at_s = time.monotonic()
            if raw == "2":
                self._send("3")
            if isinstance(raw, str):
                continue
            packet = msgpack.unpackb(raw, strict_map_key=False)
            with self._some:
                if packet["type"] == EVENT:
                    event, said = packet["data"]
                    self.heard.append(Heard(at_s, event, said))
                    if event == "frame":
                        self.seen = said[TICK]
                    elif event == "check" and self.answers:
                        self.tell("here", {"proposal": said["proposal"]})
                elif packet["type"] == ACK:
                    self._answers[packet["id"]] = packet["data"]
                self._some.notify_all()
        with self._some:
            self.closed = True
            self._some.notify_all()

    def _live(self) -> None:
        """Say five times a second what is held, as the browser does."""
        while not self.closed:
            if self.game and not self.silent:
                self._keys(self._held, [])
            time.sleep(0.2)

    def stop_reading(self) -> None:
        """As a phone does in a lift: the kernel's buffer fills, then the sender's."""
        self._listening.clear()

    def go_on_reading(self) -> None:
        """Read again."""
        self._listening.set()

    def mark(self) -> int:
        """A position in `heard`, for `wait(since=…)`."""
        return len(self.heard)

    def wait(
        self,
        event: str,
        where: Callable[[Any], object] = lambda said: True,
        *,
        since: int = 0,
        within_s: float = 10,
    ) -> Any:
        """The first message of that name for which `where` holds, heard or still to come."""
        until = time.monotonic() + within_s
        at = since
        with self._some:
            while True:
                for heard in self.heard[at:]:
                    if heard.event == event and where(heard.said):
                        return heard.said
                at = max(at, len(self.heard))
                left = until - time.monotonic()
                if left <= 0 or self.closed:
                    tail = [(h.event, str(h.said)[:160]) for h in self.heard[-6:]]
                    raise AssertionError(
                        f"no {event} within {within_s} s, closed={self.closed}; last: {tail}"
                    )
                self._some.wait(left)

    def wait_closed(self, within_s: float = 10) -> None:
        """Until the server has hung up."""
        with self._some:
            assert self._some.wait_for(lambda: self.closed, within_s), "still connected"

    def all(self, event: str, since: int = 0) -> list[Any]:
        """Every message of that name."""
        return [h.said for h in self.heard[since:] if h.event == event]

    @property
    def state(self) -> dict[str, Any]:
        """The newest state."""
        return (self.all("state") or [self.wait("state")])[-1]

    # --- speaking -------------------------------------------------------------------------------

    def _send(self, raw: bytes | str) -> None:
        with suppress(ConnectionClosed, OSError):
            self._ws.send(raw)

    def raw(self, raw: bytes | str) -> None:
        """Anything at all, as one WebSocket message."""
        self._send(raw)

    def packet(self, kind: Any, data: Any, **more: Any) -> None:
        """A Socket.IO packet."""
        self._send(msgpack.packb({"type": kind, "data": data, "nsp": "/"} | more))

    def tell(self, event: str, *said: Any) -> None:
        """An event, without waiting."""
        self.packet(EVENT, [event, *said])

    def ask(self, event: str, *said: Any, within_s: float = 5) -> Any:
        """An event and its acknowledgement: None, or a `Refused`."""
        self._asked += 1
        mine = self._asked
        self.packet(EVENT, [event, *said], id=mine)
        with self._some:
            done = self._some.wait_for(lambda: mine in self._answers or self.closed, within_s)
            assert done and mine in self._answers, f"no answer to {event}"
            data = self._answers.pop(mine)
        return data[0] if data else None

    # --- what a participant does -----------------------------------------------------------------

    def advance(self, **answers: Any) -> Any:
        """Send the page or survey on screen."""
        now = self.state
        said = {"scene": now["scene"], "version": now["version"], "answers": answers}
        return self.ask("advance", said)

    def to_game(self, within_s: float = 20) -> dict[str, Any]:
        """From wherever they are to a game that is ready. Returns its view."""
        if self.state["phase"] == "reading":
            assert self.advance() is None
        view = self.wait("state", lambda s: s["phase"] == "playing", within_s=within_s)["view"]
        self.ready(view)
        return view

    def ready(self, view: dict[str, Any]) -> None:
        """The screen of that game is up."""
        self.game = view
        assert self.ask("ready", {"game": view["game"], "width_px": 800, "height_px": 400}) is None

    def keys(self, *held: str, edges: list[Any] | None = None) -> int:
        """Hold exactly these keys. Returns the message's `count`."""
        names = self.game["keys"]
        return self._keys(sum(1 << names.index(key) for key in held), edges or [])

    def _keys(self, held: int, edges: list[Any], moves: list[Any] | None = None) -> int:
        with self._speaking:
            self._held = held
            self._count += 1
            said = [self.game["game"], self._count, self.seen, held, edges]
            if self._spots or moves:
                said += [False, self._spots, moves or []]
            self.tell("keys", said)
            return self._count

    def point(self, x: float, y: float, *, down: bool = False) -> int:
        """The pointer is there now, in parts of the stage."""
        spot = [0, round(x * 10_000), round(y * 10_000), down]
        self._spots = [spot]
        return self._keys(self._held, [], [[*spot, time.time() * 1000]])

    def click(self, x: float, y: float) -> None:
        """Press there and let go."""
        self.point(x, y, down=True)
        self.point(x, y)

    def away(self) -> None:
        """The pointer has left the stage."""
        self._spots = []
        self._keys(self._held, [])

    def press(self, key: str) -> int:
        """Hold one more key, with its edge."""
        index = self.game["keys"].index(key)
        return self.keys(key, edges=[[index, True, time.time() * 1000]])

    def let_go(self, key: str) -> int:
        """Hold nothing, with the edge of `key`."""
        index = self.game["keys"].index(key)
        return self.keys(edges=[[index, False, time.time() * 1000]])

    def wait_playing(self, since: int = 0, within_s: float = 15) -> None:
        """Until the ticks run."""
        self.wait("episode", lambda e: e["stage"] == "playing", since=since, within_s=within_s)

    def wait_frames(self, n: int, within_s: float = 10) -> list[Any]:
        """The next `n` frames."""
        start = self.mark()
        until = time.monotonic() + within_s
        with self._some:
            self._some.wait_for(
                lambda: self.closed or len(self.all("frame", start)) >= n,
                until - time.monotonic(),
            )
        frames = self.all("frame", start)
        assert len(frames) >= n, f"{len(frames)} of {n} frames within {within_s} s"
        return frames


class Picture:
    """What a browser would have on its stage after these frames."""

    def __init__(self) -> None:
        self.objects: dict[int, dict[int, Any]] = {}
        self.at = (-1, -1, -1)  # generation, episode, tick

    def hear(self, frame: list[Any]) -> bool:
        """Apply a frame; False where it needs one that never came, or is a ghost."""
        when = (frame[GENERATION], frame[EPISODE], frame[TICK])
        if frame[BASE] == -1:
            self.objects = {}
        elif (*when[:2], frame[BASE]) != self.at:
            return False
        flat = frame[OBJECTS]
        for handle, change in zip(flat[::2], flat[1::2], strict=True):
            if 0 in change:
                self.objects[handle] = dict(change)
            else:
                self.objects[handle].update(change)
        for handle in frame[GONE]:
            del self.objects[handle]
        self.at = when
        return True

    def named(self, name: str) -> dict[int, Any]:
        """The object that is pointed out under that name."""
        return next(thing for thing in self.objects.values() if thing.get(17) == name)

    def x(self, name: str) -> int:
        """Where it is, in 1/10,000 of the stage's width."""
        return self.named(name).get(1, 0)
