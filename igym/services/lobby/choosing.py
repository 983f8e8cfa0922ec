"""The author's own strategy: asked in a worker, and not waited for.

A function that raises, hangs or returns nonsense costs its question; people are matched in
order of arrival then, and the researcher is told.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from igym.domain.plan import Plan, PlayPlan
from igym.domain.strategies import Ticket
from igym.errors import TooMuch
from igym.services import problems
from igym.services.connect import Deployment, now_ms
from igym.services.functions import asking
from igym.store import lobby

#: The same tickets are asked about again after so long: a function may look at waiting times.
AGAIN_S = 1.0

#: The same refusal is told again after so long.
TELL_AGAIN_S = 60.0

#: What of a ticket an author's function gets.
_SHOWN = (
    "session",
    "since_ms",
    "participant",
    "rtt_ms",
    "cells",
    "attributes",
    "met",
    "groups",
)


@dataclass
class _Question:
    id: str
    tickets: list[Ticket]
    asked_s: float
    answered: bool = False


class Authors:
    """What was asked of authors' functions, by lobby. One per director."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._asked: dict[str, _Question] = {}
        self._told_s: dict[tuple[str, str], float] = {}

    def verdict(
        self, plan: Plan, name: str, play: PlayPlan, tickets: Sequence[Ticket]
    ) -> tuple[Any, list[Ticket]] | None:
        """(answer, the tickets it is about), or None while there is none.

        The answer is None where the function failed. Whoever has left since is still among
        the tickets: the proposal finds out.
        """
        key = f"{plan.experiment} {name}"
        question = self._asked.get(key)
        if question is None or question.answered:
            self._ask(plan, name, key, play, tickets, question)
            question = self._asked[key]
            if question.id:
                return None
        if not question.id:
            question.answered = True
            return None, list(tickets)
        answer = asking.answer(self._deployment, plan.experiment, question.id)
        if answer is None or question.answered:
            return None
        question.answered = True
        if answer.error or answer.value is None:
            if not answer.error:
                self.refuse(plan, name, "it returned nothing")
            return None, list(tickets)
        return answer.value, question.tickets

    def _ask(
        self,
        plan: Plan,
        name: str,
        key: str,
        play: PlayPlan,
        tickets: Sequence[Ticket],
        before: _Question | None,
    ) -> None:
        now_s = time.monotonic()
        if (
            before is not None
            and now_s - before.asked_s < AGAIN_S
            and {t.session for t in before.tickets} == {t.session for t in tickets}
        ):
            return
        scene, _ = lobby.scene_of(name)
        shown = [
            {
                **{k: v for k, v in asdict(ticket).items() if k in _SHOWN},
                "waited_ms": now_ms() - ticket.joined_ms,
            }
            for ticket in tickets
        ]
        try:
            asked = asking.ask(
                self._deployment,
                plan.experiment,
                plan.package,
                f"match:{scene}",
                [shown, len(play.humans)],
                play.group.limit_s,
            )
        except TooMuch as error:
            self.refuse(plan, name, str(error))
            asked = ""
        self._asked[key] = _Question(asked, list(tickets), now_s)

    def refuse(self, plan: Plan, name: str, why: str) -> None:
        """Tell the researcher that the function's answer was not followed."""
        now_s = time.monotonic()
        self._told_s = {k: s for k, s in self._told_s.items() if now_s - s < TELL_AGAIN_S}
        if (name, why) in self._told_s:
            return
        self._told_s[name, why] = now_s
        scene, _ = lobby.scene_of(name)
        problems.report(
            self._deployment,
            plan.experiment,
            plan.version,
            "match_refused",
            f"The matching function of {scene} was not followed: {why}. "
            "People are matched in order of arrival.",
            where=f"lobby {name}",
        )
