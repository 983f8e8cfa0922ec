"""Everybody in an experiment, as an admin's table shows them. Reads only.

Each web worker that is asked keeps a list and looks up what has changed: a look costs by the people
who are in the study now, not by all who ever were. What is told since a moment is by this worker's
own notice, so that a browser may ask one worker and then another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from igym.domain import flow
from igym.domain.participant import Phase
from igym.errors import NotFound
from igym.services.connect import Deployment, now_ms
from igym.store import felt, heard
from igym.store import roster as store

#: How old a list may be (a browser asks a second after its last answer: together that is how late
#: an admin sees at most); how often sessions that nobody told of are looked for; how many there are
#: at most; and how long it is remembered that one is gone.
FRESH_S, WALK_S, MOST, GONE_MS = 0.4, 60.0, 10_000, 3_600_000.0

#: What somebody else's clock may be off, and a look may be late, ms.
MARGIN_MS = 10_000.0


class Roster:
    """The sessions of one experiment."""

    def __init__(self, deployment: Deployment, experiment: str) -> None:
        self._deployment, self._experiment = deployment, experiment
        self._lock = threading.Lock()
        self._rows: dict[str, dict[str, Any]] = {}
        self._versions: dict[str, str] = {}
        self._changed: dict[str, float] = {}
        self._gone: dict[str, float] = {}
        self._looked_s = self._walked_s = float("-inf")
        self._whole = True

    def since(self, at_ms: float) -> dict[str, Any]:
        """What changed since `at_ms`, by our clock; everything where that is long ago.

        Text in it comes from links and packages: whoever shows it escapes it.
        """
        with self._lock:
            asked_ms = now_ms()
            self._look()
            everything = asked_ms - at_ms > GONE_MS / 2
            from_ms = 0.0 if everything else at_ms - MARGIN_MS
            here = [id for id, row in self._rows.items() if row["phase"] != Phase.ENDED]
            return {
                "now_ms": asked_ms,
                "everything": everything,
                "whole": self._whole,
                "rows": [r for id, r in self._rows.items() if self._changed[id] >= from_ms],
                "gone": [] if everything else [s for s, ms in self._gone.items() if ms >= from_ms],
                "seen": self._seen(here),
            }

    def _seen(self, here: list[str]) -> dict[str, list[Any]]:
        """Of whoever is in the study: how many s ago they were heard of, round trip, if away."""
        redis, experiment = self._deployment.redis, self._experiment
        ago_ms = heard.ago_ms(redis, experiment, here)
        lines = felt.read(redis, experiment, here)
        return {id: [round(ms / 1000, 1), *lines.get(id, (None, ""))] for id, ms in ago_ms.items()}

    def _look(self) -> None:
        """Bring the list up to date, unless it is."""
        now_s, redis = time.monotonic(), self._deployment.redis
        if now_s - self._looked_s < FRESH_S:
            return
        there = {id for id, row in self._rows.items() if row["phase"] != Phase.ENDED}
        there.update(store.alive(redis, self._experiment, MOST))
        if now_s - self._walked_s >= WALK_S:
            found, self._whole = store.everybody(redis, self._experiment, MOST)
            if self._whole:
                for id in self._rows.keys() - found:
                    self._forget(id)
            there |= found - self._rows.keys()
            self._walked_s = now_s
        ids = sorted(there)
        read = store.versions(redis, self._experiment, ids)
        moved = []
        for id, version in zip(ids, read, strict=True):
            if not version:
                self._forget(id)
            elif self._versions.get(id) != version:
                moved.append(id)
        for id, fields in zip(moved, store.some(redis, self._experiment, moved), strict=True):
            if fields is None:
                self._forget(id)
            elif id in self._rows or len(self._rows) < MOST:
                self._versions[id] = fields["version"]
                self._rows[id] = self._row(id, fields)
                self._changed[id] = now_ms()
            else:
                self._whole = False
        long_ago = now_ms() - GONE_MS
        self._gone = {id: ms for id, ms in self._gone.items() if ms > long_ago}
        self._looked_s = now_s

    def _forget(self, id: str) -> None:
        if self._rows.pop(id, None) is not None:
            del self._versions[id], self._changed[id]
            self._gone[id] = now_ms()

    def _row(self, id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        step, steps = self._progress(fields)
        return {
            "id": id,
            "participant": fields["participant"],
            "release": fields["release"],
            "mode": fields["mode"],
            "wave": fields["wave"],
            "phase": fields["phase"],
            "scene": fields["scene"],
            "step": step,
            "steps": steps,
            "game": fields["game"],
            "seat": fields["seat"],
            "started_ms": float(fields["started_ms"] or 0),
            "entered_ms": float(fields["entered_ms"] or 0),
            "outcome": fields["outcome"],
            "code": fields["code"],
            "cells": fields["cells"] or {},
        }

    def _progress(self, fields: Mapping[str, Any]) -> tuple[int, int]:
        """(scenes behind, scenes in all); (0, 0) where the package is not known any more."""
        try:
            plan = self._deployment.plans.get(self._experiment, fields["package"])
            return flow.progress(plan, fields["path"] or [], fields["ways"] or {}, fields["scene"])
        except NotFound:
            return 0, 0


class Rosters:
    """The lists of one process, made when somebody first asks."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._kept: dict[str, Roster] = {}

    def of(self, experiment: str) -> Roster:
        """The list of that experiment, which must exist."""
        return self._kept.setdefault(experiment, Roster(self._deployment, experiment))
