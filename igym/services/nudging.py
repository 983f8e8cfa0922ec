"""Telling web workers that a session's screen may have changed, for them to look again."""

from __future__ import annotations

from igym.services.connect import Deployment
from igym.store import sockets
from igym.store.post import Outbox
from igym.wire import inner


def nudge(outbox: Outbox, deployment: Deployment, experiment: str, *session_ids: str) -> None:
    """Tell whichever web workers have these sessions' sockets to look again."""
    for session, (web, _) in sockets.where(deployment.redis, experiment, session_ids).items():
        outbox.put(web, inner.Nudge(experiment, session))
