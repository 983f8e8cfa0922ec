"""A deployment from outside, as a browser meets it: address, certificate, WebSocket, relay.

Knows no Redis. Nobody is signed in and no session is made.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from igym.domain.finding import Finding, fail, fine, skipped, warn

#: Patience with each step.
PATIENCE_S = 8.0

#: Days before its end that a certificate is spoken of.
SOON_DAYS = 14

#: A ping that comes so much later than it should was held back on the way.
HELD_S = 1.5

#: A socket that has not said whose it is may stay for 10 s (`igym.web.hearing`).
LONGEST_IDLE_S = 9.0

_UPGRADES = "The proxy must pass WebSocket upgrades of /socket.io/ (see deploy/nginx)."


def look(url: str, idle_s: float, relays: Sequence[str] = ()) -> list[Finding]:
    """Everything that can be seen from outside. Takes `idle_s` and a few seconds at the most."""
    url = url.rstrip("/")
    made = [*certificate(url), *page(url)]
    if made and made[-1].verdict != "fail":
        made += asyncio.run(line(url, min(idle_s, LONGEST_IDLE_S)))
    for one in relays:
        made.append(relay(one))
    return made


# --- the page ------------------------------------------------------------------------------------


def certificate(url: str) -> Iterator[Finding]:
    """Whether a browser believes it, and for how long."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return
    host, port = parts.hostname or "", parts.port or 443
    try:
        with (
            socket.create_connection((host, port), PATIENCE_S) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as line,
        ):
            ends = (line.getpeercert() or {}).get("notAfter", "")
    except ssl.SSLCertVerificationError as error:
        yield fail(
            "certificate",
            f"A browser refuses it: {error.verify_message or error.reason}.",
            "Renew it, for this very name and with its chain; then reload the proxy.",
        )
        return
    except (OSError, ssl.SSLError) as error:
        yield fail("certificate", f"No TLS at {host}:{port}: {error}.", "Look at the proxy.")
        return
    days = (ssl.cert_time_to_seconds(str(ends)) - time.time()) / 86_400
    if days < SOON_DAYS:
        yield warn("certificate", f"It ends in {days:.1f} days.", "Renew it now.")
    else:
        yield fine("certificate", f"Good for {days:.0f} days.")


def page(url: str) -> Iterator[Finding]:
    """Whether igym answers there."""
    try:
        # The certificate has been judged; here it must not hide what is behind it.
        lenient = ssl._create_unverified_context() if url.startswith("https") else None
        with urllib.request.urlopen(f"{url}/readyz", timeout=PATIENCE_S, context=lenient) as answer:
            said, headers = answer.read(1_000), answer.headers
    except urllib.error.HTTPError as error:
        if error.code == 503:
            yield fail("address", f"{url} is there and not ready.", "See the web workers' log.")
        else:
            yield fail(
                "address", f"{url} answers with {error.code}, which igym does not.",
                "Is the address right, and does the proxy pass all paths?",
            )  # fmt: skip
        return
    except (OSError, ValueError, urllib.error.URLError) as error:
        why = getattr(error, "reason", error)
        yield fail("address", f"{url} cannot be reached: {why}.", "Name, port, firewall, proxy?")
        return
    try:
        ready = json.loads(said) == {"ok": True}
    except ValueError:
        ready = False
    if not ready:
        yield fail("address", f"{url} is something else than igym.", "Is the address right?")
        return
    if date := headers.get("Date"):
        off_s = time.time() - parsedate_to_datetime(date).timestamp()
        if abs(off_s) > 5:
            yield warn(
                "clock of the server", f"{abs(off_s):.0f} s off ours.", "Run a time service there."
            )
    yield fine("address", f"{url} answers and is ready.")


# --- the socket ----------------------------------------------------------------------------------


