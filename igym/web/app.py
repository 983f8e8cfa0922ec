"""One web worker: the Flask app, its Socket.IO server, and its inbox."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from flask import Flask
from flask_socketio import SocketIO

from igym import wire
from igym.services.connect import Deployment
from igym.store import post
from igym.store.client import open_redis
from igym.store.durable import Disk
from igym.store.post import Outbox
from igym.web import admin, api, assets, bench, health, metrics, pages, probing, tracing
from igym.web.door import BoundedPacket
from igym.web.gate import Gate
from igym.web.health import Health
from igym.web.hearing import Hearing
from igym.web.outlet import Outlet
from igym.web.sockets import Sockets
from igym.wire import inner

#: How long inputs wait for company on their way to a game worker: an eighth of a tick at
#: 30 fps, for a quarter of the PUBLISH commands of 50 people on one web worker.
INPUTS_LINGER_S = 0.004

#: The longest message that is read. The door refuses above `MAX_PACKET_BYTES` with a sentence;
#: this bounds memory.
MOST_BYTES = 16 * wire.MAX_PACKET_BYTES


@dataclass
class Web:
    """What a web worker runs."""

    app: Flask
    gate: Gate
    outlet: Outlet
    stop: threading.Event


def routes(deployment: Deployment, outbox: Outbox | None = None) -> Flask:
    """Every page and every route of the API. What is around them, sockets and `Gate`, is not.

    `outbox` is what admins' commands leave by; one of their own if None.
    """
    app = Flask("igym.web", static_folder="static", static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = wire.MAX_PACKET_BYTES
    tracing.register(app)
    pages.register(app, deployment)
    well = Health(deployment.settings.redis_url, deployment.leaving)
    health.register(app, well)
    assets.register(app, deployment)
    admin.register(app, deployment, outbox)
    probing.register(app)
    api.register(app, deployment, outbox)
    bench.register(app, deployment)
    metrics.register(app, deployment)
    return app


def create(deployment: Deployment, name: str) -> Web:
    """The web worker `name`: routes, sockets, and a thread that reads its inbox."""
    settings = deployment.settings
    outbox = Outbox(deployment.redis, linger_s=INPUTS_LINGER_S)
    app = routes(deployment, outbox)
    gate = Gate(lambda environ, start: inside(environ, start), settings)
    socketio = SocketIO(
        app,
        async_mode="gevent",
        serializer=BoundedPacket,
        transports=["websocket"],
        cors_allowed_origins=gate.allowed,
        ping_interval=settings.ping_interval_s,
        ping_timeout=settings.ping_timeout_s,
        max_http_buffer_size=MOST_BYTES,
        async_handlers=False,  # messages of one participant stay in order
        manage_session=False,
        logger=False,
        engineio_logger=False,
    )
    inside = app.wsgi_app  # which is Socket.IO's by now
    app.wsgi_app = gate  # type: ignore[method-assign]
    outlet = Outlet(
        name,
        outbox,
        lambda link: sockets.refresh(link),
        lambda said: sockets.mailman.post(said),
        lambda link: sockets.announced(link),
    )
    outlet.bind(socketio.server)
    outlet.ages = deployment.meter.histogram("igym_frame_age_seconds")
    disk = Disk(deployment.redis, settings.ack_patience_s)
    meter = deployment.meter
    meter.watch("igym_sockets", lambda: len(outlet))
    meter.watch("igym_strangers", lambda: len(outlet.sockets()) - outlet.known)
    meter.watch("igym_watchers", lambda: len(outlet.watchers()))
    meter.watch("igym_frames_dropped_total", lambda: outlet.dropped)
    meter.watch("igym_answers_unsure_total", lambda: disk.unsure)
    sockets = Sockets(deployment, socketio.server, outlet, disk.wait)
    hearing = Hearing(deployment.redis, outlet)
    threading.Thread(target=hearing.run, name="hearing", daemon=True).start()
    threading.Thread(target=sockets.heart.run, name="heart", daemon=True).start()
    threading.Thread(target=sockets.mailman.run, name="mailman", daemon=True).start()
    threading.Thread(target=sockets.looking.run, name="looking", daemon=True).start()

    stop = threading.Event()
    threading.Thread(
        target=post.listen,
        # A subscription holds its connection: it gets a client of its own.
        args=(
            open_redis(settings.redis_url),
            name,
            inner.decode_to_web,
            outlet.handle,
            outlet.resumed,
            stop,
        ),
        name="inbox",
        daemon=True,
    ).start()
    return Web(app, gate, outlet, stop)
