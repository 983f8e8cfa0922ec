"""A long line: a TCP proxy that passes everything on, later."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from queue import SimpleQueue


class Line:
    """Passes connections on to a port of this machine. Each way takes `lag_s`."""

    def __init__(self, port: int, lag_s: float) -> None:
        self._port, self._lag_s = port, lag_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                self._open += [near, far]
                self._pass(near, far)
                self._pass(far, near)

    def _pass(self, come: socket.socket, go: socket.socket) -> None:
        way: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

        def read() -> None:
            with suppress(OSError):
                while content := come.recv(65_536):
                    way.put((time.monotonic() + self._lag_s, content))
            way.put((time.monotonic(), b""))

        def write() -> None:
            with suppress(OSError):
                while True:
                    due_s, content = way.get()
                    time.sleep(max(0.0, due_s - time.monotonic()))
                    if not content:
                        go.shutdown(socket.SHUT_WR)
                        return
                    go.sendall(content)

        for job in (read, write):
            threading.Thread(target=job, daemon=True).start()
