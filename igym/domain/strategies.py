"""Matching strategies: pure functions from tickets to groups.

Whatever a strategy answers depends on nothing but its arguments, so that the match log
(`igym.domain.matchlog`) can be replayed. Earlier arrivals come first in every one of them,
and people meet only within the same cells of their treatments, unless the author says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import islice
from typing import Any

from igym.domain.plan import GroupPlan

#: Raise by one whenever a strategy decides differently: a log says by which rule it was made.
RULE = 1

#: How many candidates `strangers` tries for one group, so that a large lobby stays quick.
_TRIES = 2_000


@dataclass(frozen=True, slots=True)
class Ticket:
    """One session that waits in a lobby. `since_ms` is its place: earlier comes first."""

    session: str
    since_ms: float
    participant: str = ""
    rtt_ms: float = -1  # last measured round trip to the server; -1 = not yet
    cells: Mapping[str, str] = field(default_factory=dict)  # treatment -> cell
    attributes: Mapping[str, Any] = field(default_factory=dict)  # "scene.item" -> answer
    met: tuple[str, ...] = ()  # participants they have been in a game with
    group: str = ""  # of a reunion: the game whose group meets again
    groups: Mapping[str, str] = field(default_factory=dict)  # game scene -> the game they were in
    version: int = 0  # of the session; whoever moves it makes the ticket void
    visit: int = 0
    joined_ms: float = 0  # began to wait, wherever in the queue they are now
    package: str = ""
    max_s: float = 0  # of a rehearsal: the longest a game may last; 0 = no limit
    bot: bool = False  # chose to play with the policy of `fill`
    more_s: float = 0  # they may wait so much longer than the scene says


Groups = list[list[Ticket]]


class Unfit(ValueError):
    """The answer of an author's strategy will not do; says why."""


def in_order(tickets: Iterable[Ticket]) -> list[Ticket]:
    """The queue: earliest place first, whatever order they were listed in."""
    return sorted(tickets, key=lambda t: (t.since_ms, t.session))


def groups(plan: GroupPlan, tickets: Sequence[Ticket], size: int, now_ms: float) -> Groups:
    """Who is to be put together now. Members, and groups, in the order of the queue.

    `custom` has no rule of ours: it is matched as `fifo` here, for when the author's function
    has failed.
    """
    found: Groups = []
    for queue in apart(plan, tickets):
        found += _RULES[plan.strategy](plan, queue, size, now_ms)
    return sorted(found, key=lambda group: (group[0].since_ms, group[0].session))


def partial(
    plan: GroupPlan, tickets: Sequence[Ticket], size: int, now_ms: float, after_s: float
) -> Groups:
    """Who plays with a policy in the empty seats: whoever has waited for `after_s` or chose to.

    `tickets` are those that `groups` has left over. Somebody who chose a policy plays with
    nobody else; the others take along whoever may meet them.
    """
    found: Groups = []
    for queue in apart(plan, tickets):
        left = list(queue)
        for ticket in queue:
            if all(ticket is not other for other in left):
                continue
            if ticket.bot:
                found.append([ticket])
                left = _without(left, [ticket])
            elif now_ms - ticket.joined_ms >= after_s * 1000:
                group = [ticket]
                for other in left:
                    if len(group) == size - 1 or size == 1:
                        break
                    if other is not ticket and not other.bot and _may(plan, [*group, other]):
                        group.append(other)
                found.append(in_order(group))
                left = _without(left, group)
    return sorted(found, key=lambda group: (group[0].since_ms, group[0].session))


def checked(plan: GroupPlan, answer: Any, tickets: Sequence[Ticket], size: int) -> Groups:
    """The groups of session ids that an author's function gave, as tickets.

    Raises:
        Unfit: it is not lists of ids, a group has the wrong size, somebody is in two or does
            not wait, or a group mixes cells that must not meet.
    """
    if not isinstance(answer, list | tuple):
        raise Unfit(f"it returned a {type(answer).__name__}, not a list of groups")
    by_id = {ticket.session: ticket for ticket in tickets}
    seen: set[str] = set()
    found: Groups = []
    for group in answer:
        if not isinstance(group, list | tuple) or not all(isinstance(s, str) for s in group):
            raise Unfit("a group is not a list of session ids")
        if len(group) != size:
            raise Unfit(f"a group has {len(group)} people, and the game {size}")
        for session in group:
            if session not in by_id:
                raise Unfit(f"session {session[:20]!r} does not wait here")
            if session in seen:
                raise Unfit(f"session {session!r} is in two places")
            seen.add(session)
        members = [by_id[session] for session in group]
        if len({_cell(plan, member) for member in members}) > 1:
            raise Unfit("a group mixes treatments that `mixes` does not name")
        found.append(in_order(members))
    return sorted(found, key=lambda group: (group[0].since_ms, group[0].session))


# --- who may meet at all ------------------------------------------------------------------------


def _cell(plan: GroupPlan, ticket: Ticket) -> tuple[tuple[str, str], ...]:
    if plan.strategy == "reunion":
        return ()  # they have met already
    return tuple(sorted((t, c) for t, c in ticket.cells.items() if t not in plan.mixes))


