"""Who meets whom: nobody twice, nobody lost, no rule broken, whatever the lobby looks like."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain import matchlog
from igym.domain.matchlog import Inputs
from igym.domain.plan import GroupPlan
from igym.domain.strategies import Ticket, Unfit, checked, fifo, groups, partial

NOW_MS = 1e6
PEOPLE = [f"p{n}" for n in range(12)]


@st.composite
def lobbies(draw) -> list[Ticket]:
    """Some people with every trait a strategy looks at."""
    who = draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=10))
    return [
        Ticket(
            session=f"s{name}",
            since_ms=float(draw(st.integers(0, 10**6))),
            joined_ms=float(draw(st.integers(0, 10**6))),
            participant=name,
            rtt_ms=draw(st.sampled_from([-1.0, 10.0, 40.0, 90.0, 150.0, 400.0])),
            cells=draw(st.fixed_dictionaries({}, optional={"t": st.sampled_from("ab")})),
            attributes={"q.hand": draw(st.sampled_from(["left", "right", "none"]))},
            met=tuple(draw(st.lists(st.sampled_from(PEOPLE), max_size=3, unique=True))),
            group=draw(st.sampled_from(["", "g1", "g2"])),
            bot=draw(st.booleans()),
        )
        for name in who
    ]


PLANS = st.sampled_from(
    [
        GroupPlan(),
        GroupPlan(mixes=("t",)),
        GroupPlan("nearest", max_rtt_ms=100),
        GroupPlan("nearest", max_rtt_ms=20, relax_ms_per_s=0.2),
        GroupPlan("strangers"),
        GroupPlan("strangers", mixes=("t",)),
        GroupPlan("reunion", scene="first"),
        GroupPlan("roles", attribute="q.hand", wanted={"left": 1, "right": 1}),
        GroupPlan("roles", attribute="q.hand", wanted={"left": 2, "right": 1}, mixes=("t",)),
        GroupPlan("custom"),
    ]
)
SIZES = st.integers(1, 4)


def know(one: Ticket, other: Ticket) -> bool:
    return one.participant in other.met or other.participant in one.met


def allowed(plan: GroupPlan, group: list[Ticket]) -> bool:
    """Whether these may meet, said in another way than the strategies do."""
    apart = plan.strategy != "reunion" and "t" not in plan.mixes
    if apart and len({ticket.cells.get("t") for ticket in group}) > 1:
        return False
    match plan.strategy:
        case "nearest":
            wait_s = max(NOW_MS - ticket.since_ms for ticket in group) / 1000
            limit = plan.max_rtt_ms + plan.relax_ms_per_s * wait_s
            return all(0 <= ticket.rtt_ms <= limit for ticket in group)
        case "strangers":
            return not any(know(a, b) for a, b in itertools.combinations(group, 2))
        case "reunion":
            return len({t.group for t in group}) == 1 and group[0].group != ""
        case "roles":
            hands = [t.attributes["q.hand"] for t in group]
            return {h: hands.count(h) for h in set(hands)} == plan.wanted
    return True


@given(PLANS, lobbies(), SIZES)
def test_nobody_meets_twice_and_every_group_is_whole_and_allowed(plan, lobby, size):
    made = groups(plan, lobby, size, NOW_MS)
    seated = [ticket.session for group in made for ticket in group]

    assert len(seated) == len(set(seated)) and set(seated) <= {t.session for t in lobby}
    assert all(len(group) == size for group in made)
    assert all(allowed(plan, group) for group in made)


@given(PLANS, lobbies(), SIZES, st.randoms())
def test_the_order_in_which_redis_lists_them_does_not_matter(plan, lobby, size, random):
    shuffled = list(lobby)
    random.shuffle(shuffled)
    assert groups(plan, shuffled, size, NOW_MS) == groups(plan, lobby, size, NOW_MS)


@given(PLANS, lobbies())
def test_no_pair_is_left_waiting_that_may_meet(plan, lobby):
    if plan.strategy == "roles" and sum(plan.wanted.values()) != 2:
        return
    seated = {t.session for group in groups(plan, lobby, 2, NOW_MS) for t in group}
    left = [ticket for ticket in lobby if ticket.session not in seated]
    assert not [pair for pair in itertools.combinations(left, 2) if allowed(plan, list(pair))]


@given(lobbies(), SIZES)
def test_nobody_overtakes(lobby, size):
    matched = [ticket for group in fifo(lobby, size) for ticket in group]
    left = [ticket for ticket in lobby if ticket not in matched]

    assert matched == sorted(matched, key=lambda t: (t.since_ms, t.session))
    assert all(m.since_ms <= ticket.since_ms for m in matched for ticket in left)


@given(PLANS, lobbies())
def test_whoever_waits_longest_and_may_meet_anybody_is_matched(plan, lobby):
    if plan.strategy == "roles" and sum(plan.wanted.values()) != 2:
        return
    queue = sorted(lobby, key=lambda t: (t.since_ms, t.session))
    able = [t for t in queue if any(allowed(plan, [t, o]) for o in queue if o is not t)]
    made = groups(plan, lobby, 2, NOW_MS)
    if able and plan.strategy != "nearest":
        assert any(able[0] in group for group in made)


@given(lobbies(), SIZES, st.integers(0, 1000))
def test_a_policy_sits_with_whoever_has_waited_so_long_or_chose_it(lobby, size, after_s):
    plan = GroupPlan()
    made = partial(plan, lobby, size, NOW_MS, after_s)
    seated = [ticket.session for group in made for ticket in group]

    assert len(seated) == len(set(seated))
    due = {t.session for t in lobby if t.bot or NOW_MS - t.joined_ms >= after_s * 1000}
    assert due <= set(seated)
    for group in made:
        assert 1 <= len(group) < max(size, 2)
        assert any(ticket.session in due for ticket in group)
        assert len(group) == 1 or not any(ticket.bot for ticket in group)
        assert len({ticket.cells.get("t") for ticket in group}) == 1


def test_the_limit_grows_with_the_longest_wait():
    plan = GroupPlan("nearest", max_rtt_ms=100, relax_ms_per_s=2)
    far = [Ticket("a", 0, rtt_ms=120), Ticket("b", 5_000, rtt_ms=20)]
    assert groups(plan, far, 2, 9_000) == []
    assert len(groups(plan, far, 2, 10_001)) == 1


def test_the_nearest_are_put_together():
    rtts = {"a": 10, "b": 90, "c": 12, "d": 95}
    people = [Ticket(name, n, rtt_ms=rtt) for n, (name, rtt) in enumerate(rtts.items())]
    made = groups(GroupPlan("nearest", max_rtt_ms=100), people, 2, 0)
    assert matchlog.sessions(made) == [["a", "c"], ["b", "d"]]


def test_a_reunion_waits_for_the_whole_group():
    plan = GroupPlan("reunion", scene="first")
    ann, bob, cat = (Ticket(n, at, group=g) for at, (n, g) in enumerate(("a1", "b2", "c1")))
    assert groups(plan, [ann, bob], 2, 0) == []
    assert groups(plan, [ann, bob, cat], 2, 0) == [[ann, cat]]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (7, "not a list"),
        ([7], "not a list"),
        ([["a", "b"], ["b", "c"]], "two places"),
        ([["a", "a"]], "two places"),
        ([["a"]], "1 people"),
        ([["a", "nobody"]], "does not wait"),
        ([["a", "d"]], "mixes"),
    ],
)
def test_an_authors_answer_that_will_not_do_is_refused_and_says_why(answer, why):
    people = [Ticket(n, k) for k, n in enumerate("abc")] + [Ticket("d", 9, cells={"t": "x"})]
    with pytest.raises(Unfit, match=why):
        checked(GroupPlan("custom"), answer, people, 2)
    made = matchlog.decide(Inputs(GroupPlan("custom"), 2, 0, people, None, answer))
    assert why in made.refused
    assert matchlog.sessions(made.groups) == [["a", "b"]]  # in order of arrival


@given(PLANS, lobbies(), SIZES, st.none() | st.floats(0, 500))
def test_a_line_of_the_log_leads_to_the_same_decision_again(plan, lobby, size, after_s):
    answer = [[t.session for t in lobby[:size]]] if plan.strategy == "custom" else None
    said = Inputs(plan, size, NOW_MS, lobby, after_s, answer)
    made = matchlog.decide(said)

    line = json.loads(json.dumps(matchlog.entry(said, made)))
    again = matchlog.replay(line)

    assert matchlog.sessions(again.groups) == line["groups"] == matchlog.sessions(made.groups)
    assert matchlog.sessions(again.filled) == line["filled"]
    assert again.refused == made.refused


def test_a_line_of_another_rule_is_not_replayed_by_this_one():
    said = Inputs(GroupPlan(), 2, 0, [])
    line = matchlog.entry(said, matchlog.decide(said)) | {"rule": 0}
    with pytest.raises(ValueError, match="rule 0"):
        matchlog.replay(line)
