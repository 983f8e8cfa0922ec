"""What every request passes first: where its browser is, which page it is from, how many came from
there, and what every answer tells the browser to forbid. Knows no route but for what costs little.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import math
import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

from igym.errors import TooMuch
from igym.services.sessions.limits import is_this_machine
from igym.settings import Settings
from igym.web.pace import Pace

_log = logging.getLogger(__name__)

Environ = dict[str, Any]

#: What no page of igym's asks a browser for, nor any page of a package.
_NEVER = (
    "accelerometer browsing-topics camera display-capture geolocation gyroscope hid "
    "magnetometer microphone midi payment publickey-credentials-get serial usb xr-spatial-tracking"
)

_PERMISSIONS = ", ".join(f"{one}=()" for one in _NEVER.split())

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")

_SOCKETS = "/socket.io/"

#: Not counted by `requests_per_second`: files that browsers keep, of which a page has dozens, and
#: what balancers and monitors ask.
UNCOUNTED = ("/static/", "/assets/", "/healthz", "/readyz")

#: A line in the log for refused requests, so often at most.
_TOLD_EVERY_S = 60.0


def policy(host: str, *, framed: bool) -> str:
    """The Content-Security-Policy of pages on `host`: everything from here, no text that runs.

    Args:
        framed: pages of ours may show this one in a frame, as the bench does.
    """
    frames = "'self'" if framed else "'none'"
    # Browsers of before 2023 do not take a socket to the same place for 'self'.
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        # The survey library writes style attributes; no sheet and no script comes in that way.
        "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data: blob:; "
        f"connect-src 'self'{sockets}; object-src 'none'; base-uri 'none'; form-action 'self'; "
        f"frame-ancestors {frames}"
    )


def harden(headers: Headers, environ: Environ, settings: Settings) -> None:
    """Add to an answer what it does not say itself."""
    # The bench shows participants' windows side by side (`igym.web.bench`).
    framed = settings.environment == "development"
    csp = policy(environ.get("HTTP_HOST", ""), framed=framed)
    for name, value in (
        ("Content-Security-Policy", csp),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "SAMEORIGIN" if framed else "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", _PERMISSIONS),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ):
        headers.setdefault(name, value)


class Gate:
    """Stands around the whole application, Socket.IO included."""

    def __init__(self, inside: Callable[..., Iterable[bytes]], settings: Settings) -> None:
        self._inside = inside
        self._settings = settings
        self._trusted = tuple(
            ipaddress.ip_network(one, strict=False) for one in settings.trusted_proxies
        )
        public = urlsplit(settings.public_url).netloc.lower()
        self._known = {one.rstrip("/").lower() for one in settings.allowed_origins}
        self._hosts = {public} - {""}
        self._pace = Pace(settings.requests_per_second)
        self._told_s = -math.inf

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI."""
        environ["REMOTE_ADDR"] = self.address(environ)

        def start(status: str, headers: Sequence[tuple[str, str]], *more: Any) -> Any:
            made = Headers(list(headers))
            harden(made, environ, self._settings)
            return start_response(status, made.to_wsgi_list(), *more)

        if wait_s := self.wait_s(environ, environ["REMOTE_ADDR"]):
            return self._refuse(environ, start, wait_s)
        if self.foreign(environ):
            start("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"A page of another site may not open a socket here (allowed_origins).\n"]
        return self._inside(environ, start)

    def wait_s(self, environ: Environ, address: str, *, count: bool = True) -> float:
        """How long that address should wait with this request; 0.0 = not at all."""
        if environ.get("PATH_INFO", "").startswith(UNCOUNTED) or is_this_machine(address):
            return 0.0
        return self._pace.wait_s(address, count=count)

    def _refuse(
        self, environ: Environ, start: Callable[..., Any], wait_s: float
    ) -> Iterable[bytes]:
        """Say so for as little as it can be said."""
        if (now_s := time.monotonic()) > self._told_s + _TOLD_EVERY_S:
            self._told_s = now_s
            _log.warning(
                "An address asks for more than requests_per_second, and is refused. If that is "
                "everybody, they come through a proxy that trusted_proxies does not name."
            )
        text = "Too many requests come from your network at this moment."
        hint = f"Please try again in {math.ceil(wait_s)} s."
        kind, said = "text/plain", f"{text} {hint}\n"
        if environ.get("PATH_INFO", "").startswith("/api/"):
            kind = "application/json"
            said = json.dumps({"code": TooMuch.code, "text": text, "hint": hint})
        start(
            "429 Too Many Requests",
            [
                ("Content-Type", f"{kind}; charset=utf-8"),
                ("Retry-After", str(math.ceil(wait_s))),
                ("Cache-Control", "no-store"),
            ],
        )
        return [said.encode()]

    def refuses(self, environ: Environ) -> bool:
        """Whether this socket is to be answered in HTTP instead of opened."""
        if self.foreign(environ):
            return True
        if "HTTP_UPGRADE" not in environ:
            return False
        return self.wait_s(environ, self.address(environ), count=False) > 0

    def foreign(self, environ: Environ) -> bool:
        """Whether a page of a site that we do not know wants a socket.

        What has no Origin is no page in a browser, and could say any.
        """
        origin = environ.get("HTTP_ORIGIN")
        if origin is None or not environ.get("PATH_INFO", "").startswith(_SOCKETS):
            return False
        return not self.allowed(origin, environ)

    def allowed(self, origin: str, environ: Environ) -> bool:
        """Whether pages of that origin may open a socket."""
        said = origin.lower()
        if said in self._known or "*" in self._known:
            return True
        try:
            parts = urlsplit(said)
        except ValueError:
            return False
        here = {environ.get("HTTP_HOST", "").lower(), *self._hosts} - {""}
        return parts.scheme in ("http", "https") and parts.netloc in here

    def address(self, environ: Environ) -> str:
        """Where the browser is, as far as proxies that we trust have seen it."""
        here = str(environ.get("REMOTE_ADDR") or "")
        hops = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        for hop in reversed(hops[-20:]):
            if not self._is_proxy(here) or not _is_address(hop.strip()):
                break
            here = hop.strip()
        return here

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
