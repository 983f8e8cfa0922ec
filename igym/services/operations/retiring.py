"""What is no longer needed goes, after as many days as the operator says.

Data on the volume are never touched here: they are the study, and leave it by `igym participant
delete`. Twice is as once.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from igym.services.connect import Deployment, now_ms
from igym.services.data import exporting, filming
from igym.store import packages, retired

#: Sessions of one experiment in one round, so that a round stays short.
MOST = 500

_DAY_S = 86_400


def retire(deployment: Deployment) -> int:
    """Forget sessions that ended long ago, exports and log files that are as old, and films.

    Returns:
        How many of all of them.
    """
    days = deployment.settings.retention_days
    before_ms = now_ms() - days * _DAY_S * 1000
    gone = sum(
        retired.forget(deployment.redis, experiment, before_ms, MOST)
        for experiment in packages.known(deployment.redis)
    )
    gone += exporting.sweep(deployment, days * _DAY_S)
    gone += filming.sweep(deployment)
    return gone + _logs(deployment.settings.log_file, time.time() - days * _DAY_S)


def _logs(file: str, oldest_s: float) -> int:
    """Delete older log files; the one that is written to stays."""
    if not file:
        return 0
    gone, path = 0, Path(file)
    for old in path.parent.glob(f"{path.name}.*"):
        with contextlib.suppress(OSError):
            if old.suffix[1:].isdigit() and old.stat().st_mtime < oldest_s:
                old.unlink()
                gone += 1
    return gone
