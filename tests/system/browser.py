"""A participant in a real Chromium, and everything their page hears on its socket."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from tests.system.client import OBJECTS, Picture

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Two people on one screen: neither page may be slowed down for being behind the other.
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-timer-throttling",
]


@contextmanager
def running(chromium: Path) -> Iterator[Browser]:
    """A Chromium of this test run's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=ARGS)
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """One participant: a context of their own, so no cookie is shared."""

    def __init__(self, browser: Browser, page: Page | None = None, **context: Any) -> None:
        self.context = page.context if page else browser.new_context(**context)
        self.page = page or self.context.new_page()
        self.heard: list[tuple[str, Any]] = []
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.picture = Picture()
        self.page.on("websocket", self._socket)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.errors.append(said.text) if said.type == "error" else None,
        )

    def _socket(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)
        socket.on("framereceived", self._frame)

    def _frame(self, raw: bytes | str) -> None:
        if isinstance(raw, str):
            return
        packet = msgpack.unpackb(raw, strict_map_key=False)
        if packet["type"] != 2:
            return
        event, said = packet["data"]
        self.heard.append((event, said))
        if event == "frame":
            self.picture.hear(said)

    def until(self, ask: Callable[[], Any], *, within_s: float = 10, what: str = "it") -> Any:
        """What `ask` answers as soon as that is true; the page lives on meanwhile."""
        end = time.monotonic() + within_s
        while not (found := ask()):
            assert time.monotonic() < end, f"{what} did not happen within {within_s} s"
            self.page.wait_for_timeout(15)
        return found

    def all(self, event: str) -> list[Any]:
        """Every message of that name."""
        return [said for name, said in self.heard if name == event]

    @property
    def state(self) -> dict[str, Any]:
        """The newest state."""
        return self.until(lambda: self.all("state"), what="a state")[-1]

    def stage(self) -> str:
        """Where the episode stands; "" before it was told."""
        told = self.all("episode")
        return told[-1]["stage"] if told else ""

    def drawn(self) -> bool:
        """Whether a frame with something in it has come."""
        return any(frame[OBJECTS] for frame in self.all("frame"))
