"""Two words for whoever watches this process: it is alive, and it may be sent people.

`/healthz` asks nobody: a process that answers need not be started again, whatever is wrong with
Redis. `/readyz` is for load balancers. Neither says why not; the log does.
"""

from __future__ import annotations

import logging
import threading

from flask import Blueprint, Flask, Response, jsonify

from igym.store import RedisError, layout
from igym.store.client import open_redis

_log = logging.getLogger(__name__)

#: A Redis that takes longer to answer is not one to send people to.
ANSWER_S = 1.0


class Health:
    """Whether this web worker should get new connections."""

    def __init__(self, redis_url: str, leaving: threading.Event) -> None:
        """`leaving` is set once the process is to go; its sockets live on for a while."""
        self._redis = open_redis(redis_url, answer_s=ANSWER_S)
        self._leaving = leaving
        self._said = ""

    def ready(self) -> bool:
        """Whether Redis answers with facts this igym can read, and the process is to stay."""
        why = self._why_not()
        if why != self._said:
            self._said = why
            _log.log(logging.WARNING if why else logging.INFO, "ready: %s", why or "yes")
        return not why

    def _why_not(self) -> str:
        if self._leaving.is_set():
            return "no, it is leaving"
        try:
            found = layout.found(self._redis)
        except RedisError as error:
            return f"no, Redis does not answer: {type(error).__name__}"
        if found != layout.LAYOUT:
            return f"no, Redis holds layout {found} and not {layout.LAYOUT}"
        return ""


def register(app: Flask, health: Health) -> None:
    """Add the routes to `app`."""
    pages = Blueprint("health", __name__)

    @pages.get("/healthz")
    def healthz() -> Response:
        """200 while this process serves requests."""
        return _said(ok=True)

    @pages.get("/readyz")
    def readyz() -> Response:
        """200 while people may be sent here, else 503."""
        return _said(ok=health.ready())

    app.register_blueprint(pages)


def _said(*, ok: bool) -> Response:
    response = jsonify(ok=ok)
    response.status_code = 200 if ok else 503
    response.headers["Cache-Control"] = "no-store"
    return response
