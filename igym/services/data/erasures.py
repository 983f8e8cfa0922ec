"""Erasures asked for on the dashboard: ordered by a web worker, done by the director's helper
(`igym.services.data.erasing.perform`).

Who it is stands in Redis until the work begins, and nowhere afterwards: neither in a job, nor in
the log of what was done.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from igym.domain.access import Access
from igym.errors import BadMessage, TooMuch
from igym.services import auditing
from igym.services.connect import Deployment, now_ms
from igym.services.sessions import identity
from igym.store import errands
from igym.store.errands import Errand

#: Erasures that may wait.
MOST = 20

#: A helper that has begun and has not ended after so long died with it.
LONGEST_S = 600.0

HOW = ("erase", "anonymise")


def order(deployment: Deployment, experiment: str, who: str, how: str, by: Access) -> Errand:
    """Ask for somebody to be erased or made anonymous: a participant, session or recruiter's id.

    Raises:
        BadMessage: that is no id, or there is no such way.
        TooMuch: too many wait.
    """
    if how not in HOW:
        raise BadMessage(f"Say how: {' or '.join(HOW)}.")
    if not 1 <= len(who) <= 128 or not who.isprintable():
        raise BadMessage("Name a participant, a session or a recruiter's id.")
    if len(errands.going(deployment.redis, "erase")) >= MOST:
        raise TooMuch("Others are being erased.", hint="Try again in a minute.")
    about = {"how": how, "ids": identity.known_as(deployment, who)}
    made = Errand("erase", experiment, secrets.token_hex(8), auditing.name(by), now_ms(), about)
    errands.put(deployment.redis, made)
    return made


def look(deployment: Deployment) -> bool:
    """Whether somebody waits to be erased. What never came to an end is given up. By a director."""
    waits = False
    for one in errands.going(deployment.redis, "erase"):
        if one.state == "waiting":
            waits = True
        elif now_ms() > one.due_ms:
            lost = "It was begun and never came to an end."
            end(deployment, one, text=lost, hint="Ask for it again: what is gone stays gone.")
    return waits


def end(
    deployment: Deployment,
    errand: Errand,
    *,
    said: dict[str, Any] | None = None,
    text: str = "",
    hint: str = "",
) -> None:
    """It came to an end: with what was done, or why not."""
    state: Any = "failed" if text else "done"
    made = replace(errand, state=state, share=1.0, said=said or {}, text=text, hint=hint)
    errands.put(deployment.redis, replace(made, about={"how": errand.about.get("how", "")}))
