"""Credentials for the deployment's relay (TURN), made for one session and good for an hour.

The relay knows the same secret and nothing else: the name says until when it is good, and the
password is its signature ("A REST API for access to TURN services", draft-uberti-behave-turn-rest).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from igym.services.connect import Deployment, now_ms

#: A connection that is there outlives its credentials; only a new one asks again.
LIFE_S = 3600


@dataclass(frozen=True, slots=True)
class Relay:
    """What a browser gives to RTCPeerConnection as one of its iceServers."""

    urls: tuple[str, ...]
    username: str
    credential: str


def password(secret: str, username: str) -> str:
    """The one that the relay computes for that name."""
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def relay(deployment: Deployment, session: str) -> Relay | None:
    """A relay for that session from now on; None where the deployment has none."""
    settings = deployment.settings
    if not settings.turn_urls:
        return None
    username = f"{int(now_ms() / 1000) + LIFE_S}:{session}"
    return Relay(settings.turn_urls, username, password(settings.turn_secret, username))
