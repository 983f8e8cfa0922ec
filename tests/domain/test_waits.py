"""Why somebody is not matched yet: what is said is what the strategy will do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain import matchlog, waits
from igym.domain.plan import GroupPlan
from igym.domain.strategies import Ticket


def t(name: str, since_s: float = 0, **more) -> Ticket:
    return Ticket(name, since_s * 1000, participant=f"p-{name}", **more)


def why(plan: GroupPlan, *tickets: Ticket, size: int = 2, now_s: float = 10) -> str:
    """Of the first of them."""
    return waits.reasons(plan, tickets, size, now_s * 1000, 100)[tickets[0].session]


NEAR = GroupPlan("nearest", max_rtt_ms=100, relax_ms_per_s=2)
ROLES = GroupPlan("roles", attribute="form.job", wanted={"cook": 1, "waiter": 1})


@pytest.mark.parametrize(
    ("plan", "tickets", "said"),
    [
        (GroupPlan(), [t("a")], "Waits for 1 more person."),
        (GroupPlan(), [t("a"), t("b", 1)], waits.SOON),
        (
            GroupPlan(),
            [t("a", cells={"light": "red"}), t("b", cells={"light": "blue"})],
            "Waits for 1 more person (light: red).",
        ),
        (
            GroupPlan(mixes=("light",)),
            [t("a", cells={"light": "red"}), t("b", cells={"light": "blue"})],
            waits.SOON,
        ),
        (GroupPlan(), [t("a", bot=True)], "Chose to play with a policy."),
        (NEAR, [t("a")], "Their round trip has not been measured yet."),
        (
            NEAR,
            [t("a", rtt_ms=160), t("b", rtt_ms=10)],
            "Their round trip of 160 ms is above the limit of 120 ms for 20 s more.",
        ),
        (
            NEAR,
            [t("a", rtt_ms=50), t("b", rtt_ms=400)],
            "Waits for 1 more person with a round trip of at most 120 ms.",
        ),
        (
            GroupPlan("strangers"),
            [t("a", met=("p-b",)), t("b")],
            "Waits for 1 more stranger; has met 1 of those who wait.",
        ),
        (
            GroupPlan("reunion", scene="first"),
            [t("a", group="g1"), t("b", group="g2")],
            "Waits for 1 more person of their group.",
        ),
        (
            GroupPlan("reunion", scene="first"),
            [t("a")],
            "Was in no game of first, so there is nobody to meet again.",
        ),
        (
            ROLES,
            [t("a", attributes={"form.job": "cook"}), t("b", attributes={"form.job": "cook"})],
            "Waits for 1 more person of other roles.",
        ),
        (ROLES, [t("a", attributes={"form.job": "king"})], "Their answer is none of the roles."),
        (
            GroupPlan("custom"),
            [t("a"), t("b")],
            "The study's own function has not put them into a group.",
        ),
    ],
)
def test_what_is_missing_is_said(plan, tickets, said):
    assert why(plan, *tickets) == said


PLANS = [GroupPlan(), GroupPlan("fifo", mixes=("light",)), NEAR, GroupPlan("strangers")]
TICKETS = st.lists(
    st.builds(
        Ticket,
        session=st.uuids().map(str),
        participant=st.sampled_from(["ann", "bob", "cat", "dan"]),
        since_ms=st.integers(0, 60_000).map(float),
        rtt_ms=st.sampled_from([-1.0, 20.0, 90.0, 150.0, 300.0]),
        cells=st.sampled_from([{}, {"light": "red"}, {"light": "blue"}]),
        bot=st.sampled_from([False, False, True]),
    ),
    max_size=9,
    unique_by=lambda ticket: ticket.session,
)


@given(TICKETS, st.sampled_from(PLANS), st.integers(2, 3))
def test_a_match_is_said_to_come_exactly_for_those_that_get_one(tickets, plan, size):
    decided = matchlog.decide(matchlog.Inputs(plan, size, 60_000, tickets, fill_after_s=1e6))
    said = waits.reasons(plan, tickets, size, 60_000, 100)

    assert said.keys() == {ticket.session for ticket in tickets}
    assert all(why[0].isupper() and why.endswith(".") for why in said.values())
    assert {s for s, why in said.items() if why == waits.SOON} == {
        ticket.session for group in decided.groups for ticket in group if not ticket.bot
    }
