"""Why somebody who waits has not been matched yet, in a sentence for an admin. Pure.

Looks at what the strategies look at (`igym.domain.strategies`), and decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from igym.domain import strategies
from igym.domain.plan import GroupPlan
from igym.domain.strategies import Ticket

#: So many of the others are looked at for `strangers`, so that a large lobby stays quick.
MOST_OTHERS = 200

SOON = "A match is about to be made."


def reasons(
    plan: GroupPlan, free: Sequence[Ticket], size: int, now_ms: float, shown: int
) -> dict[str, str]:
    """Session -> what it waits for, of the first `shown` in the queue.

    Args:
        free: who is here and in no proposal; nobody else can be put together.
        size: people in a group.
    """
    made: dict[str, str] = {}
    wanted = {ticket.session for ticket in strategies.in_order(free)[:shown]}
    soon = {ticket.session for group in _groups(plan, free, size, now_ms) for ticket in group}
    for queue in strategies.apart(plan, free):
        able = [ticket for ticket in queue if not ticket.bot]
        for ticket in queue:
            if ticket.session in soon:
                made[ticket.session] = SOON
            elif ticket.session in wanted:
                said = _why(plan, able, ticket, size, now_ms)
                made[ticket.session] = f"{said}{_cell(plan, ticket)}."
    return {session: why for session, why in made.items() if session in wanted}


def _groups(plan: GroupPlan, free: Sequence[Ticket], size: int, now_ms: float) -> strategies.Groups:
    """What the matcher would decide now; of an author's own function nobody knows."""
    if plan.strategy == "custom":
        return []
    return strategies.groups(plan, [one for one in free if not one.bot], size, now_ms)


def _cell(plan: GroupPlan, ticket: Ticket) -> str:
    """Where only people of the same cells may meet: which."""
    mine = [f"{t}: {c}" for t, c in sorted(ticket.cells.items()) if t not in plan.mixes]
    return f" ({', '.join(mine)})" if mine and plan.strategy != "reunion" else ""


def _why(plan: GroupPlan, queue: Sequence[Ticket], mine: Ticket, size: int, now_ms: float) -> str:
    if mine.bot:
        return "Chose to play with a policy"
    match plan.strategy:
        case "nearest":
            return _far(plan, queue, mine, size, now_ms)
        case "strangers":
            others = [one for one in queue[:MOST_OTHERS] if one is not mine]
            known = sum(strategies.know(mine, one) for one in others)
            short = max(1, size - 1 - (len(others) - known))
            has_met = f"; has met {known} of those who wait" if known else ""
            return _more(short, "stranger") + has_met
        case "reunion":
            if not mine.group:
                return f"Was in no game of {plan.scene}, so there is nobody to meet again"
            short = size - sum(one.group == mine.group for one in queue)
            return _more(short, "person", "people") + " of their group"
        case "roles":
            return _role(plan, queue, mine, size)
        case "custom" if len(queue) >= size:
            return "The study's own function has not put them into a group"
    return _more(size - len(queue) % size, "person", "people")


def _far(plan: GroupPlan, queue: Sequence[Ticket], mine: Ticket, size: int, now_ms: float) -> str:
    if mine.rtt_ms < 0:
        return "Their round trip has not been measured yet"
    limit_ms = plan.max_rtt_ms + plan.relax_ms_per_s * max(0.0, now_ms - mine.since_ms) / 1000
    if mine.rtt_ms > limit_ms:
        said = f"Their round trip of {mine.rtt_ms:.0f} ms is above the limit of {limit_ms:.0f} ms"
        if not plan.relax_ms_per_s:
            return f"{said}, which stays as it is"
        return f"{said} for {(mine.rtt_ms - limit_ms) / plan.relax_ms_per_s:.0f} s more"
    near = sum(0 <= one.rtt_ms <= limit_ms for one in queue)
    within = f" with a round trip of at most {limit_ms:.0f} ms"
    return _more(max(1, size - near), "person", "people") + within


def _role(plan: GroupPlan, queue: Sequence[Ticket], mine: Ticket, size: int) -> str:
    if sum(plan.wanted.values()) != size:
        return f"The roles are for {sum(plan.wanted.values())} people, and the game is for {size}"
    answers = [strategies.answer_of(plan, one) for one in queue]
    if strategies.answer_of(plan, mine) not in plan.wanted:
        return "Their answer is none of the roles"
    short = sum(max(0, n - answers.count(one)) for one, n in plan.wanted.items())
    # Which roles those are would tell an answer: it is for whoever may read answers.
    return _more(max(1, short), "person", "people") + " of other roles"


def _more(count: int, one: str, more: str = "") -> str:
    name = one if count == 1 else more or f"{one}s"
    return f"Waits for {count} more {name}"
