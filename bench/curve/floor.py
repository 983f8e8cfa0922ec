"""The floor: a bare gevent WebSocket server that writes the same frames to everybody, 30 times a
second. No game, no Redis, no other process: what sockets alone cost in this language.

Prints its port, then serves until it is killed.
"""

from __future__ import annotations

import json
import sys
import time

import gevent
from gevent import pywsgi
from geventwebsocket.handler import WebSocketHandler

from igym import wire

FPS = 30

#: As many bytes as a frame of twelve moving objects has.
_OBJECTS = [n if k == 0 else {1: 5000 + n, 2: 5000 - n} for n in range(12) for k in range(2)]


def main() -> None:
    """Serve."""
    sockets = set()

    def serve(environ, start_response):  # type: ignore[no-untyped-def]
        socket = environ["wsgi.websocket"]
        sockets.add(socket)
        try:
            while socket.receive() is not None:
                pass
        finally:
            sockets.discard(socket)
        return []

    server = pywsgi.WSGIServer(("127.0.0.1", 0), serve, handler_class=WebSocketHandler, log=None)
    server.start()
    sys.stdout.write(json.dumps({"port": server.server_port}) + "\n")
    sys.stdout.flush()
    began_s, tick = time.monotonic(), 0
    while True:
        gevent.sleep(max(0.0, began_s + tick / FPS - time.monotonic()))
        tick += 1
        at_ms = int(time.time() * 1000) % 2**32
        frame = wire.Frame("floor0", 1, 0, tick, at_ms, tick - 1, [tick, tick], _OBJECTS, [], None)
        packet = wire.packet(frame)
        head = bytes((0x82, 126)) + len(packet).to_bytes(2)
        for socket in list(sockets):
            try:
                socket.stream.handler.socket.send(head + packet)
            except OSError:
                sockets.discard(socket)


if __name__ == "__main__":
    main()
