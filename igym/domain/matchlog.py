"""The match log: every decision with all that it was made from, and the way back.

An entry is plain data, a line of JSON on the data volume. `replay` decides once more, from the
entry alone, and must come to the same groups: that is what makes the log a proof.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from igym.domain import strategies
from igym.domain.plan import GroupPlan
from igym.domain.strategies import Groups, Ticket

#: What of a ticket a strategy can look at, beside who it is and since when.
_FACTS = ("rtt_ms", "cells", "met", "group", "bot", "participant")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a decision is made from."""

    plan: GroupPlan
    size: int  # people in a group
    now_ms: float
    tickets: Sequence[Ticket]  # every one that was considered
    fill_after_s: float | None = None  # None = no policy may sit in a person's seat
    answer: Any = None  # of the author's function; None = there is none, or it failed


@dataclass(frozen=True, slots=True)
class Decision:
    """Who is to meet, and who is to play with a policy in the empty seats."""

    groups: Groups
    filled: Groups
    refused: str = ""  # why the author's answer was not followed


def decide(said: Inputs) -> Decision:
    """The decision these inputs lead to. Pure."""
    # Who chose to play with a policy waits for nobody, for as long as policies may be used.
    able = [t for t in said.tickets if not t.bot or said.fill_after_s is None]
    refused = ""
    if said.plan.strategy == "custom" and said.answer is not None:
        try:
            groups = strategies.checked(said.plan, said.answer, able, said.size)
        except strategies.Unfit as unfit:
            refused = str(unfit)
            groups = strategies.groups(said.plan, able, said.size, said.now_ms)
    else:
        groups = strategies.groups(said.plan, able, said.size, said.now_ms)
    filled: Groups = []
    if said.fill_after_s is not None:
        taken = {ticket.session for group in groups for ticket in group}
        left = [t for t in said.tickets if t.session not in taken]
        filled = strategies.partial(said.plan, left, said.size, said.now_ms, said.fill_after_s)
    return Decision(groups, filled, refused)


def entry(said: Inputs, made: Decision) -> dict[str, Any]:
    """Inputs and decision as plain data."""
    return {
        "strategy": said.plan.strategy,
        "rule": strategies.RULE,
        "seed": None,  # no strategy of ours draws lots
        "parameters": _plain(said.plan),
        "size": said.size,
        "decided_ms": said.now_ms,
        "fill_after_s": said.fill_after_s,
        "answer": said.answer,
        "refused": made.refused,
        "considered": [_facts(said.plan, ticket) for ticket in said.tickets],
        "groups": sessions(made.groups),
        "filled": sessions(made.filled),
    }


def replay(logged: Mapping[str, Any]) -> Decision:
    """Decide again from an entry of the log.

    Raises:
        ValueError: it was made by another rule than ours.
    """
    if logged["rule"] != strategies.RULE:
        raise ValueError(f"rule {logged['rule']} made it, and this is rule {strategies.RULE}")
    known = {field.name for field in fields(GroupPlan)}
    said = {k: v for k, v in logged["parameters"].items() if k in known}
    said["mixes"] = tuple(said.get("mixes", ()))
    plan = GroupPlan(**said)
    tickets = [_ticket(plan, facts) for facts in logged["considered"]]
    return decide(
        Inputs(
            plan,
            logged["size"],
            logged["decided_ms"],
            tickets,
            logged["fill_after_s"],
            logged["answer"],
        )
    )


def sessions(groups: Groups) -> list[list[str]]:
    """The groups as session ids."""
    return [[ticket.session for ticket in group] for group in groups]


def _plain(plan: GroupPlan) -> dict[str, Any]:
    return {**asdict(plan), "mixes": list(plan.mixes)}


def _facts(plan: GroupPlan, ticket: Ticket) -> dict[str, Any]:
    """A ticket without what is as it is for everybody."""
    found: dict[str, Any] = {
        "session": ticket.session,
        "since_ms": ticket.since_ms,
        "joined_ms": ticket.joined_ms,
    }
    for name in _FACTS:
        value = getattr(ticket, name)
        if value not in ("", -1, False) and value != {} and value != ():
            found[name] = list(value) if name == "met" else value
    if plan.attribute in ticket.attributes:
        found["attribute"] = ticket.attributes[plan.attribute]
    return found


def _ticket(plan: GroupPlan, facts: Mapping[str, Any]) -> Ticket:
    said = {k: v for k, v in facts.items() if k != "attribute"}
    said["met"] = tuple(said.get("met", ()))
    if "attribute" in facts:
        said["attributes"] = {plan.attribute: facts["attribute"]}
    return Ticket(**said)


#: Columns that hold JSON.
TEXTS = ("parameters", "considered", "answer", "groups", "filled")


def packed(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as a row of `decisions`."""
    return {k: _text(v) if k in TEXTS else v for k, v in entry.items()}


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
