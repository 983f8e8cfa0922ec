"""A web worker process: one listening socket, shared with its siblings by the kernel."""

from __future__ import annotations

import contextlib
import logging
import socket

import gevent
from gevent.pywsgi import WSGIServer
from geventwebsocket.handler import WebSocketHandler

from igym.services import accounts, footprint
from igym.services.connect import Deployment
from igym.services.leaving import Member
from igym.web import app
from igym.web.inlet import Inlet, read_by
from igym.web.listen import listen
from igym.web.upload import PATIENCE_S

_log = logging.getLogger(__name__)

#: Unsent bytes the kernel takes for one socket before it says "not now": a slow client's
#: backlog then shows in our queue, where frames are latest-wins, and not in the kernel's.
UNSENT_BYTES = 16 * 1024

#: What is said at the end gets so long to leave: that sockets are gone, to game workers and Redis.
GOODBYE_S = 0.3


#: A connection that asks for nothing is kept so long; longer than nginx keeps its own.
IDLE_S = 90.0

#: From the first line of a request to the last of its headers, and from there to the end of its
#: body. Each that is still on its way costs a greenlet, and whoever wants may open thousands.
HEAD_S, BODY_S = 20.0, 60.0


class Handler(WebSocketHandler):
    """WebSocket and HTTP requests, on sockets that send at once and hold little."""

    def __init__(self, sock: socket.socket, *args: object, **kwargs: object) -> None:
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            lowat = getattr(socket, "TCP_NOTSENT_LOWAT", None)
            if lowat is not None:
                sock.setsockopt(socket.IPPROTO_TCP, lowat, UNSENT_BYTES)
        super().__init__(sock, *args, **kwargs)

    def read_requestline(self) -> str:
        """The first line. None comes in time: the connection is closed without a word."""
        with gevent.Timeout(IDLE_S, TimeoutError):
            line: str = super().read_requestline()
        return line

    def read_request(self, raw_requestline: str) -> bool:
        """The headers."""
        with gevent.Timeout(HEAD_S, TimeoutError):
            return bool(super().read_request(raw_requestline))

    def handle_one_response(self) -> None:
        """Read the body, if there is one, and answer. Whoever sends too slowly is not read on."""
        environ = self.environ
        sends = environ.get("CONTENT_LENGTH", "0") not in ("", "0")
        if not sends and "HTTP_TRANSFER_ENCODING" not in environ:
            super().handle_one_response()
            return
        uploads = environ["PATH_INFO"] == "/api/packages"  # which has a patience of its own
        late = gevent.spawn_later(PATIENCE_S + 10 if uploads else BODY_S, self._read_no_more)
        try:
            super().handle_one_response()
        finally:
            late.kill(block=False)

    def _read_no_more(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RD)  # what is being written is not touched

    def upgrade_connection(self) -> list[str] | None:
        """Answer to a handshake; a WebSocket that is opened by it is read by an inlet."""
        answer: list[str] | None = super().upgrade_connection()
        if hasattr(self, "websocket"):
            self.inlet: Inlet = read_by(self, app.MOST_BYTES)
        return answer

    def log_request(self) -> None:
        """nginx keeps the access log."""


def run(deployment: Deployment, name: str, member: Member, *, shared: bool) -> None:
    """Serve as `name` until it is to leave; then send everybody to the other web workers."""
    accounts.settle(deployment)
    web = app.create(deployment, name)
    settings = deployment.settings
    listener = listen(settings.host, settings.port, shared)
    server = WSGIServer(listener, web.app, handler_class=Handler, log=None, error_log=_log)
    # Asked before an upgrade: who is refused is so in HTTP, and gets no socket.
    server.pre_start_hook = lambda handler: web.gate.refuses(handler.environ)
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
