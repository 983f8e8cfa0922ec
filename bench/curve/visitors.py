"""Who sits at a line: a participant of igym, and somebody who only looks at a floor's frames."""

from __future__ import annotations

import random
import time
import urllib.request
from collections import deque
from typing import Any

import msgspec

from bench.curve.lines import BINARY, PATIENCE_S, TEXT, Line
from bench.curve.seen import Person, Window
from igym import wire
from igym.bots.site import Site
from igym.bots.socketio import CONNECT, EVENT, pack, socket_url, unpack

_WRAP = 2**32
_PROBE_TURNS = 10  # a round trip is measured every 2 s

#: What a packet begins with that is a frame.
_FRAME = wire.packet(wire.Frame("", 0, 0, 0, 0, 0, [], [], [], None)).split(b"frame")[0] + b"frame"


class _Frame(msgspec.Struct, array_like=True):
    game: str
    generation: int
    episode: int
    tick: int
    at_ms: int
    base: int
    acks: list[int]


class _Packet(msgspec.Struct):
    data: tuple[str, _Frame]


_decode = msgspec.msgpack.Decoder(_Packet).decode


class Shared:
    """What everybody at one generator writes into."""

    def __init__(self) -> None:
        self.window = Window(0.0, 0.0, 0.0)
        self.people: list[Person] = []
        self.playing = 0
        self.refused: list[str] = []


def frame(shared: Shared, person: Person, tick: int, at_ms: int) -> None:
    """A picture has come."""
    now_ms = time.time() * 1000
    if not person.playing:
        person.playing = True
        shared.playing += 1
    if tick <= person.tick:
        return
    if person.tick >= 0:
        person.missing += tick - person.tick - 1
    person.tick = tick
    person.frames += 1
    shared.window.ages_ms.append((now_ms - at_ms + _WRAP / 2) % _WRAP - _WRAP / 2)


