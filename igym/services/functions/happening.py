"""Telling callbacks what happened to people: in order, once, in a process that can be killed.

The archiver reads it off the rows it has just written (`note`); whoever holds the director's lease
has the callbacks told (`tell_all`), one batch after the other. What they record becomes rows in
the step that forgets the batch, so it is written once, whoever dies on the way.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import replace

from igym.domain import happenings as domain
from igym.domain.happenings import Happening
from igym.errors import IgymError, TooMuch
from igym.services import problems
from igym.services.connect import Deployment, now_ms
from igym.services.functions import asking
from igym.services.functions.asking import Answer
from igym.store import Redis, happenings, packages
from igym.store.happenings import Telling
from igym.store.records import Row, event_row

_log = logging.getLogger(__name__)

#: What is told at a time, and how long that may take.
MOST, LIMIT_S = 100, 10.0

#: A question that nobody answered is asked so often; then the batch is given up.
MOST_ASKED = 3

#: The most characters of a recorded value, as JSON.
MOST_CHARS = 10_000


def note(redis: Redis, experiment: str, release: str, rows: Iterable[Row]) -> None:
    """Take what happened from rows that are about to be forgotten. May be done again."""
    if not happenings.package(redis, experiment, release):
        return
    found: list[Happening] = []
    for one in domain.derive(rows):
        if one.hook in ("on_waitroom_join", "on_waitroom_end"):
            joins = one.hook == "on_waitroom_join"
            alone = happenings.wait(redis, experiment, release, one.scene, one.session, joins)
            if joins and alone:
                found.append(replace(one, hook="on_waitroom_start"))
        found.append(one)
    happenings.add(redis, experiment, release, found)


def tell_all(deployment: Deployment) -> int:
    """Have callbacks told of what waits. Returns how many things they were told of."""
    made = 0
    for experiment in packages.known(deployment.redis):
        for release, package in happenings.hooked(deployment.redis, experiment).items():
            try:
                made += _round(deployment, experiment, release, package)
            except IgymError as error:
                _log.error("callbacks of %s %s: %s", experiment, release, error)
    return made


def _round(deployment: Deployment, experiment: str, release: str, package: str) -> int:
    redis = deployment.redis
    before = happenings.telling(redis, experiment, release)
    answer = asking.answer(deployment, experiment, before.question) if before else None
    if before and answer is None:
        return 0
    if before and answer is not None and not (answer.lost and before.asked < MOST_ASKED):
        said = happenings.upto(redis, experiment, release, before.up_to)
        rows = _settle(deployment, experiment, release, said, answer)
        happenings.told(redis, experiment, release, before.up_to, rows)
        return len(said)
    up_to, said = happenings.first(redis, experiment, release, MOST)
    if before:
        up_to, said = before.up_to, happenings.upto(redis, experiment, release, before.up_to)
    wanted = deployment.plans.get(experiment, package).hooks
    if not any(one["hook"] in wanted for one in said):
        if said:
            happenings.told(redis, experiment, release, up_to, [])
        return 0
    try:
        question = asking.ask(deployment, experiment, package, "happenings", [said], LIMIT_S)
    except TooMuch as error:
        rows = _settle(deployment, experiment, release, said, Answer(error=str(error)))
        happenings.told(redis, experiment, release, up_to, rows)
        return len(said)
    asked = Telling(question, up_to, before.asked + 1 if before else 1)
    happenings.ask(redis, experiment, release, asked)
    return 0


def _settle(
    deployment: Deployment,
    experiment: str,
    release: str,
    said: list[dict[str, object]],
    answer: Answer,
) -> list[Row]:
    """The rows of what callbacks recorded; their failures are told."""
    answered = answer.value if isinstance(answer.value, dict) else {}
    failed = [(n, why, trace) for n, why, trace in answered.get("errors", ())]
    if answer.error:
        failed.append((0, f"{len(said)} things were not told to callbacks: {answer.error}", ""))
    for number, why, trace in failed:
        about = said[number] if number < len(said) else {}
        where = f"scene {about.get('scene')}, participant {about.get('session')}"
        problems.report(
            deployment, experiment, release, "callback_failed", why, where=where, trace=trace
        )
    rows = []
    for count, (number, name, value) in enumerate(answered.get("records", ())):
        about = said[number]
        detail = json.dumps({"name": name, "hook": about["hook"], "value": value})
        if len(detail) > MOST_CHARS:
            continue
        table, row = event_row(
            now_ms(), "recorded", session=str(about["session"]), game=str(about["game"]),
            detail=detail,
        )  # fmt: skip
        # The same whoever writes it, and however often.
        rows.append((table, row | {"event_id": f"{about['place']}.{count}"}))
    return rows
