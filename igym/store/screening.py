"""Sessions that wait for an author's function to say whether they are let in."""

from __future__ import annotations

from igym.domain.screening import Facts
from igym.store import keys
from igym.store.asked import Asked, Desk


class Waiting(Asked, frozen=True, kw_only=True):
    """Somebody who fits as far as we can see."""

    facts: Facts
    browser_rtt_ms: float | None
    server_rtt_ms: float | None


desk = Desk(keys.screening, keys.screening.ttl_s, Waiting)
