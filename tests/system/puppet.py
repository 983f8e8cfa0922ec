"""A server of a few lines that says to a real page whatever a test wants it to hear.

For what a real server says only in a bad moment: a number missing, a message twice, an older
version, no frame. Engine.IO 4 and socket.io-msgpack-parser 5 as in `igym.wire.packet`.
"""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
from playwright.sync_api import Page, Route, WebSocketRoute

from igym import wire

URL = "http://study.test"
STATIC = Path(wire.__file__).parents[1] / "web" / "static"
Answer = Callable[[Any], Any]


class Puppet:
    """Serves one page; `say` sends it a message, `said` has what it sent, `auths` its logins."""

    def __init__(self, page: Page, **answers: Answer) -> None:
        """`answers`: event -> what acknowledges it; `null` where nothing is given."""
        self.page = page
        self.answers: dict[str, Answer] = {"probe": self._probed, **answers}
        self.silent: set[str] = set()  # events that are never acknowledged
        self.said: list[tuple[str, Any]] = []
        self.auths: list[dict[str, Any]] = []
        self.greeting: list[wire.Message] = []  # sent after every connect
        self.joins = 0
        self.crowded_s = 0  # who joins is asked to wait for so long, once
        self.language = "en"
        self.refuses: dict[str, str] | None = None  # the next connection, with these words
        self._socket: WebSocketRoute | None = None
        page.route("**/*", self._serve)
        page.route_web_socket(re.compile(r"/socket\.io/"), self._connected)

    def open(self) -> None:
        """As a participant opens the link."""
        self.page.goto(f"{URL}/x/study")

    def now_ms(self) -> float:
        """The page's clock, which is this server's too."""
        return float(self.page.evaluate("performance.timeOrigin + performance.now()"))

    def say(self, *messages: wire.Message) -> None:
        """Send them on the open connection."""
        assert self._socket is not None, "nobody is connected"
        for message in messages:
            self._socket.send(wire.packet(message))

    def cut(self) -> None:
        """The connection breaks."""
        assert self._socket is not None
        self._socket.close()

    def heard(self, event: str) -> list[Any]:
        """Every message of that name."""
        return [said for name, said in self.said if name == event]

    # --- inside ----------------------------------------------------------------------------------

    def _serve(self, route: Route) -> None:
        path = re.sub(r"[?#].*", "", route.request.url.removeprefix(URL))
        if path.startswith("/api/probe"):
            route.fulfill(body=b"x" * 100_000, content_type="application/octet-stream")
        elif path.startswith("/api/") and (wait_s := self.crowded_s):
            self.crowded_s = 0
            said = {"code": "too_much", "text": "Too many people open this study.", "hint": ""}
            route.fulfill(status=429, json=said, headers={"Retry-After": str(wait_s)})
        elif path.startswith("/api/"):
            self.joins += 1
            route.fulfill(json={"token": f"token {self.joins}", "session": "s1"})
        elif path.startswith("/static/") and (file := STATIC / path[8:]).is_file():
            kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
            route.fulfill(body=file.read_bytes(), content_type=kind)
        elif path.startswith("/x/"):
            about = {"experiment": "study", "title": "A study", "language": self.language}
            boot = json.dumps({**about, "wire": wire.VERSION})
            html = (STATIC / "index.html").read_text(encoding="utf-8")
            html = html.replace('id="igym">{}', f'id="igym">{boot}')
            route.fulfill(body=html, content_type="text/html")
        else:
            route.fulfill(status=404, body="")

    def _connected(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        socket.on_message(lambda raw: self._hear(socket, raw))
        about = {"sid": "e", "upgrades": [], "pingInterval": 60_000, "pingTimeout": 60_000}
        socket.send("0" + json.dumps({**about, "maxPayload": 1_000_000}))

    def _hear(self, socket: WebSocketRoute, raw: str | bytes) -> None:
        if isinstance(raw, str):
            return
        packet = msgpack.unpackb(raw, strict_map_key=False)
        if packet["type"] == 0:
            self.auths.append(packet.get("data") or {})
            if self.refuses is not None:
                data = {"message": "no", "data": self.refuses}
                self.refuses = None
                socket.send(msgpack.packb({"type": 4, "data": data, "nsp": "/"}))
                return
            socket.send(msgpack.packb({"type": 0, "data": {"sid": "s"}, "nsp": "/"}))
            self.say(*self.greeting)
        elif packet["type"] == 2:
            event, said = packet["data"]
            self.said.append((event, said))
            if packet.get("id") is None or event in self.silent:
                return
            verdict = self.answers.get(event, lambda _: None)(said)
            data = [wire.plain(verdict) if isinstance(verdict, wire.Message) else verdict]
            ack = {"type": 3, "id": packet["id"], "data": data, "nsp": "/"}
            socket.send(msgpack.packb(ack))

    @staticmethod
    def _probed(said: Any) -> wire.Message:
        return wire.Probed(said["sent_ms"], said["sent_ms"])


def state(view: wire.View, phase: str, **changed: Any) -> wire.State:
    """A state around `view`, whatever is not given as in the middle of a study."""
    about: dict[str, Any] = {
        "wire": wire.VERSION, "version": 3, "phase": phase, "experiment": "study",
        "title": "A study", "session": "s1", "scene": "here", "step": 2, "steps": 6,
        "server": "w1", "seq": 0, "stoppable": True,
    }  # fmt: skip
    return wire.State(view=view, **(about | changed))
