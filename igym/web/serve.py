"""A web worker process: one listening socket, shared with its siblings by the kernel."""

from __future__ import annotations

import logging
import socket

import gevent
from gevent.pywsgi import WSGIServer
from geventwebsocket.handler import WebSocketHandler

from igym.services import accounts, footprint
from igym.services.connect import Deployment
from igym.services.leaving import Member
from igym.web import app
from igym.web.listen import listen

_log = logging.getLogger(__name__)

#: Unsent bytes the kernel takes for one socket before it says "not now": a slow client's
#: backlog then shows in our queue, where frames are latest-wins, and not in the kernel's.
UNSENT_BYTES = 16 * 1024

#: What is said at the end gets so long to leave: that sockets are gone, to game workers and Redis.
GOODBYE_S = 0.3


class Handler(WebSocketHandler):
    """WebSocket and HTTP requests, on sockets that send at once and hold little."""

    def __init__(self, sock: socket.socket, *args: object, **kwargs: object) -> None:
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            lowat = getattr(socket, "TCP_NOTSENT_LOWAT", None)
            if lowat is not None:
                sock.setsockopt(socket.IPPROTO_TCP, lowat, UNSENT_BYTES)
        super().__init__(sock, *args, **kwargs)

    def log_request(self) -> None:
        """nginx keeps the access log."""


def run(deployment: Deployment, name: str, member: Member, *, shared: bool) -> None:
    """Serve as `name` until it is to leave; then send everybody to the other web workers."""
    accounts.settle(deployment)
    web = app.create(deployment, name)
    settings = deployment.settings
    listener = listen(settings.host, settings.port, shared)
    server = WSGIServer(listener, web.app, handler_class=Handler, log=None, error_log=_log)
    server.start()
    footprint.settle()
    _log.info("%s listens on %s:%s", name, settings.host, settings.port)
    member.ready(lambda: len(web.outlet))
    member.wait()
    if settings.notice_s:  # /readyz says no: whoever balances by it takes this worker out
        gevent.sleep(settings.notice_s)
    server.close()  # from now on the kernel gives new connections to the others
    _log.info("%s goes; its %d sockets connect elsewhere", name, len(web.outlet))
    web.outlet.dismiss()
    gevent.sleep(GOODBYE_S)
    server.stop(timeout=1)  # requests that are being answered
    member.left()
    web.stop.set()
