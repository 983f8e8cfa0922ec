"""Answers to surveys and quizzes: whether they may be taken, are right, and the rows they make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from igym.domain import answers as rules
from igym.domain.plan import QuizPlan, ScenePlan
from igym.errors import BadMessage
from igym.store.records import Row
from igym.store.sessions import Session


def kept(scene: ScenePlan, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to `scene` that count: those to questions that were shown.

    Raises:
        BadMessage: one is missing, is unknown or too long, or is none that its question has.
    """
    asked = scene.asked
    known = set(asked.items) if asked else set()
    strange = next((item for item in answers if item not in known), None)
    if strange is not None:
        raise BadMessage(
            f"This page has no question named {strange!r}.", hint="Reload the page and try again."
        )
    chars = 0
    for value in answers.values():
        chars += (length := len(json.dumps(value, ensure_ascii=False)))
        if length > rules.MOST_CHARS:
            raise BadMessage("One of your answers is too long.", hint="Please shorten it.")
    if chars > rules.MOST_CHARS_IN_ALL:
        raise BadMessage("Your answers are too long.", hint="Please shorten them.")
    return rules.check(asked.rules, answers) if asked else {}


@dataclass(frozen=True)
class Verdict:
    """How an attempt at a quiz was."""

    attempt: int  # from 1
    right: Mapping[str, bool]  # item -> whether its answer is right, where there is a right one
    last: bool  # whether no attempt is left

    @property
    def passed(self) -> bool:
        """Whether all answers are right."""
        return all(self.right.values())

    @property
    def wrong(self) -> list[str]:
        """Items whose answer is not right."""
        return [item for item, right in self.right.items() if not right]


def judge(session: Session, quiz: QuizPlan, answers: Mapping[str, Any]) -> Verdict:
    """How the attempt with these answers is. A question that is not shown cannot be wrong."""
    shown = rules.shown(quiz.asked.rules, answers)
    hidden = {rule.item for rule in quiz.asked.rules} - set(shown)
    right = {
        item: rules.right(shown.get(item, rules.Rule(item, "one")), accepted, answers.get(item))
        for item, accepted in quiz.correct.items()
        if item not in hidden
    }
    attempt = session.attempt + 1
    return Verdict(attempt, right, attempt >= quiz.attempts)


def rows(
    session: Session,
    scene: ScenePlan,
    answers: Mapping[str, Any],
    at_ms: float,
    times: Mapping[str, tuple[float, float, float]],
    verdict: Verdict | None = None,
) -> list[Row]:
    """One row per item that was answered or shown.

    Args:
        times: item -> when it was first shown, first changed and last changed, on the browser's
            clock; 0 = it was not. Other names than the scene's items are passed over.
        verdict: of a quiz.
    """
    right = verdict.right if verdict else {}
    asked = set(scene.asked.items) if scene.asked else set()
    times = {item: at for item, at in times.items() if item in asked}
    none = (0.0, 0.0, 0.0)
    return [
        (
            "answers",
            {
                "session_id": session.id,
                "visit": session.visit,
                "item": item,
                "episode": None,
                "day_ms": session.entered_ms,
                "scene": session.scene,
                "value": json.dumps(answers[item], ensure_ascii=False) if item in answers else None,
                "answered_ms": at_ms,
                "attempt": verdict.attempt if verdict else None,
                "correct": right.get(item),
                "first_shown_ms": times.get(item, none)[0] or None,
                "first_change_ms": times.get(item, none)[1] or None,
                "last_change_ms": times.get(item, none)[2] or None,
            },
        )
        for item in dict.fromkeys((*answers, *times))
    ]
