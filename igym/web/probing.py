"""Bytes to download, so that a browser can say how fast its connection is."""

from __future__ import annotations

import os
import time

from flask import Blueprint, Flask, Response, request

from igym import wire
from igym.errors import BadMessage, TooMuch

#: What one web worker gives away a second, and at most at once. Beyond, browsers try again.
BYTES_PER_S, BURST_BYTES = 10_000_000, 40_000_000


class Allowance:
    """A bucket of bytes that fills by itself."""

    def __init__(self, per_s: float, most: float) -> None:
        self._per_s, self._most = per_s, most
        self._left, self._at_s = most, time.monotonic()

    def take(self, count: float) -> bool:
        """Whether so many may go now."""
        now_s = time.monotonic()
        self._left = min(self._most, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if count > self._left:
            return False
        self._left -= count
        return True


def register(app: Flask) -> None:
    """Add the route to `app`."""
    probing = Blueprint("probing", __name__)
    allowance = Allowance(BYTES_PER_S, BURST_BYTES)

    @probing.get("/api/probe")
    def probe() -> Response:
        """`bytes` bytes that no proxy can make smaller or keep."""
        text = request.args.get("bytes", "")
        count = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
        if not 1 <= count <= wire.MAX_PROBE_BYTES:
            raise BadMessage(f"bytes must be a number from 1 to {wire.MAX_PROBE_BYTES}.")
        if not allowance.take(count):
            raise TooMuch("Too many measure at this moment.", hint="Try again in a second.")
        return Response(
            os.urandom(count),
            mimetype="application/octet-stream",
            headers={"Cache-Control": "no-store, no-transform"},
        )

    app.register_blueprint(probing)
