"""First come, first matched: nobody twice, nobody lost, whatever the lobby looks like."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from igym.domain.strategies import Ticket, fifo

LOBBIES = st.lists(
    st.builds(Ticket, st.text("abcdef", min_size=1, max_size=4), st.floats(0, 1e13)),
    unique_by=lambda ticket: ticket.session,
    max_size=40,
)


@given(LOBBIES, st.integers(1, 6))
def test_nobody_is_matched_twice_and_nobody_is_lost(lobby, size):
    groups = fifo(lobby, size)
    matched = [ticket.session for group in groups for ticket in group]

    assert len(matched) == len(set(matched)) == len(lobby) // size * size
    assert set(matched) <= {ticket.session for ticket in lobby}
    assert all(len(group) == size for group in groups)


@given(LOBBIES, st.integers(1, 6))
def test_nobody_overtakes(lobby, size):
    matched = [ticket for group in fifo(lobby, size) for ticket in group]
    left = [ticket for ticket in lobby if ticket not in matched]

    assert matched == sorted(matched, key=lambda t: (t.since_ms, t.session))
    assert all(m.since_ms <= ticket.since_ms for m in matched for ticket in left)


@given(LOBBIES, st.integers(1, 6), st.randoms())
def test_the_order_in_which_redis_lists_them_does_not_matter(lobby, size, random):
    shuffled = list(lobby)
    random.shuffle(shuffled)
    assert fifo(shuffled, size) == fifo(lobby, size)
