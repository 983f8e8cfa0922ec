"""The waiting rooms as an admin sees them: who waits, for what, and what was decided. Reads only.

One look of a process serves whoever asks within a moment. It is bounded by what is shown, and not
by how many wait.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from igym.domain import waits
from igym.domain.plan import Plan, PlayPlan
from igym.domain.strategies import Ticket, in_order
from igym.errors import NotFound
from igym.services.connect import Deployment, now_ms
from igym.services.lately import Lately
from igym.services.sessions import assigning
from igym.store import decisions, lobby, packages
from igym.store.lobby import Lobby

#: How old a look may be.
FRESH_S = 0.8

#: Tickets that are told of a lobby, those who wait longest; and decisions of an experiment.
MOST_TICKETS, MOST_DECISIONS = 100, 20

#: Of a scene that is not known (any more).
_NO_RULES: dict[str, Any] = {
    "release": "", "strategy": "", "wanted": 0, "waits_s": 0, "fill_after_s": None,
    "groups_left": None,
}  # fmt: skip

#: The longest answer of an author's function that is shown, as JSON.
MOST_TEXT = 2_000


class Rooms:
    """The lobbies of one deployment, kept for a moment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._lately = Lately(self._look, FRESH_S)

    def seen(self) -> dict[str, Any]:
        """Every lobby in which somebody waits, and the latest decisions. Costs some ms, or nothing.

        Text in it comes from links, answers and packages: whoever shows it escapes it.
        """
        return self._lately()

    def _look(self) -> dict[str, Any]:
        redis = self._deployment.redis
        rooms: list[dict[str, Any]] = []
        decided: list[dict[str, Any]] = []
        for experiment in packages.known(redis):
            for name in lobby.names(redis, experiment):
                found = lobby.look(redis, experiment, name, self._deployment.settings.away_after_s)
                if found.tickets:
                    rooms.append(self._room(experiment, name, found))
            for entry in decisions.latest(redis, experiment, MOST_DECISIONS):
                decided.append({"experiment": experiment, **entry})
        decided.sort(key=lambda entry: -float(entry["decided_ms"]))
        return {"now_ms": now_ms(), "rooms": rooms, "decisions": decided}

    def _room(self, experiment: str, name: str, found: Lobby) -> dict[str, Any]:
        scene, mode = lobby.scene_of(name)
        queue = in_order(found.tickets.values())
        about = {
            "id": f"{experiment} {name}",
            "experiment": experiment,
            "scene": scene,
            "mode": mode,
            "waiting": found.waiting,
            "here": sum(ticket.session in found.here for ticket in queue),
            "asked": len(found.proposals),
            "hidden": max(0, found.waiting - MOST_TICKETS),
        }
        plan, play = self._scene(experiment, queue[0].package, scene)
        if plan is None or play is None:
            why = {ticket.session: "This version has no such scene." for ticket in queue}
            rules = _NO_RULES
        else:
            why = self._why(plan, play, mode, scene, found)
            rules = self._rules(plan, play, mode, scene)
        confirmed = {p.id: p for p in found.proposals}
        return {
            **about,
            **rules,
            "tickets": [
                _told(ticket, found, confirmed, why.get(ticket.session, ""))
                for ticket in queue[:MOST_TICKETS]
            ],
        }

    def _scene(
        self, experiment: str, package: str, scene: str
    ) -> tuple[Plan | None, PlayPlan | None]:
        with suppress(NotFound):
            plan = self._deployment.plans.get(experiment, package)
            return plan, plan.scene(scene).play
        return None, None

    def _rules(self, plan: Plan, play: PlayPlan, mode: str, scene: str) -> dict[str, Any]:
        left = assigning.groups_left(self._deployment, plan, scene, mode)
        return {
            "release": plan.version,
            "strategy": play.group.strategy,
            "wanted": len(play.humans),
            "waits_s": play.waits_s,
            "fill_after_s": play.fill.after_s if play.fill else None,
            "groups_left": left if left < 1_000_000 else None,  # None = as many as come
        }

    def _why(
        self, plan: Plan, play: PlayPlan, mode: str, scene: str, found: Lobby
    ) -> dict[str, str]:
        if assigning.groups_left(self._deployment, plan, scene, mode) <= len(found.proposals):
            full = "A treatment of this scene has no free place."
            return {ticket.session: full for ticket in found.free}
        # As the matcher does: whose group it is depends on the scene that is asked for.
        free = [replace(t, group=t.groups.get(play.group.scene, "")) for t in found.free]
        return waits.reasons(play.group, free, len(play.humans), now_ms(), MOST_TICKETS)


def _told(ticket: Ticket, found: Lobby, proposals: dict[str, Any], why: str) -> dict[str, Any]:
    state = found.states.get(ticket.session, "")
    proposal = proposals.get(state.rstrip("!"))
    if proposal is not None:
        others = sum(not found.states.get(other, "").endswith("!") for other in proposal.sessions)
        confirmed = state.endswith("!")
        why = (
            f"Has said to be there; {others} of the group did not yet."
            if confirmed
            else "Is asked whether they are there."
        )
        standing = "confirmed" if confirmed else "asked"
    elif ticket.session not in found.here:
        standing, why = "away", "Their page is closed or does not answer: they keep their place."
    else:
        standing = "free"
    return {
        "session": ticket.session,
        "participant": ticket.participant,
        "joined_ms": ticket.joined_ms or ticket.since_ms,
        "more_s": ticket.more_s,
        "rtt_ms": ticket.rtt_ms if ticket.rtt_ms >= 0 else None,
        "cells": dict(ticket.cells),
        "standing": standing,
        "until_ms": proposal.until_ms if proposal is not None else 0,
        "why": why,
    }


def shown(entry: dict[str, Any], *, answers: bool) -> dict[str, Any]:
    """A decision as somebody may see it.

    Args:
        answers: whether what people said may be told: the answer that gives them their role, and
            what an author's function made of theirs.
    """
    made = {key: value for key, value in entry.items() if key not in ("answer", "day_ms")}
    said = entry.get("answer")
    made["answer"] = repr(said)[:MOST_TEXT] if answers and said is not None else ""
    if not answers:
        made["considered"] = [
            {key: value for key, value in facts.items() if key != "attribute"}
            for facts in entry["considered"]
        ]
        parameters = {**entry["parameters"]}
        parameters.pop("wanted", None)
        made["parameters"] = parameters
    return made
