"""Sessions that wait for an author's function: it is asked in rounds until there is an answer.

Screening, bonuses and branches wait like this. Whoever holds the director's lease makes the
rounds; two of them at once do no harm. A function that raises, hangs or is never called gives an
`Answer` with an error: everybody goes on, by what was declared for that.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from igym.errors import Conflict, IgymError, TooMuch
from igym.services.connect import Deployment
from igym.services.functions import asking
from igym.services.functions.asking import Answer
from igym.store import packages
from igym.store.asked import Desk, Kept

_log = logging.getLogger(__name__)

#: A question that nobody answered is asked so often.
MOST_ASKED = 3


def attend(
    deployment: Deployment, desk: Desk[Kept], what: str, act: Callable[[str, str, Kept], int]
) -> int:
    """A round over everybody who waits at the desk. Returns how many do no longer.

    Args:
        what: it is about, for the log.
        act: given experiment, session and what is kept of it; says whether it is over.
    """
    made = 0
    for experiment in packages.known(deployment.redis):
        for session, kept in desk.waiting(deployment.redis, experiment).items():
            try:
                made += act(experiment, session, kept)
            except Conflict:
                continue  # the next round sees where they are
            except IgymError as error:
                _log.error("%s of %s in %s: %s", what, session, experiment, error)
                desk.drop(deployment.redis, experiment, session)
    return made


def answer(
    deployment: Deployment,
    desk: Desk[Kept],
    experiment: str,
    session: str,
    kept: Kept,
    *,
    package: str,
    what: str,
    given: Callable[[], Any],
    limit_s: float,
) -> Answer | None:
    """What the function says about the session; None while that is not known. Asks if need be.

    Args:
        what: which function, as `igym.services.functions.callee.function` takes it.
        given: makes its argument, once for each time it is asked.
    """
    said = asking.answer(deployment, experiment, kept.question) if kept.question else None
    if kept.question and said is None:
        return None
    if said is not None and not (said.lost and kept.asked < MOST_ASKED):
        return said
    argument = given()
    try:
        question = asking.ask(deployment, experiment, package, what, [argument], limit_s)
    except TooMuch as error:
        return Answer(error=str(error))
    desk.ask(deployment.redis, experiment, session, kept, question, json.dumps(argument))
    return None