class _Visitor:
    """What all of them have in common."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self.person = Person()

    def lose(self) -> None:
        """Nobody comes back: a line that was lost is a figure that is not reported."""
        self.person.playing = False


class Participant(_Visitor):
    """Comes by the link, reads the page, waits for a partner, plays with five changes a second."""

    def __init__(self, site: Site, name: str, seed: int, shared: Shared) -> None:
        self._site = site
        self._name = name
        self._dice = random.Random(seed)
        super().__init__(shared)
        self._game = ""
        self._place = 0
        self._count, self._held, self._turn = 0, 0, seed % _PROBE_TURNS
        self._pending: deque[tuple[int, float]] = deque()

    def enter(self) -> Line:
        """Join and connect, waiting for it. Raises `OSError`, `igym.errors.IgymError`."""
        token = self._site.join(id=self._name, mode="rehearsal")
        line = Line(socket_url(self._site.base))
        line.wait()  # Engine.IO opens
        line.send(pack(CONNECT, {"token": token, "wire": wire.VERSION, "seen": 0}))
        while True:
            kind, message = line.wait()
            said = unpack(message).kind if kind == BINARY else None
            if said == CONNECT:
                return line
            if said == EVENT:  # it may overtake; browsers' library keeps it, too
                line.early.append((kind, message))
            elif kind != TEXT:
                raise ConnectionError(f"not let in: {message[:200]!r}")
            elif message == b"2":
                line.send(b"3", TEXT)

    def hear(self, line: Line, kind: int, message: bytes) -> None:
        """A packet."""
        if kind == TEXT:
            if message == b"2":
                line.send(b"3", TEXT)
            return
        if message.startswith(_FRAME):
            said = _decode(message).data[1]
            if said.game == self._game:
                frame(self._shared, self.person, said.tick, said.at_ms)
                self._acknowledged(said.acks)
            return
        packet = unpack(message)
        if packet.kind != EVENT:
            return
        event, about = packet.data
        if event == "state":
            self._state(line, about)
        elif event == "check":
            self._ask(line, wire.Here(about["proposal"]))
        elif event == "refused":
            self._shared.refused.append(f"{about['code']}: {about['text']}")

    def _state(self, line: Line, state: dict[str, Any]) -> None:
        view = state["view"]
        if view["type"] == "page":
            self._ask(line, wire.Advance(state["scene"], state["version"], {}))
        elif view["type"] == "game":
            self._game = view["game"]
            self._place = list(view["seats"]).index(view["seat"])
            self.person.tick = -1
            line.send(wire.packet(wire.Ready(self._game, 1280, 720, 60)))
        elif view["type"] == "end":
            self._shared.refused.append(f"ended with {view['outcome']}")

    def _ask(self, line: Line, message: wire.Message) -> None:
        line.send(pack(EVENT, [message.event, wire.plain(message)], 1))

    def speak(self, line: Line, now_s: float) -> None:
        """Change the keys that are held; measure a round trip now and then."""
        now_ms = time.time() * 1000
        self._turn += 1
        if self._turn % _PROBE_TURNS == 0:
            self._ask(line, wire.Probe(now_ms, None, None))
        if self.person.tick < 0:
            return
        key = self._dice.randrange(4)
        held = 0 if self._held else 1 << key
        key = (held or self._held).bit_length() - 1
        self._held = held
        self._count += 1
        self._shared.window.spoken += 1
        self._pending.append((self._count, now_ms))
        edges = [(key, bool(held), now_ms)]
        line.send(wire.packet(wire.Keys(self._game, self._count, self.person.tick, held, edges)))

    def _acknowledged(self, acks: list[int]) -> None:
        pending = self._pending
        if pending and self._place < len(acks) and pending[0][0] <= acks[self._place]:
            now_ms = time.time() * 1000
            while pending and pending[0][0] <= acks[self._place]:
                self._shared.window.replies_ms.append(now_ms - pending.popleft()[1])


class _Pictured(msgspec.Struct):
    step: int
    hud_text: str


_decode_pictured = msgspec.json.Decoder(tuple[str, _Pictured]).decode
_PICTURED = b'42["server_render_state"'
_KEYS = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown")


class PeersParticipant(_Visitor):
    """The same at a server of Multi-User Gymnasium (`bench.curve.peer`): Socket.IO as JSON text."""

    def __init__(self, url: str, seed: int, shared: Shared) -> None:
        self._url = url.removeprefix("mug+")
        self._name = f"load-{seed}"
        self._dice = random.Random(seed)
        super().__init__(shared)
        self._server, self._held = "", ""

    def enter(self) -> Line:
        """Open the page, connect and register, waiting for it. Raises `OSError`."""
        urllib.request.urlopen(f"{self._url}/{self._name}", timeout=PATIENCE_S).close()
        line = Line(socket_url(self._url))
        line.wait()  # Engine.IO opens
        line.send(b"40", TEXT)
        while not line.wait()[1].startswith(b"40"):
            pass
        self._say(line, "register_subject", {"subject_id": self._name, "mugGlobals": {}})
        return line

    def _say(self, line: Line, event: str, about: dict[str, Any]) -> None:
        line.send(b"42" + msgspec.json.encode([event, about]), TEXT)

    def hear(self, line: Line, kind: int, message: bytes) -> None:
        """A packet."""
        if message.startswith(_PICTURED):
            said = _decode_pictured(message[2:])[1]
            at_ms = int(float(said.hud_text)) % _WRAP
            frame(self._shared, self.person, said.step, at_ms)
        elif message == b"2":
            line.send(b"3", TEXT)
        elif message.startswith(b"42"):
            event, *about = msgspec.json.decode(message[2:])
            if event == "server_session_id":
                self._server = about[0]["session_id"]
            elif event == "activate_scene" and about[0]["scene_id"] == "start":
                self._say(line, "advance_scene", {})
            elif event == "activate_scene" and about[0]["scene_id"] == "together":
                self._say(line, "join_game", {"session_id": self._server})
            elif event.endswith("_error") or event == "end_game":
                self._shared.refused.append(f"{event}: {about}"[:300])

    def speak(self, line: Line, now_s: float) -> None:
        """Change the keys that are held."""
        if self.person.tick < 0:
            return
        self._held = "" if self._held else self._dice.choice(_KEYS)
        self._shared.window.spoken += 1
        held = [self._held] if self._held else []
        about = {"server_session_id": self._server, "pressed_keys": held}
        self._say(line, "send_pressed_keys", about)


class Onlooker(_Visitor):
    """Looks at a floor's frames and presses keys that nobody reads."""

    def __init__(self, url: str, seed: int, shared: Shared) -> None:
        self._url = url
        super().__init__(shared)
        self._keys = wire.packet(wire.Keys("g", seed, 0, 1, [(0, True, 1.0)]))

    def enter(self) -> Line:
        """Connect. Raises `OSError`."""
        return Line(self._url)

    def hear(self, line: Line, kind: int, message: bytes) -> None:
        """A frame."""
        said = _decode(message).data[1]
        frame(self._shared, self.person, said.tick, said.at_ms)

    def speak(self, line: Line, now_s: float) -> None:
        """As participants do."""
        self._shared.window.spoken += 1
        line.send(self._keys)
