"""How many may come from one address, and who is not counted."""

from __future__ import annotations

import ipaddress

from igym.errors import TooMuch
from igym.services.connect import Deployment
from igym.store import rates


def arrives(deployment: Deployment, address: str) -> None:
    """Count somebody who opens a study.

    Raises:
        TooMuch: more came from there in this minute than `arrivals_per_minute`.
    """
    if is_this_machine(address):
        return
    most = deployment.settings.arrivals_per_minute
    came, left_s = rates.count(deployment.redis, "arrivals", address, deployment.secret)
    if came > most:
        raise TooMuch(
            "Too many people open this study from your network at this moment.",
            hint="Please load the page again in a minute.",
            wait_s=left_s,
        )


def is_this_machine(address: str) -> bool:
    """Whether it is a loopback address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
