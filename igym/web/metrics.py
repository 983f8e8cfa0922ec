"""`/metrics`: the figures of the deployment as Prometheus reads them. Not for everybody."""

from __future__ import annotations

import hmac
from ipaddress import ip_address, ip_network

from flask import Blueprint, Flask, Response, request

from igym.domain.metrics import exposed
from igym.errors import BadToken, NotFound
from igym.services.connect import Deployment
from igym.services.operations.measuring import Measure

#: What a proxy adds: then the address we see is the proxy's, and says nothing.
_PASSED_ON = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")


def register(app: Flask, deployment: Deployment) -> None:
    """Add the route to `app`, and count its requests."""
    pages = Blueprint("metrics", __name__)
    measure = Measure(deployment)
    token = deployment.settings.metrics_token
    networks = tuple(ip_network(one, strict=False) for one in deployment.settings.metrics_from)

    def from_there() -> bool:
        if any(name in request.headers for name in _PASSED_ON):
            return False
        try:
            address = ip_address(request.remote_addr or "")
        except ValueError:
            return False
        return any(address in network for network in networks)

    def with_token() -> bool:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        return (
            bool(token)
            and kind == "Bearer"
            and hmac.compare_digest(given.strip().encode(), token.encode())
        )

    @pages.get("/metrics")
    def metrics() -> Response:
        """The figures, for whoever comes from an allowed address or has the token."""
        if not token and not networks:
            raise NotFound("There is nothing here.")
        if not from_there() and not with_token():
            raise BadToken("There is nothing here for you.")
        text = exposed(measure.samples())
        answer = Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @app.after_request
    def count(response: Response) -> Response:
        deployment.meter.count("igym_http_requests_total", f"{response.status_code // 100}xx")
        return response

    app.register_blueprint(pages)
