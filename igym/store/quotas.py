"""Places of treatments: how many are taken, and who holds them.

They are given and settled by the scripts that move sessions and seal matches (`quota.lua`),
so that no place is given twice and none is lost. Counted for each version and mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from redis import Redis

from igym.domain.places import Taken
from igym.errors import Refused
from igym.store import keys

_json = msgspec.json.Encoder().encode


class Full(Refused):
    """Every place of a treatment is taken."""

    code, status = "full", 409

    def __init__(self) -> None:
        super().__init__("Every place in this study is taken at the moment.")


class Take(msgspec.Struct, frozen=True):
    """A place to reserve for a unit, in whichever of `cells` is next (`igym.domain.places`)."""

    treatment: str
    unit: str  # a session, or a game
    cells: Sequence[str]  # in declared order
    order: Sequence[str]  # as drawn
    wanted: int
    over: int
    members: Sequence[str]  # sessions that all have to complete
    day_ms: float
    row: dict[str, Any]  # of `assignments`, without what only the script knows


class Give(msgspec.Struct, frozen=True):
    """A member of a unit has ended: the place becomes valid with the last, or free at once."""

    treatment: str
    unit: str
    session: str
    valid: bool  # whether `outcome` counts as a completion
    at_ms: float
    outcome: str


def asked(takes: Sequence[Take]) -> list[dict[str, Any]]:
    """As the scripts take them."""
    return [
        {
            "treatment": take.treatment,
            "unit": take.unit,
            "cells": list(take.cells),
            "order": list(take.order),
            "wanted": take.wanted,
            "over": take.over,
            "members": list(take.members),
            "day": repr(take.day_ms),
            "row": _json(take.row).decode(),
        }
        for take in takes
    ]


def given(gives: Sequence[Give]) -> list[dict[str, Any]]:
    """As the scripts take them."""
    return [
        {
            "treatment": give.treatment,
            "unit": give.unit,
            "session": give.session,
            "valid": give.valid,
            "at": repr(give.at_ms),
            "outcome": give.outcome,
        }
        for give in gives
    ]


def names(experiment: str, release: str, mode: str) -> tuple[str, str]:
    """The keys a script needs to give and settle places."""
    return keys.places(experiment, release, mode), keys.holders(experiment, release, mode)


def counts(redis: Redis, experiment: str, release: str, mode: str) -> dict[str, dict[str, Taken]]:
    """Treatment -> cell -> places taken. One read; cells nobody was ever assigned are missing."""
    found: Any = redis.hgetall(keys.places(experiment, release, mode))
    made: dict[str, dict[str, dict[str, int]]] = {}
    for field, value in found.items():
        treatment, _, rest = field.decode().partition(":")
        if rest:
            cell, _, what = rest.partition(":")
            made.setdefault(treatment, {}).setdefault(cell, {})[what] = int(value)
    return {
        treatment: {cell: Taken(**one) for cell, one in cells.items()}
        for treatment, cells in made.items()
    }
