"""Who did what, and when: written by whatever does it, once it is done."""

from __future__ import annotations

from itertools import islice
from typing import Any

from igym.domain.access import Access
from igym.domain.deeds import Deed, Did
from igym.services.connect import Deployment, now_ms
from igym.store import audit

#: Somebody at a terminal of the server's own machine.
LOCAL = "local"


def note(
    deployment: Deployment,
    by: Access | str,
    did: Did,
    *,
    experiment: str = "",
    what: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write it down. What changed nothing is no deed: `before` and `after` that are equal.

    Args:
        by: whose token it was; or a name, of somebody who needed none.
    """
    if before is not None and before == after:
        return
    token = by.id if isinstance(by, Access) else ""
    audit.add(
        deployment.redis,
        Deed(did, name(by), token, now_ms(), experiment, what, before or {}, after or {}),
    )


def name(by: Access | str) -> str:
    """Whose name stands beside it."""
    return by.name if isinstance(by, Access) else by


def read(
    deployment: Deployment, *, experiment: str = "", before: str = "", most: int = 200
) -> list[Deed]:
    """Lines of the log, the latest first: about one experiment or all, before that id or any."""
    found = audit.lines(deployment.redis, before)
    return list(islice((d for d in found if experiment in ("", d.experiment)), most))