async def line(url: str, idle_s: float) -> list[Finding]:
    """Whether a WebSocket can be opened, lives while nothing is said, and is answered."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    where = f"{'wss' if secure else 'ws'}://{parts.netloc}{parts.path}"
    try:
        async with connect(
            f"{where}/socket.io/?EIO=4&transport=websocket",
            open_timeout=PATIENCE_S,
            ping_interval=None,
            proxy=None,
            ssl=ssl._create_unverified_context() if secure else None,
        ) as opened:
            first = await asyncio.wait_for(opened.recv(), PATIENCE_S)
            if not (isinstance(first, str) and first.startswith("0{")):
                return [fail("websocket", "It opens, and not as igym's does.", _UPGRADES)]
            every_s = json.loads(first[1:])["pingInterval"] / 1000
            made = [fine("websocket", "It opens.")]
            made += await _quiet(opened, idle_s, every_s)
            return made
    except InvalidStatus as error:
        code = error.response.status_code
        return [fail("websocket", f"It is refused with {code}.", _UPGRADES)]
    except (WebSocketException, OSError, TimeoutError, ValueError, KeyError) as error:
        return [fail("websocket", f"It does not open: {type(error).__name__} {error}.", _UPGRADES)]


async def _quiet(opened: ClientConnection, idle_s: float, every_s: float) -> list[Finding]:
    """Say nothing but what answers a ping, then ask once."""
    began = beaten = time.monotonic()
    worst_s = 0.0
    try:
        while (left := began + idle_s - time.monotonic()) > 0:
            try:
                said = await asyncio.wait_for(opened.recv(), left)
            except TimeoutError:
                break
            if said == "2":
                now = time.monotonic()
                worst_s, beaten = max(worst_s, now - beaten - every_s), now
                await opened.send("3")
        lived = fine("websocket stays", f"For {idle_s:.0f} s with nothing but pings.")
        if time.monotonic() - beaten > every_s + HELD_S or worst_s > HELD_S:
            lived = fail(
                "websocket stays",
                "Pings of the server come late or not at all: something holds them back.",
                "Turn off buffering for /socket.io/ (`proxy_buffering off`).",
            )
        asked = time.monotonic()
        await opened.send("5")
        while await asyncio.wait_for(opened.recv(), PATIENCE_S) != "6":
            pass
        trip_ms = (time.monotonic() - asked) * 1000
    except (ConnectionClosed, TimeoutError):
        lasted = time.monotonic() - began
        return [
            fail(
                "websocket stays",
                f"It was cut after {lasted:.1f} s.",
                f"Time-outs of the proxy must be longer than {every_s:g} s: 75 s or more "
                "(`proxy_read_timeout`).",
            )
        ]
    return [lived, fine("websocket answers", f"In {trip_ms:.0f} ms.")]


# --- the relay -----------------------------------------------------------------------------------

_MAGIC = 0x2112A442


def relay(url: str) -> Finding:
    """Whether a TURN server answers at all: a STUN binding request, which needs no password."""
    scheme, _, rest = url.partition(":")
    place, _, query = rest.partition("?")
    host, _, number = place.rpartition(":")
    if not number.isdigit():
        host, number = place, ""
    secure = scheme == "turns"
    port = int(number or (5349 if secure else 3478))
    stream = secure or query == "transport=tcp"
    asked = struct.pack("!HHI", 1, 0, _MAGIC) + os.urandom(12)
    try:
        if stream:
            with socket.create_connection((host, port), PATIENCE_S / 2) as plain:
                made = (
                    ssl.create_default_context().wrap_socket(plain, server_hostname=host)
                    if secure
                    else plain
                )
                made.sendall(asked)
                answer = made.recv(2_000)
        else:
            answer = _by_udp(host, port, asked)
    except (OSError, ssl.SSLError) as error:
        return fail(
            "relay", f"{url} does not answer: {error}.", "Start coturn; open its ports (UDP too)."
        )
    if len(answer) < 20 or answer[4:20] != asked[4:]:
        return fail("relay", f"{url} answers, and not as a relay does.", "Is the port right?")
    return fine("relay", f"{url} answers.")


def _by_udp(host: str, port: int, asked: bytes) -> bytes:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(found[0], socket.SOCK_DGRAM) as line:
        line.settimeout(1.0)
        line.connect(found[4])
        for last in (False, False, True):
            line.send(asked)
            try:
                return line.recv(2_000)
            except TimeoutError:
                if last:
                    raise
    return b""


def unlooked() -> Finding:
    """There was no address to look at."""
    return skipped("address", "None was given.", "Name it: igym doctor https://lab.example.org")
