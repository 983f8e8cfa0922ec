"""A line between two processes that a test can make worse: delayed, cut, or swallowing.

One direction is `up` (from who connects to the target), the other `down`. Each is in one of
these states, for connections that are open and for those to come:

    PASS   bytes go through, `delay_s` later
    HOLE   bytes are taken and never arrive; nobody is told
    CUT    (both directions at once, see `cut`) connections are reset and new ones refused
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import suppress

PASS, HOLE = "pass", "hole"


class Proxy:
    """Listens on `port` of 127.0.0.1 and leads to `target`: (host, port), or a socket's path."""

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self.up = self.down = PASS
        self.delay_s = 0.0
        self.down_bytes_s = 0.0  # what the line carries down in a second; 0 = any number
        self._cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.passed = 0  # bytes, both ways
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    # --- what a test does to it ----------------------------------------------------------------

    def hole(self) -> None:
        """Swallow both directions: a cable that was pulled, a firewall that forgot."""
        self.up = self.down = HOLE

    def cut(self) -> None:
        """Reset what is open and refuse what comes."""
        self._cut = True
        self._call(self._reset)

    def heal(self) -> None:
        """Let everything through again. What was swallowed stays so: old connections are reset."""
        holed = self.up == HOLE or self.down == HOLE
        self.up = self.down = PASS
        self._cut = False
        if holed:
            self._call(self._reset)

    def _call(self, act: object) -> None:
        done = threading.Event()

        def run() -> None:
            act()  # type: ignore[operator]
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(5)

    # --- inside --------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self._listener))
        try:
            self._loop.run_forever()
        finally:
            self._reset()
            self._listener.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    def _reset(self) -> None:
        for writer in list(self._writers):
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.family != socket.AF_UNIX:
                with suppress(OSError):  # RST instead of FIN
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self._cut:
            self._reset()
            return
        try:
            if isinstance(self._target, str):
                there = await asyncio.open_unix_connection(self._target)
            else:
                there = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(there[1])
        ways = (self._carry(reader, there[1], "up"), self._carry(there[0], writer, "down"))
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*ways)

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, way: str
    ) -> None:
        with suppress(OSError):
            # A slow line takes little at a time, or it would only be late.
            while content := await source.read(2_048 if self.down_bytes_s else 65_536):
                if getattr(self, way) == HOLE:
                    continue
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                target.write(content)
                self.passed += len(content)
                await target.drain()
                if way == "down" and self.down_bytes_s:
                    await asyncio.sleep(len(content) / self.down_bytes_s)
        self._writers.discard(target)
        target.close()