def apart(plan: GroupPlan, tickets: Iterable[Ticket]) -> list[list[Ticket]]:
    """One queue for each cell."""
    queues: dict[tuple[tuple[str, str], ...], list[Ticket]] = {}
    for ticket in in_order(tickets):
        queues.setdefault(_cell(plan, ticket), []).append(ticket)
    return list(queues.values())


def know(one: Ticket, other: Ticket) -> bool:
    return (
        one.participant in other.met
        or other.participant in one.met
        or (one.participant != "" and one.participant == other.participant)
    )


def _without(queue: Sequence[Ticket], gone: Sequence[Ticket]) -> list[Ticket]:
    names = {ticket.session for ticket in gone}
    return [ticket for ticket in queue if ticket.session not in names]


def answer_of(plan: GroupPlan, ticket: Ticket) -> str:
    return str(ticket.attributes.get(plan.attribute, ""))


def _may(plan: GroupPlan, group: Sequence[Ticket]) -> bool:
    """Whether these may be in a group that a policy completes."""
    match plan.strategy:
        case "strangers":
            return not any(know(a, b) for n, a in enumerate(group) for b in group[:n])
        case "reunion":
            return len({ticket.group for ticket in group}) == 1 and group[0].group != ""
        case "roles":
            have = [answer_of(plan, ticket) for ticket in group]
            return all(have.count(one) <= plan.wanted.get(one, 0) for one in have)
        case "fifo":
            return True
        case _:
            return len(group) == 1  # what only a whole group can be judged by


# --- the rules ----------------------------------------------------------------------------------


def fifo(tickets: Sequence[Ticket], size: int) -> Groups:
    """Groups of `size` in order of arrival; whoever is left over waits on."""
    queue = in_order(tickets)
    whole = len(queue) // size * size
    return [queue[i : i + size] for i in range(0, whole, size)]


def _fifo(plan: GroupPlan, queue: Sequence[Ticket], size: int, now_ms: float) -> Groups:
    return fifo(queue, size)


def _nearest(plan: GroupPlan, queue: Sequence[Ticket], size: int, now_ms: float) -> Groups:
    """Whoever has waited longest, with those whose round trips differ least from theirs.

    Everybody's must be within the limit, which grows with the longest wait in the group: that
    is the first one's, since the queue is in order.
    """
    left = [ticket for ticket in queue if ticket.rtt_ms >= 0]
    found: Groups = []
    while len(left) >= size:
        first = left.pop(0)
        waited_s = max(0.0, now_ms - first.since_ms) / 1000
        limit_ms = plan.max_rtt_ms + plan.relax_ms_per_s * waited_s
        if first.rtt_ms > limit_ms:
            continue
        near = nsmallest(
            size - 1,
            (ticket for ticket in left if ticket.rtt_ms <= limit_ms),
            key=lambda t: (abs(t.rtt_ms - first.rtt_ms), t.since_ms, t.session),
        )
        if len(near) == size - 1:
            found.append(in_order([first, *near]))
            left = _without(left, near)
    return found


def _strangers(plan: GroupPlan, queue: Sequence[Ticket], size: int, now_ms: float) -> Groups:
    left = list(queue)
    found: Groups = []
    while len(left) >= size:
        first = left.pop(0)
        group = _unknown_to_each_other(first, left, size)
        if group:
            found.append(group)
            left = _without(left, group)
    return found


def _unknown_to_each_other(first: Ticket, others: Sequence[Ticket], size: int) -> list[Ticket]:
    """The earliest group with `first` of people who never met; [] where there is none."""
    tries = iter(range(_TRIES))

    def grow(group: list[Ticket], at: int) -> list[Ticket]:
        if len(group) == size:
            return group
        for n, other in enumerate(islice(others, at, None), at):
            if next(tries, None) is None:
                return []
            if not any(know(other, member) for member in group):
                whole = grow([*group, other], n + 1)
                if whole:
                    return whole
        return []

    return grow([first], 0)


def _reunion(plan: GroupPlan, queue: Sequence[Ticket], size: int, now_ms: float) -> Groups:
    known: dict[str, list[Ticket]] = {}
    for ticket in queue:
        if ticket.group:
            known.setdefault(ticket.group, []).append(ticket)
    return [group for members in known.values() for group in fifo(members, size)]


def _roles(plan: GroupPlan, queue: Sequence[Ticket], size: int, now_ms: float) -> Groups:
    if sum(plan.wanted.values()) != size:
        return []
    by_answer: dict[str, list[Ticket]] = {answer: [] for answer in plan.wanted}
    for ticket in queue:
        if answer_of(plan, ticket) in by_answer:
            by_answer[answer_of(plan, ticket)].append(ticket)
    whole = min(len(by_answer[a]) // n for a, n in plan.wanted.items() if n)
    return [
        in_order(
            ticket for a, n in plan.wanted.items() for ticket in by_answer[a][k * n : k * n + n]
        )
        for k in range(whole)
    ]


_Rule = Callable[[GroupPlan, Sequence[Ticket], int, float], Groups]

_RULES: Mapping[str, _Rule] = {
    "fifo": _fifo,
    "nearest": _nearest,
    "strangers": _strangers,
    "reunion": _reunion,
    "roles": _roles,
    "custom": _fifo,
}
