"""Asking an author's function, from a loop that does not wait for the answer.

Authors' functions (screening, matching) run neither in web workers nor in the director but in
processes of the checks worker (`igym.services.functions.answering`). Whoever asks gets an id, and
looks for the answer at every round.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from igym.errors import TooMuch
from igym.services.connect import Deployment, now_ms
from igym.store import jobs, questions

#: The longest limit that can be asked for.
LONGEST_S = 60.0

#: How long waiting for the checks worker and loading a package may take beside the call itself.
#: After that the question is lost, with a worker that was killed perhaps, and may be asked again.
START_S = 12.0

#: The most characters of arguments, as JSON.
MOST_ARGUMENTS = 1_000_000


@dataclass(frozen=True)
class Answer:
    """What the function returned, or why it did not: `error` is for researchers, not shown."""

    value: Any = None
    error: str = ""
    lost: bool = False  # nobody answered: that says nothing about the function


def ask(
    deployment: Deployment,
    experiment: str,
    package: str,
    what: str,
    arguments: list[Any],
    limit_s: float,
) -> str:
    """Have a function of the package called. Returns the question's id, for `answer`.

    Args:
        what: as `igym.services.functions.callee.function` takes it.
        arguments: the function's, as JSON can hold them.
        limit_s: how long the call may take; loading the package is not counted.

    Raises:
        TooMuch: the arguments are too large.
    """
    packed = json.dumps(arguments)
    if len(packed) > MOST_ARGUMENTS:
        raise TooMuch(f"{what} would be given {len(packed)} characters of arguments.")
    limit_s = min(limit_s, LONGEST_S)
    until_ms = int(now_ms() + (limit_s + START_S) * 1000)
    question = f"{until_ms}-{secrets.token_hex(8)}"
    jobs.ask(deployment.redis, experiment, question, package, what, packed, limit_s)
    return question


def answer(deployment: Deployment, experiment: str, question: str) -> Answer | None:
    """The answer, or None while there is none. After its time an error, never None for ever."""
    found = questions.answered(deployment.redis, experiment, question)
    if found is not None:
        said = json.loads(found)
        return Answer(said.get("value"), said.get("error", ""))
    if now_ms() > float(question.partition("-")[0]):
        return Answer(error="no checks worker answered in time", lost=True)
    return None


def waits(deployment: Deployment) -> bool:
    """Whether questions wait for a checks worker."""
    return jobs.asked(deployment.redis) > 0
