"""A number for each HTTP request: in its answer, and in every line that is logged meanwhile.

A proxy's own number is kept, so that its access log and ours speak of the same request.
"""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, g, request

from igym import log

HEADER = "X-Request-Id"

_GIVEN = re.compile(r"[A-Za-z0-9_.-]{8,64}")


def register(app: Flask) -> None:
    """Number the requests of `app`."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        log.about(request=g.request_id)

    @app.after_request
    def answer(response: Response) -> Response:
        response.headers[HEADER] = g.get("request_id", "")
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        log.about(request="")  # a connection may bring another request
