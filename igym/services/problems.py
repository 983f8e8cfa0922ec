"""What researchers and admins should see: in the log, the data and on the admin page."""

from __future__ import annotations

import logging

from igym.services.connect import Deployment, now_ms
from igym.store import records

_log = logging.getLogger(__name__)

#: How bad it is, by kind, where it is not simply an error: people went on as declared, or nobody's
#: data are written.
SEVERITIES = {"match_refused": "warning", "volume_unwritable": "critical"}


def report(
    deployment: Deployment,
    experiment: str,
    release: str,
    kind: str,
    message: str,
    *,
    where: str,
    trace: str = "",
    game: str = "",
) -> None:
    """Tell of something that failed. Never shown to participants.

    Args:
        release: the experiment's version, for an event of that `kind` in its data; "" = none.
        where: scene, episode and tick, or whatever helps to find it.
    """
    about = {"experiment": experiment, "game": game} if game else {"experiment": experiment}
    _log.error("%s of %s: %s (%s)\n%s", kind, experiment, message, where, trace, extra=about)
    at_ms = now_ms()
    records.problem(
        deployment.redis,
        {
            "at_ms": at_ms,
            "kind": kind,
            "severity": SEVERITIES.get(kind, "error"),
            "experiment": experiment,
            "game": game,
            "message": message,
            "where": where,
            "trace": trace,
        },
    )
    if release:
        detail = f"{message} ({where})\n{trace}"
        row = records.event_row(at_ms, kind, game=game, detail=detail)
        records.add(deployment.redis, experiment, release, [row])
