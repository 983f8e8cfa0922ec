"""Every experiment with its versions, as the dashboard shows them. Reads only; knows no page.

Built when somebody looks, at most about once a second per process, like `igym.services.watching`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from igym.domain.package import Version
from igym.domain.places import NONE, Taken
from igym.domain.plan import Plan, TreatmentPlan
from igym.errors import NotFound
from igym.services.connect import Deployment, now_ms
from igym.services.lately import Lately
from igym.services.operations import crowding
from igym.services.packages import releasing
from igym.services.sessions.identity import MODES
from igym.store import counts, errands, packages, quotas
from igym.store.errands import Errand
from igym.store.packages import Opening

#: Two dashboards that ask within this time cost one look.
FRESH_S = 0.8

#: Versions of an experiment that are shown, the latest first; the active one always is.
MOST_VERSIONS = 30

#: Modes whose places of treatments are shown: previews take none.
PLACED = ("live", "pilot", "rehearsal")


class Shelf:
    """What there is, kept for a moment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._lately = Lately(self._look, FRESH_S)

    def experiments(self) -> list[dict[str, Any]]:
        """Every experiment, by id, as plain values. Text in it comes from researchers."""
        return self._lately()

    def again(self) -> None:
        """Something was changed here: the next look is a new one."""
        self._lately.again()

    def _look(self) -> list[dict[str, Any]]:
        openings = packages.openings(self._deployment.redis)
        return [self._one(*each) for each in sorted(openings.items())]

    def _one(self, name: str, opening: Opening) -> dict[str, Any]:
        redis = self._deployment.redis
        known = packages.versions(redis, name)
        shown = known[:MOST_VERSIONS]
        shown += [one for one in known[MOST_VERSIONS:] if one.package == opening.active]
        came = counts.by_release(redis, name, [one.version for one in shown], MODES)
        ids = [crowding.id_of(one.package) for one in shown]
        tried = errands.several(redis, name, ids)
        active = next((one for one in shown if one.package == opening.active), None)
        titled = active or (shown[0] if shown else None)
        return {
            "id": name,
            "title": titled.title if titled else name,
            "active": active.version if active else "",
            "open": bool(opening.active) and not opening.closed_ms,
            "closed_ms": opening.closed_ms,
            "cap": opening.cap,
            "taken": self._taken(name) if opening.cap else 0,
            "versions": [
                _version(one, came[one.version], errand)
                for one, errand in zip(shown, tried, strict=True)
            ],
            "versions_hidden": len(known) - len(shown),
            "places": self._places(name, opening.active) if opening.active else [],
        }

    def _taken(self, name: str) -> int:
        """How many participants the cap counts."""
        found = counts.read(self._deployment.redis, name, ("live",))
        return sum(map(counts.taken, found.values()))

    def _places(self, name: str, package: str) -> list[dict[str, Any]]:
        """Places of each treatment of the active version: those completed, and those under way."""
        try:
            plan = self._deployment.plans.get(name, package)
        except NotFound:
            return []
        made = []
        for mode in PLACED if plan.treatments else ():
            taken = quotas.counts(self._deployment.redis, name, plan.version, mode)
            if taken or mode == "live":
                made += [_treatment(plan, one, mode, taken) for one in plan.treatments]
        return made


def _version(one: Version, came: Mapping[str, int], tried: Errand | None) -> dict[str, Any]:
    return {
        "package": one.package,
        "version": one.version,
        "title": one.title,
        "standing": one.standing.value,
        "sent_by": one.sent_by,
        "sent_ms": one.sent_ms,
        "moved_by": one.moved_by,
        "moved_ms": one.moved_ms,
        "size": one.size,
        "people": dict(came),
        "preview": releasing.preview(one),
        "rehearsal": told(tried) if tried else None,
    }


def told(errand: Errand) -> dict[str, Any]:
    """How far an errand is, for who asked. Whom it is about is not in it."""
    return {
        "id": errand.id,
        "state": errand.state,
        "share": errand.share,
        "asked_by": errand.asked_by,
        "asked_ms": errand.asked_ms,
        "participants": errand.about.get("participants", 0),
        "seconds": errand.about.get("seconds", 0),
        "said": errand.said,
        "text": errand.text,
        "hint": errand.hint,
        "waits_s": round(max(0.0, now_ms() - errand.asked_ms) / 1000),
    }


def _treatment(
    plan: Plan, one: TreatmentPlan, mode: str, taken: Mapping[str, Mapping[str, Taken]]
) -> dict[str, Any]:
    here = taken.get(one.name, {})
    return {
        "mode": mode,
        "version": plan.version,
        "name": one.name,
        "per": one.per,
        "wanted": one.wanted,
        "over": one.over,
        "cells": [
            {"cell": cell, "means": one.means.get(cell, ""), **asdict(here.get(cell, NONE))}
            for cell in one.cells
        ],
    }
