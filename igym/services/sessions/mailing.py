"""Reliable messages: kept until the browser has them, and pushed to wherever it is."""

from __future__ import annotations

from igym import wire
from igym.services.connect import Deployment
from igym.store import mail
from igym.store.post import Outbox
from igym.wire import inner


def send(
    deployment: Deployment,
    outbox: Outbox,
    experiment: str,
    session: str,
    message: wire.Message,
    *,
    once: str = "",
) -> int:
    """Send `message` (one with a `seq`, which is given here) to the session's browser.

    It comes exactly once and in order, or a snapshot comes that makes it superfluous: at
    once where the browser is connected, else with its next connection to any web worker.

    Args:
        once: a name for the message, where the caller may have to send it again.

    Returns:
        Its number.

    Raises:
        RedisError: whether it was kept is not known; send it again, with the same `once`.
    """
    seq, packet, where = mail.add(deployment.redis, experiment, session, message, once)
    if where is not None:
        outbox.put(where[0], inner.Post(experiment, session, seq, packet))
    return seq
